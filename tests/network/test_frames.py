import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from network.frames import (
    DOMAIN,
    FRAME_VERSION,
    REASONS,
    SIGNATURE_BYTES,
    Frame,
    FrameError,
    open_frame,
    seal_frame,
)

KEY = SigningKey(bytes(range(32)))
STRANGER = SigningKey(bytes(32))
PUBLIC = bytes(KEY.verify_key)


def sign(data):
    return KEY.sign(data).signature


def keys(name):
    return PUBLIC if name == "insurer-1" else None


def frame(**changes):
    parts = {
        "version": FRAME_VERSION,
        "network": "net",
        "sender": "insurer-1",
        "incarnation": 3,
        "sequence": 41,
        "kind": "consensus",
        "body": b"body",
    }
    return Frame(**(parts | changes))


def sealed_unchecked(data):
    return sign(DOMAIN + data) + data


def reason_of(raw, **options):
    with pytest.raises(FrameError) as caught:
        open_frame(raw, "net", keys, **options)
    assert caught.value.reason in REASONS
    return caught.value.reason


names = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True)
counters = st.integers(0, 2**63 - 1)


@given(network=names, kind=names, receiver=st.just("") | names, number=counters, body=st.binary(max_size=300))
def test_what_is_sealed_opens_as_it_was(network, kind, receiver, number, body):
    sent = frame(network=network, kind=kind, receiver=receiver, incarnation=number, sequence=number, body=body)
    assert open_frame(seal_frame(sent, sign), network, keys) == sent


@given(place=st.integers(min_value=0), change=st.integers(1, 255))
def test_any_changed_byte_is_refused(place, change):
    raw = bytearray(seal_frame(frame(), sign))
    raw[place % len(raw)] ^= change
    assert reason_of(bytes(raw))


@given(cut=st.integers(min_value=0))
def test_any_truncation_is_refused(cut):
    raw = seal_frame(frame(), sign)
    assert reason_of(raw[: cut % len(raw)])


@given(raw=st.binary(max_size=400))
def test_random_bytes_raise_nothing_but_a_frame_error(raw):
    assert reason_of(raw)


@given(data=st.binary(max_size=200))
def test_random_bytes_under_a_good_signature_raise_nothing_but_a_frame_error(data):
    assert reason_of(sealed_unchecked(data)) in ("malformed", "not_canonical")


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(value=values)
def test_any_other_value_under_a_good_signature_is_refused(value):
    assert reason_of(sealed_unchecked(msgspec.msgpack.encode(value))) == "malformed"


@pytest.mark.parametrize("opener", [b"\x91", b"\x81", b"\x81\xa1a", b"\xdd\x00\x00\x00\x01"])
def test_deep_nesting_is_malformed_rather_than_a_recursion_error(opener):
    assert reason_of(sealed_unchecked(opener * 100_000)) == "malformed"


@pytest.mark.parametrize(
    "data",
    [
        b"\xdd\xff\xff\xff\xff",  # an array that claims 4 billion elements
        b"\xc6\xff\xff\xff\xff",  # a binary that claims 4 GiB
        b"\x98\x01\xd9\xff",
        msgspec.msgpack.encode((*msgspec.structs.astuple(frame()), "spare")),
        msgspec.msgpack.encode(msgspec.structs.astuple(frame())[:6]),
        msgspec.msgpack.encode(msgspec.structs.asdict(frame())),
        msgspec.msgpack.encode((2**64 - 1, *msgspec.structs.astuple(frame())[1:])),
        msgspec.msgpack.encode((True, *msgspec.structs.astuple(frame())[1:])),
        msgspec.msgpack.encode((1.0, *msgspec.structs.astuple(frame())[1:])),
    ],
)
def test_forms_that_are_no_frame_are_malformed(data):
    assert reason_of(sealed_unchecked(data)) == "malformed"


def test_another_spelling_of_the_same_frame_is_not_canonical():
    data = msgspec.msgpack.encode(frame())
    for spelling in (data.replace(b"\x98\x01", b"\x98\xcc\x01", 1), b"\xdc\x00\x08" + data[1:], b"\x97" + data[1:-1]):
        assert spelling != data
        assert reason_of(sealed_unchecked(spelling)) == "not_canonical"


@pytest.mark.parametrize("name", ["", "A", "a/b", "+", "#", "a\n", "é", "-a", "a" * 65, "a b", "a\x00"])
@pytest.mark.parametrize("field", ["network", "sender", "kind", "receiver"])
def test_names_that_are_no_level_of_a_topic_are_malformed(field, name):
    if (field, name) == ("receiver", ""):
        return
    assert reason_of(sealed_unchecked(msgspec.msgpack.encode(frame(**{field: name})))) == "malformed"


def test_each_reason_is_told_apart():
    assert reason_of(seal_frame(frame(version=2), sign)) == "version"
    assert reason_of(seal_frame(frame(network="other"), sign)) == "network"
    assert reason_of(seal_frame(frame(sender="stranger"), sign)) == "unknown_sender"
    assert reason_of(seal_frame(frame(), lambda data: STRANGER.sign(data).signature)) == "signature"


def test_a_signature_of_the_bytes_alone_is_not_one_of_the_frame():
    data = msgspec.msgpack.encode(frame())
    assert reason_of(sign(data) + data) == "signature"


def test_a_key_that_is_no_point_of_the_curve_verifies_nothing():
    raw = seal_frame(frame(), sign)
    with pytest.raises(FrameError, match="signature"):
        open_frame(raw, "net", lambda _: b"\xff" * 32)


def test_size_is_checked_before_anything_else():
    raw = seal_frame(frame(), sign)
    assert open_frame(raw, "net", keys, bytes_max=len(raw)) == frame()
    assert reason_of(raw, bytes_max=len(raw) - 1) == "too_large"
    assert reason_of(b"\x91" * 1000, bytes_max=999) == "too_large"


def test_a_frame_that_nobody_would_take_is_not_sealed():
    with pytest.raises(FrameError) as caught:
        seal_frame(frame(body=bytes(1000)), sign, bytes_max=1000)
    assert caught.value.reason == "too_large"


def test_a_signer_that_does_not_give_64_bytes_is_our_own_mistake():
    with pytest.raises(ValueError, match="63"):
        seal_frame(frame(), lambda _: bytes(SIGNATURE_BYTES - 1))
