"""Whose frames a node takes: keys by height, as the registry says after the last executed block."""

import pytest

from network.frames import FrameError
from node.door import Door
from node.ledger.transaction import encode_transaction
from node.membership import Authority, Certificate, ClientEntry, KeyRing, MemberEntry
from node.membership.certificates import AUTHORITY_KEY
from node.membership.founding import Founding
from tests.node.lab import KEYS, MEMBERS, Net, genesis
from tests.node.voters import newcomer, vote

NEW = KeyRing.derive(99, ["one", "two"])


class Chain:
    """A chain whose state a test writes as it likes; every change is another head."""

    def __init__(self):
        self.height = 4
        self.electors = (0, 1, 2, 3)
        self.records = {}
        self._changed()

    def _changed(self):
        held = dict(self.records)

        class Tree:
            get = staticmethod(lambda namespace, key: held.get((namespace, key)))

        self.tree = Tree()
        self.head = object()

    def put(self, key, record):
        self.records[type(record).namespace, key] = record
        self._changed()

    def grow(self, height):
        self.height = height
        self._changed()

    def decided_by(self, *electors):
        self.electors = electors
        self._changed()

    def certify(self, number, name, held):
        """Node ``number`` under that name, the last one that has a number."""
        self.put(str(number), MemberEntry(name, "insurer", held))
        self.put(AUTHORITY_KEY, Authority(sequence=1, voters=(0, 1, 2, 3), members=number + 1))


def door_of(chain):
    return Door(Founding(genesis("pbft", voters=4)), chain, lambda: chain.electors)


@pytest.fixture
def chain():
    return Chain()


@pytest.fixture
def door(chain):
    return door_of(chain)


def heard(door, sender):
    """{key: number} of what a frame of ``sender`` may bear; the likeliest first."""
    keys = (door.key(sender), *door.other_keys(sender))
    return {key: door.number(sender, key) for key in keys}


def certificate(keys, begin=0, end=0, *, revoked=False):
    return Certificate(begin, end, keys.verify_key.hex(), keys.seal_key.hex(), revoked=revoked)


def refusal(door, sender):
    with pytest.raises(FrameError) as caught:
        door.key(sender)
    assert sender in str(caught.value)
    return caught.value.reason


def test_members_and_wallets_of_the_genesis_come_in_by_their_keys(door):
    assert heard(door, "member-2") == {KEYS.verify_key("member-2"): 2}
    assert heard(door, "wallet.ann") == {KEYS.verify_key("ann"): None}


def test_strangers_do_not(door):
    for name in ("ann", "wallet.member-1", "nobody", "wallet.nobody", "member-4"):
        assert door.key(name) is None
        assert door.other_keys(name) == ()
        assert door.number(name, KEYS.verify_key("member-1")) is None


def test_strangers_leave_nothing_behind(door):
    for number in range(100):
        door.key(f"stranger-{number}")
    assert not door._guests


def test_a_revoked_wallet_is_refused_from_its_height_on(door, chain):
    chain.put("ann", ClientEntry("insurer", 0, (certificate(KEYS["ann"], 0, 7, revoked=True),)))
    assert door.key("wallet.ann") == KEYS.verify_key("ann")
    chain.grow(6)
    assert refusal(door, "wallet.ann") == "key_revoked"


def test_an_expired_and_a_coming_key_are_told_apart(door, chain):
    chain.put("ann", ClientEntry("insurer", 0, (certificate(KEYS["ann"], 0, 5),)))
    chain.put("bob", ClientEntry("insurer", 0, (certificate(KEYS["bob"], 9),)))
    assert refusal(door, "wallet.ann") == "key_expired"
    assert refusal(door, "wallet.bob") == "key_not_yet_valid"
    chain.grow(8)
    assert door.key("wallet.bob") == KEYS.verify_key("bob")


def test_a_renewed_wallet_comes_in_by_its_new_key(door, chain):
    held = (certificate(KEYS["ann"], 0, 5, revoked=True), certificate(NEW["one"], 5))
    chain.put("ann", ClientEntry("insurer", 0, held))
    assert door.key("wallet.ann") == NEW.verify_key("one")


