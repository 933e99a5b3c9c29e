"""Fingerprints and unique hashes: none twice over a hundred thousand, and one bit shows."""

from hashlib import sha256

import pytest

from node.contracts.policy import NotariseArgs, VerifyArgs, notarisation_hash
from node.privacy.commitments import commitment
from tests.node.contracts.policy.kit import House

SALTS = ["00" * 32, "11" * 32]


def test_a_hundred_thousand_hashes_are_a_hundred_thousand():
    fingerprint = "ab" * 32
    salts = [sha256(number.to_bytes(4)).hexdigest() for number in range(1_000)]
    found = {notarisation_hash(f"insurer-1/{number}", fingerprint, salt) for number in range(100) for salt in salts}
    assert len(found) == 100_000


def test_without_its_salt_nobody_can_tell_which_policy_a_hash_stands_for():
    fingerprint = "ab" * 32
    hashes = {salt: notarisation_hash("insurer-1/1", fingerprint, salt) for salt in SALTS}
    assert len(set(hashes.values())) == 2
    guesses = {sha256(f"insurer-1/{number}{fingerprint}".encode()).hexdigest() for number in range(100)}
    assert guesses.isdisjoint(hashes.values())


def test_one_bit_of_a_policy_shows():
    document, salt = "Policy insurer-1/1 保单\nSum insured: 150,000.00\n", "22" * 32
    raw = document.encode()
    seen = set()
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            seen.add(commitment("policy", changed.decode(), salt))
        except UnicodeDecodeError:
            continue
    assert len(seen) > 200
    assert commitment("policy", document, salt) not in seen


def test_a_policy_is_put_on_record_once_and_its_index_leads_back():
    house = House()
    first = house.do("ann", "policy.notarise", NotariseArgs(house.id, SALTS[0]))
    assert first.code == "ok"
    record = house.tree.get("notarisations", first.output["hash"])
    assert (record.policy, record.holder) == (house.id, "ann")
    assert house.do("ann", "policy.notarise", NotariseArgs(house.id, SALTS[1])).code == "already_notarised"
    assert len(list(house.tree.items("notarisations"))) == 1


def test_an_amended_policy_is_another_document():
    house = House()
    house.do("ann", "policy.notarise", NotariseArgs(house.id, SALTS[0]))
    before = house.policy.fingerprint
    assert house.act("amend").code == "ok"
    assert house.do("bob", "policy.verify", VerifyArgs(house.id, before)).output == {"matches": False}
    assert house.do("ann", "policy.notarise", NotariseArgs(house.id, SALTS[1])).code == "ok"
    assert len(list(house.tree.items("notarisations"))) == 2


@pytest.mark.parametrize("state", ["BOUND", "LAPSED", "CANCELLED", "EXPIRED"])
def test_what_is_not_in_force_is_not_put_on_record(state):
    house = House(state)
    assert house.do("ann", "policy.notarise", NotariseArgs(house.id, SALTS[0])).code == "policy_not_in_force"
