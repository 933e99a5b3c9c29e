"""The wallets hear nodes by the registry as their own receipts tell it, in whatever order these come."""

import msgspec
import pytest

from node.ledger.transaction import Body, encode_transaction, sign_transaction
from node.membership import Certify, Founding, KeyRing, Revoke, approved
from scenarios.runner.acquaintances import Acquaintances
from tests.node.lab import KEYS, MEMBERS, NETWORK, genesis, transfer

LATE = KeyRing.derive(8, ["late", "again"])


def change(sequence, action, asked, signers=(0, 1)):
    """A registry transaction that those members approve of, as bytes."""
    order = approved(NETWORK, sequence, action, asked, [(number, KEYS.sign(MEMBERS[number])) for number in signers])
    body = Body(1, NETWORK, "ann", 100 + sequence, "registry", action, msgspec.msgpack.encode(order), 0)
    return encode_transaction(sign_transaction(body, [("ann", KEYS.sign("ann"))]))


def certify(name, key):
    return Certify("observer", name, "insurer", 0, LATE.verify_key(key), LATE.seal_key(key))


@pytest.fixture
def known():
    voters = [(0, 1, 2)]
    known = Acquaintances(Founding(genesis("raft", 3, 1)), lambda: voters[-1])
    known.voters = voters
    return known


def test_they_begin_with_the_genesis(known):
    assert known.keys_of(MEMBERS[3]) == {KEYS.verify_key(MEMBERS[3]): 3}
    assert known.keys_of("late") == {}
    known.executed(transfer(), 4)
    assert known.name(2) == MEMBERS[2]
    with pytest.raises(KeyError):
        known.name(4)


def test_a_node_that_is_certified_is_heard_and_one_that_is_revoked_is_not(known):
    known.executed(change(0, "certify", certify("late", "late")), 4)
    assert (known.name(4), known.keys_of("late")) == ("late", {LATE.verify_key("late"): 4})
    known.executed(change(1, "revoke", Revoke("observer", "late", 4)), 5)
    assert known.keys_of("late") == {}
    assert known.registry.member_key(4) == LATE.verify_key("late")  # what it signed before still verifies


def test_receipts_may_come_in_another_order_than_the_changes(known):
    first, second = change(0, "certify", certify("late", "late")), change(1, "certify", certify(MEMBERS[3], "again"))
    known.executed(second, 6)
    assert known.keys_of("late") == {}
    known.executed(first, 4)
    assert known.keys_of("late") == {LATE.verify_key("late"): 4}
    assert known.keys_of(MEMBERS[3]) == {LATE.verify_key("again"): 5}


def test_a_voter_is_heard_under_its_own_key_whatever_else_is_certified_under_its_name(known):
    known.executed(change(0, "certify", certify(MEMBERS[1], "again")), 4)
    assert known.keys_of(MEMBERS[1]) == {KEYS.verify_key(MEMBERS[1]): 1, LATE.verify_key("again"): 4}
    known.voters.append((0, 2, 4))
    assert known.keys_of(MEMBERS[1]) == {LATE.verify_key("again"): 4}


def test_what_the_registry_refuses_changes_nothing(known):
    known.executed(change(0, "certify", certify("late", "late"), signers=(0,)), 4)
    assert known.registry.member_count == 4
    known.executed(change(0, "certify", certify("late", "late")), 4)
    assert known.registry.member_count == 5