def test_a_revoked_member_is_refused_from_its_height_on(door, chain):
    chain.decided_by(0, 2, 3)
    assert door.key("member-1") == KEYS.verify_key("member-1")
    chain.put("1", MemberEntry("member-1", "insurer", certificate(KEYS["member-1"], 0, 6, revoked=True)))
    assert door.key("member-1") == KEYS.verify_key("member-1")
    chain.grow(5)
    assert refusal(door, "member-1") == "key_revoked"


def test_a_member_that_was_voted_out_and_revoked_is_heard_as_long_as_it_decides(door, chain):
    """Under PBFT that is up to the next checkpoint: without it there may be too few to reach that."""
    chain.put("1", MemberEntry("member-1", "insurer", certificate(KEYS["member-1"], 0, 5, revoked=True)))
    assert heard(door, "member-1") == {KEYS.verify_key("member-1"): 1}
    chain.decided_by(0, 2, 3)
    assert refusal(door, "member-1") == "key_revoked"


def test_a_second_node_under_a_voters_name_does_not_mute_the_voter(door, chain):
    chain.certify(4, "member-1", certificate(NEW["two"], 5))
    assert heard(door, "member-1") == {KEYS.verify_key("member-1"): 1, NEW.verify_key("two"): 4}
    chain.certify(5, "member-1", certificate(NEW["one"], 5))
    assert heard(door, "member-1") == {KEYS.verify_key("member-1"): 1, NEW.verify_key("one"): 5}


def test_whoever_is_being_voted_in_is_heard_before_that_is_decided():
    """It takes that node's own word to decide the change; the last one certified under its name is another."""
    host = Net("raft", 1)[0]
    for sequence, number in enumerate((1, 2)):
        host.submit(encode_transaction(vote(sequence + 1, "certify", newcomer(number, name="twin"), sequence, (0,))))
    door = Door(host.replica.registry.founding, host.chain, lambda: host.replica.electors)
    assert heard(door, "twin") == {KEYS.verify_key(MEMBERS[2]): 2}
    height = host.chain.height
    host.submit(encode_transaction(vote(3, "members", (("add-voter", 1),), 2, (0,))))
    assert heard(door, "twin") == {KEYS.verify_key(MEMBERS[1]): 1, KEYS.verify_key(MEMBERS[2]): 2}
    assert (host.chain.height, host.replica.voting.electors) == (height, (0,)), "it is not decided yet"


def test_two_voters_of_one_name_are_both_heard(door, chain):
    chain.certify(4, "member-1", certificate(NEW["two"], 5))
    chain.decided_by(0, 1, 2, 3, 4)
    assert heard(door, "member-1") == {KEYS.verify_key("member-1"): 1, NEW.verify_key("two"): 4}


def test_once_the_new_number_votes_in_its_place_the_former_key_opens_nothing(door, chain):
    chain.certify(4, "member-1", certificate(NEW["two"], 5))
    chain.decided_by(0, 2, 3, 4)
    assert heard(door, "member-1") == {NEW.verify_key("two"): 4}
    assert door.number("member-1", KEYS.verify_key("member-1")) is None
    assert door.names == ("member-0", "member-1", "member-2", "member-3", "member-1")


def test_an_observer_whose_key_was_issued_anew_counts_under_its_new_number_alone(door, chain):
    chain.decided_by(0, 2, 3)
    chain.certify(4, "member-1", certificate(NEW["two"], 9))
    assert heard(door, "member-1") == {KEYS.verify_key("member-1"): 1}, "until the new key holds"
    chain.grow(8)
    assert heard(door, "member-1") == {NEW.verify_key("two"): 4}


def test_a_member_whose_name_looks_like_a_wallets_and_that_wallet_are_both_heard_as_what_they_are(door, chain):
    chain.certify(4, "wallet.ann", certificate(NEW["one"], 1))
    assert heard(door, "wallet.ann") == {NEW.verify_key("one"): 4, KEYS.verify_key("ann"): None}
    chain.certify(4, "wallet.ann", certificate(NEW["one"], 1, 5, revoked=True))
    assert heard(door, "wallet.ann") == {KEYS.verify_key("ann"): None}


def test_a_wallet_that_is_certified_with_a_nodes_key_does_not_mute_that_node(door, chain):
    chain.certify(4, "wallet.ann", certificate(NEW["one"], 1))
    chain.put("ann", ClientEntry("insurer", 0, (certificate(NEW["one"], 1),)))
    assert heard(door, "wallet.ann") == {NEW.verify_key("one"): 4}
