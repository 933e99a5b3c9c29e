import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey, SealedBox

from node.privacy import Envelope, VaultRecord, commitment, derive, field_names, is_committed, open_for, seal, unseal
from node.privacy.envelope import CONTENT_BYTES_MAX

SECRET = b"s" * 32
SECRETS = {name: name.encode().ljust(32, b".") for name in ("ann", "bob", "eve")}
PUBLIC = {name: bytes(PrivateKey(secret).public_key) for name, secret in SECRETS.items()}
FIELDS = {"visit/diagnosis": "ICD-10:N61", "total_fen": 325_500, "charge": ("bed", 100), "none": None}


def sealed(fields=FIELDS, parties=("ann", "bob"), record="hospital-1/1", **options):
    return seal(SECRET, record, fields, [(name, PUBLIC[name]) for name in parties], **options)


def test_each_party_opens_it_and_nobody_else():
    envelope = sealed()
    for name in ("ann", "bob"):
        openings = unseal(envelope, name, SECRETS[name])
        assert {opening.path: opening.value for opening in openings} == FIELDS
        assert all(is_committed(envelope.commitments, opening) for opening in openings)
    assert unseal(envelope, "eve", SECRETS["eve"]) is None
    assert unseal(envelope, "ann", SECRETS["eve"]) is None
    assert unseal(envelope, "ann", b"short") is None


def test_no_value_shows_in_the_envelope():
    raw = msgspec.msgpack.encode(sealed())
    assert b"N61" not in raw
    assert b"bed" not in raw


def test_it_is_the_same_bit_for_bit_and_another_for_anything_else():
    envelope = sealed()
    assert envelope == sealed()
    others = [
        sealed(record="hospital-1/2"),
        sealed(version=1),
        seal(b"t" * 32, "hospital-1/1", FIELDS, [(n, PUBLIC[n]) for n in ("ann", "bob")]),
    ]
    assert len({envelope.ciphertext, *(other.ciphertext for other in others)}) == 4
    assert len({envelope.commitments, *(other.commitments for other in others)}) == 4


def test_the_sealed_key_is_libsodiums_sealed_box():
    envelope = sealed(parties=("ann",))
    key = SealedBox(PrivateKey(SECRETS["ann"])).decrypt(envelope.keys[0].sealed)
    assert key == derive(SECRET, "content-key", "hospital-1/1")


def test_every_changed_byte_of_the_ciphertext_is_noticed():
    envelope = sealed(fields={"a": 1})
    for index in range(len(envelope.ciphertext)):
        damaged = bytearray(envelope.ciphertext)
        damaged[index] ^= 1
        assert unseal(msgspec.structs.replace(envelope, ciphertext=bytes(damaged)), "ann", SECRETS["ann"]) is None


@pytest.mark.parametrize(
    "change",
    [
        {"record": "hospital-1/2"},
        {"version": 1},
        {"commitments": ()},
        {"commitments": (("a", "00" * 32),)},
    ],
)
def test_an_envelope_cannot_be_moved_to_another_record(change):
    envelope = msgspec.structs.replace(sealed(fields={"a": 1}), **change)
    assert unseal(envelope, "ann", SECRETS["ann"]) is None


def test_recipients_cannot_be_left_out_or_swapped():
    envelope = sealed()
    assert envelope.recipients == ("ann", "bob")
    assert unseal(msgspec.structs.replace(envelope, keys=envelope.keys[:1]), "ann", SECRETS["ann"]) is None


def test_too_large_a_payload_is_refused():
    with pytest.raises(ValueError, match="at most"):
        sealed(fields={"a": "x" * CONTENT_BYTES_MAX})


def test_it_survives_encoding():
    envelope = sealed()
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(envelope), type=Envelope) == envelope


def test_field_names_are_those_above_the_parts():
    assert field_names(sealed().commitments) == ("charge", "none", "total_fen", "visit")


def test_the_vault_holds_what_its_owner_may_open_and_no_more():
    envelopes = [sealed(), sealed(parties=("bob",), record="hospital-1/2"), sealed(parties=("eve",), record="h/3")]
    vault = open_for(envelopes, "bob", SECRETS["bob"])
    assert [record.record for record in vault] == ["hospital-1/1", "hospital-1/2"]
    assert vault[0].get("visit/diagnosis") == "ICD-10:N61"
    with pytest.raises(KeyError):
        vault[0].get("visit")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(vault[0]), type=VaultRecord) == vault[0]


scalars = st.none() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=40)
values = scalars | st.lists(scalars, max_size=5).map(tuple)
paths = st.from_regex(r"[a-z0-9][a-z0-9._/-]{0,20}", fullmatch=True)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(paths, values, max_size=8))
def test_whatever_is_sealed_comes_back(fields):
    openings = unseal(sealed(fields=fields, parties=("ann",)), "ann", SECRETS["ann"])
    assert {opening.path: opening.value for opening in openings} == fields


@given(paths, values, paths, values)
def test_a_commitment_binds_path_value_and_salt(path, value, other_path, other_value):
    salt, other_salt = "aa" * 32, "bb" * 32
    one = commitment(path, value, salt)
    assert commitment(path, value, other_salt) != one
    same = (path, value) == (other_path, other_value) and type(value) is type(other_value)
    assert (commitment(other_path, other_value, salt) == one) == same
