"""Who is who: keys derived from a seed, the directory that a genesis gives, signatures verified once."""

import pytest

from node import membership
from node.membership import Directory, Ed25519Crypto, KeyRing, Verifier, signing
from tests.node.lab import KEYS, MEMBERS, genesis


@pytest.fixture
def directory():
    return Directory(genesis("pbft", voters=4, observers=1))


def test_the_face_of_the_room():
    assert sorted(membership.__all__) == membership.__all__
    assert all(hasattr(membership, name) for name in membership.__all__)


# Keys


def test_equal_seeds_give_equal_keys():
    one, other = (KeyRing.derive(5, ["ann"])["ann"] for _ in range(2))
    assert (one.verify_key, one.seal_key, one.sign_seed) == (other.verify_key, other.seal_key, other.sign_seed)


def test_no_two_names_seeds_or_purposes_share_a_secret():
    rings = [KeyRing.derive(seed, ["ann", "bob"]) for seed in (1, 2)]
    secrets = [
        part for ring in rings for name in ("ann", "bob") for part in (ring[name].sign_seed, ring[name].seal_secret)
    ]
    secrets += [ring.secret(purpose) for ring in rings for purpose in ("salt", "token", "ann")]
    assert len(set(secrets)) == len(secrets) == 14
    assert {len(secret) for secret in secrets} == {32}


def test_a_ring_knows_its_names_and_no_others():
    assert KEYS.names()[:2] == ("member-0", "member-1")
    assert "ann" in KEYS
    assert "nobody" not in KEYS
    with pytest.raises(KeyError):
        KEYS.verify_key("nobody")


# The directory


def test_members_are_found_by_name_and_by_number(directory):
    assert directory.number("member-2") == 2
    assert directory.member(2).name == "member-2"
    assert directory.member_key(2) == KEYS.verify_key("member-2")


def test_clients_are_found_by_name_with_role_and_keys(directory):
    assert directory.role("ann") == "insurer"
    assert directory.client("ann").home == 0
    assert directory.client_key("ann") == KEYS.verify_key("ann")
    assert directory.seal_key("ann") == KEYS.seal_key("ann")


@pytest.mark.parametrize("ask", ["number", "client", "role", "client_key", "seal_key"])
def test_strangers_are_nothing(directory, ask):
    assert getattr(directory, ask)("nobody") is None


@pytest.mark.parametrize("number", [-1, 5, 2**63])
def test_there_is_no_member_beyond_the_list(directory, number):
    assert directory.member_key(number) is None


# Signatures


def test_what_a_member_signs_verifies_as_its_own_and_as_nobody_elses(directory):
    crypto = Ed25519Crypto(directory, KEYS.sign(MEMBERS[1]))
    signature = crypto.sign(b"data")
    assert [crypto.verify(member, b"data", signature) for member in range(-1, 6)] == [
        member == 1 for member in range(-1, 6)
    ]
    assert not crypto.verify(1, b"other data", signature)


@pytest.mark.parametrize("signature", [b"", b"x", bytes(63), bytes(64), bytes(65)])
def test_a_malformed_signature_verifies_as_nobodys(signature):
    assert not Verifier().verify(KEYS.verify_key("ann"), b"data", signature)


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_a_malformed_key_verifies_nothing(key):
    assert not Verifier().verify(key, b"data", KEYS.sign("ann")(b"data"))


def test_bytes_moved_between_key_signature_and_data_are_another_fact():
    verifier, key, signature = Verifier(), KEYS.verify_key("ann"), KEYS.sign("ann")(b"data")
    assert verifier.verify(key, b"data", signature)
    assert not verifier.verify(key + signature[:1], b"data", signature[1:])
    assert not verifier.verify(key, signature[-1:] + b"data", signature[:-1])


def test_a_good_signature_is_verified_once(monkeypatch):
    verifier, key, signature = Verifier(), KEYS.verify_key("ann"), KEYS.sign("ann")(b"data")
    assert verifier.verify(key, b"data", signature)
    monkeypatch.setattr(verifier, "_verify_key", None)  # looking up the key again would fail
    assert verifier.verify(key, b"data", signature)


def test_a_verifier_counts_what_it_checks_itself_whoever_computes_the_answer():
    shared, key, sign = Verifier(), KEYS.verify_key("ann"), KEYS.sign("ann")
    one, other = Verifier(shared), Verifier(shared)
    for _ in range(3):
        assert one.verify(key, b"data", sign(b"data"))
        assert other.verify(key, b"data", sign(b"data"))
    assert (one.checked, other.checked, shared.checked) == (1, 1, 1)
    for verifier in (one, one, other):
        assert not verifier.verify(key, b"data", sign(b"other"))
    assert (one.checked, other.checked) == (3, 2), "a forgery is remembered by nobody"
    assert not one.verify(key, b"data", b"short")
    assert one.checked == 3, "which no arithmetic was needed for"


def test_what_is_remembered_is_bounded_in_count_and_does_not_grow_with_the_data(monkeypatch):
    monkeypatch.setattr(signing, "VERIFIED_MAX", 4)
    verifier, key, sign = Verifier(), KEYS.verify_key("ann"), KEYS.sign("ann")
    for number in range(20):
        data = bytes([number]) * 10_000
        assert verifier.verify(key, data, sign(data))
    assert len(verifier._good) <= 4
    assert {len(fact) for fact in verifier._good} == {32}


def test_forgeries_are_not_remembered_at_all():
    verifier = Verifier()
    for number in range(20):
        assert not verifier.verify(KEYS.verify_key("ann"), bytes([number]), bytes(64))
    assert not verifier._good


def test_members_that_the_chain_certified_verify_by_what_the_holders_chain_says(directory):
    crypto = Ed25519Crypto(directory, KEYS.sign(MEMBERS[0]))
    signature = KEYS.sign("stranger")(b"data")
    assert not crypto.verify(5, b"data", signature)
    crypto.follow({5: KEYS.verify_key("stranger"), 1: KEYS.verify_key("stranger")}.get)
    assert crypto.verify(5, b"data", signature)
    assert not crypto.verify(1, b"data", signature), "a number of the genesis binds its key for ever"
    assert not crypto.verify(6, b"data", signature)
