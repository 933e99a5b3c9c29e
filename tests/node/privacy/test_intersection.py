"""Private set intersection against plain sets, and against parties that do not keep to it."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.bindings import crypto_core_ed25519_add, crypto_core_ed25519_is_valid_point

from node.privacy import intersection
from node.privacy.intersection import Blinded, Doubled, Party
from node.privacy.points import IntersectionError, person_point

PEOPLE = st.sets(st.sampled_from([f"person-{number}" for number in range(12)]), max_size=8)
IDENTITY = bytes([1]) + bytes(31)
ORDER_TWO = (2**255 - 20).to_bytes(32, "little")  # (0, -1)
NOT_CANONICAL = (2**255 - 18).to_bytes(32, "little")  # 1 modulo the field's prime, spelled differently
NOT_ON_CURVE = bytes([2]) + bytes(31)


def pair(ours, theirs, session="s1"):
    return Party(b"a" * 32, session, ours), Party(b"b" * 32, session, theirs)


def wire(message):
    """As it arrives: decoded from bytes."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=type(message))


@given(PEOPLE, PEOPLE, st.booleans())
@settings(max_examples=15, deadline=None)
def test_both_learn_whom_they_share_and_how_many(ours, theirs, count_only):
    one, other = pair(ours, theirs)
    for mine, yours in ((one, other), (other, one)):
        mine.answer(wire(yours.offer()))
        doubled = wire(yours.answer(wire(mine.offer()), count_only=count_only))
        assert mine.shared_count(doubled) == len(ours & theirs)
        if count_only:
            with pytest.raises(IntersectionError, match="count only"):
                mine.shared(doubled)
        else:
            assert mine.shared(doubled) == tuple(sorted(ours & theirs))


def test_a_padded_set_shows_its_padded_size_and_nothing_else_changes():
    one, other = Party(b"a" * 32, "s1", {"ann", "ben"}, padded_to=6), Party(b"b" * 32, "s1", {"ben"}, padded_to=6)
    assert len(one.offer().points) == len(other.offer().points) == 6
    one.answer(other.offer())
    assert one.shared(other.answer(one.offer())) == ("ben",)


def test_the_same_person_looks_different_in_every_session_and_to_every_secret():
    offers = [Party(secret * 32, session, {"ann"}).offer() for secret in (b"a", b"b") for session in ("s1", "s2")]
    assert len({offer.points for offer in offers}) == 4
    assert person_point("s1", "ann") not in {offer.points[0] for offer in offers}


def test_nothing_is_drawn_so_a_run_can_be_repeated():
    assert pair({"ann", "ben"}, set())[0].offer() == pair({"ben", "ann"}, set())[0].offer()
    assert person_point("s1", "ann").hex() == "6c3bcda2bf95996b8c472fbe0eba64c29ab7367837e154bf90a8a434536db8b8"


def test_points_outside_the_group_are_refused_before_they_meet_our_secret():
    one, other = pair({"ann"}, {"ben"})
    mixed = crypto_core_ed25519_add(person_point("s1", "ben"), ORDER_TWO)
    assert not crypto_core_ed25519_is_valid_point(mixed)
    for bad in (IDENTITY, ORDER_TWO, NOT_CANONICAL, NOT_ON_CURVE, bytes(32), b"\xff" * 32, mixed):
        with pytest.raises(IntersectionError, match="no point of the group"):
            one.answer(Blinded("s1", (bad,)))
    one.answer(other.offer())  # it has lost nothing by that
    assert one.shared(other.answer(one.offer())) == ()


def test_messages_that_are_none_of_the_protocol_are_refused():
    one, other = pair({"ann", "ben"}, {"ben", "cat"})
    offer = other.offer()
    returned = other.answer(one.offer())
    with pytest.raises(IntersectionError, match="before it has sent"):
        one.shared(returned)
    hostile = {
        "session": msgspec.structs.replace(offer, session="s2"),
        "ascending": msgspec.structs.replace(offer, points=offer.points[::-1]),
        "strictly": msgspec.structs.replace(offer, points=offer.points[:1] * 2),
        "our own points": one.offer(),
        "32 bytes": msgspec.structs.replace(offer, points=(b"short",)),
    }
    for reason, message in hostile.items():
        with pytest.raises(IntersectionError, match=reason):
            one.answer(message)
    one.answer(offer)
    with pytest.raises(IntersectionError, match="another set"):
        one.answer(Party(b"c" * 32, "s1", {"ann"}).offer())
    for points in ((), returned.points[:1], returned.points[:1] * 2, (*returned.points, bytes(32))):
        with pytest.raises(IntersectionError, match="came back"):
            one.shared(Doubled("s1", points, ordered=True))
    with pytest.raises(IntersectionError, match="session"):
        one.shared(msgspec.structs.replace(returned, session="s2"))
    assert one.shared(returned) == ("ben",)


def test_sets_and_names_are_limited(monkeypatch):
    monkeypatch.setattr(intersection, "POINTS_MAX", 2)
    for arguments in ({"people": "abc"}, {"people": "a", "padded_to": 3}, {"people": ["x" * 257]}):
        with pytest.raises(ValueError, match=r"at most 2|longer than"):
            Party(b"a" * 32, "s1", **arguments)
    for session in ("", "s" * 129):
        with pytest.raises(ValueError, match="characters"):
            Party(b"a" * 32, session, "a")


@given(st.binary(max_size=120))
def test_bytes_that_are_no_message_do_not_decode_to_one(junk):
    for kind in (Blinded, Doubled):
        with pytest.raises(msgspec.MsgspecError):
            msgspec.msgpack.decode(junk, type=kind)
