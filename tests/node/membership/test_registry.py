"""The registry: who is who at which height, who may change it, and what no quorum can do."""

import msgspec
import pytest

from node.contracts import CATALOGUE
from node.contracts.context import RECORD_BYTES_MAX
from node.ledger.state_tree import encode_record
from node.membership import (
    Certify,
    ClientEntry,
    KeyRing,
    OrderError,
    Registry,
    RegistryRefusal,
    Reissue,
    Revoke,
    approved,
    carry_out,
    decode_order,
    judge,
    members_change,
    verify,
)
from node.membership.changes import ACTIONS
from node.membership.roles import ROLES, Kind, kind_of
from node.membership.rule import CERTIFICATES_MAX
from tests.node.lab import KEYS, MEMBERS, NETWORK, genesis, transaction

NEW = KeyRing.derive(99, ["one", "two", "three"])


class Office:
    """A registry whose records lie in a dictionary, as an auditor would keep them."""

    def __init__(self, protocol="raft", voters=3, observers=1):
        self.records = {}
        self.registry = Registry.of(genesis(protocol, voters, observers), lambda *place: self.records.get(place))

    def order(self, action, change, by=None, sequence=None):
        registry = self.registry
        by = registry.voters[: registry.quorum] if by is None else by
        number = registry.sequence if sequence is None else sequence
        return approved(NETWORK, number, action, change, [(n, self.sign(n)) for n in by])

    def sign(self, number):
        return KEYS.sign(MEMBERS[number]) if number < 4 else NEW.sign("one")

    def do(self, action, change, height, **options):
        order = self.order(action, change, **options)
        try:
            self.records.update(carry_out(self.registry, action, order, height, verify))
        except RegistryRefusal as refusal:
            return refusal.code
        return "ok"


def client(name="cleo", key="one", **details):
    return Certify("client", name, "patient", 0, NEW.verify_key(key), NEW.seal_key(key), **details)


def node(name="member-4", key="one", **details):
    return Certify("observer", name, "insurer", 0, NEW.verify_key(key), NEW.seal_key(key), **details)


def reissue(name="ann", key="one", **details):
    return Reissue(name, NEW.verify_key(key), NEW.seal_key(key), **details)


@pytest.fixture
def office():
    return Office()


# As the genesis has it


def test_a_registry_that_nothing_changed_is_the_genesis(office):
    registry = office.registry
    assert (registry.voters, registry.quorum, registry.sequence, registry.member_count) == ((0, 1, 2), 2, 0, 4)
    assert registry.client_keys("ann") == (KEYS.verify_key("ann"),)
    assert registry.client_key_at("ann", 0) == registry.client_key_at("ann", 2**62) == KEYS.verify_key("ann")
    assert registry.seal_key_at("ann", 7) == KEYS.seal_key("ann")
    assert registry.member_key(3) == KEYS.verify_key("member-3")
    assert registry.member_names() == MEMBERS[:4]
    assert not registry.changed("ann")


@pytest.mark.parametrize("number", [-1, 4, 2**63])
def test_there_is_no_member_beyond_the_numbers_given_out(office, number):
    assert office.registry.member(number) is None
    assert office.registry.member_key(number) is None


def test_a_stranger_has_no_key_and_no_role(office):
    registry = office.registry
    assert registry.client("zoe") is registry.role("zoe") is registry.client_key_at("zoe", 1) is None
    assert registry.client_keys("zoe") == ()
    assert registry.standing("zoe", KEYS.verify_key("ann"), 1) == "key_unknown"


# Clients


def test_a_certified_client_is_one_from_its_first_height_on(office):
    assert office.do("certify", client(from_height=20, until_height=30), 9) == "ok"
    registry, key = office.registry, NEW.verify_key("one")
    assert registry.role("cleo") == "patient"
    assert [registry.client_key_at("cleo", height) for height in (19, 20, 29, 30)] == [None, key, key, None]
    assert [registry.standing("cleo", key, height) for height in (19, 20, 30)] == [
        "key_not_yet_valid",
        None,
        "key_expired",
    ]


def test_a_height_of_nought_means_the_next_block(office):
    assert office.do("certify", client(), 9) == "ok"
    assert [office.registry.client_key_at("cleo", height) is None for height in (9, 10)] == [True, False]


def test_what_was_certified_later_is_not_seen_as_of_an_earlier_height(office):
    office.do("reissue", reissue(), 9)
    old, new = KEYS.verify_key("ann"), NEW.verify_key("one")
    assert office.registry.client_keys("ann", as_of=8) == (old,)
    assert office.registry.client_keys("ann", as_of=9) == office.registry.client_keys("ann") == (old, new)


def test_a_lost_key_is_dead_from_the_height_at_which_the_next_one_lives(office):
    assert office.do("reissue", reissue(from_height=50), 9) == "ok"
    registry, old, new = office.registry, KEYS.verify_key("ann"), NEW.verify_key("one")
    assert [registry.client_key_at("ann", height) for height in (49, 50)] == [old, new]
    assert registry.standing("ann", old, 50) == "key_revoked"
    assert registry.standing("ann", new, 49) == "key_not_yet_valid"
    assert registry.role("ann") == "insurer"


def test_a_revoked_client_comes_back_with_another_key_alone(office):
    assert office.do("revoke", Revoke("client", "ann", 0), 9) == "ok"
    assert office.registry.client_key_at("ann", 10) is None
    same = Reissue("ann", KEYS.verify_key("ann"), KEYS.seal_key("ann"))
    assert office.do("reissue", same, 11) == "key_was_revoked"
    assert office.do("reissue", reissue(), 11) == "ok"
    assert [office.registry.client_key_at("ann", height) is None for height in (11, 12)] == [True, False]


def test_a_renewed_key_goes_on_and_is_not_called_revoked(office):
    office.do("certify", client(until_height=20), 5)
    assert office.do("reissue", reissue("cleo", until_height=40), 18) == "ok"
    key = NEW.verify_key("one")
    assert [office.registry.standing("cleo", key, height) for height in (18, 19, 39, 40)] == [
        None,
        None,
        None,
        "key_expired",
    ]
    assert office.registry.client_keys("cleo") == (key,)


def test_a_re_issue_overtakes_one_that_was_to_come_later(office):
    """Two keys at a height would be one too many: the sooner re-issue ends both that hold and those to come."""
    office.do("reissue", reissue(key="one", from_height=100), 5)
    office.do("reissue", reissue(key="two", from_height=60), 7)
    keys = [office.registry.client_key_at("ann", height) for height in (59, 60, 99, 100, 200)]
    assert keys == [KEYS.verify_key("ann"), *[NEW.verify_key("two")] * 4]


def test_at_no_height_does_more_than_one_certificate_hold(office):
    for height, (key, begin) in enumerate([("one", 30), ("two", 12), ("three", 30), ("one", 9), ("two", 50)], 5):
        office.do("reissue", reissue(key=key, from_height=begin), height)
    certificates = office.registry.client("ann").certificates
    for height in range(70):
        assert sum(certificate.standing(height) is None for certificate in certificates) <= 1


# Nodes and voters


def test_a_certified_node_gets_the_next_number_and_no_vote(office):
    assert office.do("certify", node(), 9) == "ok"
    registry = office.registry
    assert (registry.member_count, registry.member_key(4)) == (5, NEW.verify_key("one"))
    assert registry.voters == (0, 1, 2)
    assert registry.numbers_of("member-4") == (4,)


def test_voters_are_those_that_the_last_change_named_and_they_alone_allow_the_next(office):
    office.do("certify", node(), 9)
    assert office.do("members", (("remove", 1), ("add-voter", 4)), 10) == "ok"
    assert office.registry.voters == (0, 2, 4)
    assert office.do("members", (("add-voter", 1),), 11, by=(0, 1)) == "approval_of_a_stranger"
    assert office.do("members", (("add-voter", 1),), 11, by=(0, 4)) == "ok"
    assert (office.registry.voters, office.registry.quorum) == ((0, 1, 2, 4), 3)


def test_a_lost_node_key_is_another_number_of_the_same_name(office):
    assert office.do("certify", node("member-1"), 9) == "ok"
    assert office.do("revoke", Revoke("observer", "member-1", 1), 10) == "member_votes"
    assert office.do("members", (("remove", 1), ("add-voter", 4)), 10) == "ok"
    assert office.do("revoke", Revoke("observer", "member-1", 1), 11) == "ok"
    registry = office.registry
    assert registry.numbers_of("member-1") == (1, 4)
    assert registry.member(1).certificate.standing(12) == "key_revoked"
    assert registry.member_key(1) == KEYS.verify_key("member-1"), "what it signed before stays signed"
    assert registry.member(4).certificate.standing(12) is None


@pytest.mark.parametrize("when", ["certified", "revoked"])
def test_a_node_whose_certificate_ends_cannot_be_voted_in(office, when):
    """Else a height might come at which too few are left to decide, and nobody could change that any more."""
    assert office.do("certify", node(until_height=1000 if when == "certified" else 0), 5) == "ok"
    if when == "revoked":
        assert office.do("revoke", Revoke("observer", "member-4", 4, 1000), 6) == "ok"
    assert office.do("members", (("add-voter", 4),), 7) == "certificate_ends"
    assert office.registry.voters == (0, 1, 2)


def test_a_revoked_node_cannot_be_voted_in(office):
    assert office.do("revoke", Revoke("observer", "member-3", 3), 5) == "ok"
    assert office.do("members", (("add-voter", 3),), 6) == "member_unknown"


def test_where_the_protocol_never_changes_members_no_quorum_does():
    assert Office("solo", voters=1).do("members", (("add-voter", 1),), 5) == "members_fixed"


def test_under_pbft_a_byzantine_quorum_is_needed():
    office = Office("pbft", voters=4, observers=0)
    assert office.do("certify", client(), 5, by=(0, 1)) == "approvals_too_few"
    assert office.do("certify", client(), 5, by=(0, 1, 3)) == "ok"


# What is refused


@pytest.mark.parametrize(
    ("action", "change", "code"),
    [
        ("certify", client("ann"), "client_known"),
        ("certify", Certify("client", "cleo", "patient", 4, bytes(32), bytes(32)), "home_unknown"),
        ("certify", client(from_height=9), "height_past"),
        ("certify", client(from_height=20, until_height=20), "validity_empty"),
        ("certify", client(until_height=10), "validity_empty"),
        ("certify", Certify("observer", "x", "y", 0, KEYS.verify_key("member-2"), bytes(32)), "key_taken"),
        ("certify", node(from_height=1), "height_past"),
        ("revoke", Revoke("client", "zoe", 0), "client_unknown"),
        ("revoke", Revoke("client", "ann", 0, 9), "height_past"),
        ("revoke", Revoke("observer", "member-3", 4), "member_unknown"),
        ("revoke", Revoke("observer", "member-2", 3), "member_unknown"),
        ("revoke", Revoke("observer", "member-2", 2), "member_votes"),
        ("reissue", reissue("zoe"), "client_unknown"),
        ("reissue", reissue(from_height=2), "height_past"),
        ("reissue", reissue(until_height=3), "validity_empty"),
        ("members", (("add-voter", 4),), "member_unknown"),
        ("members", (("remove", 3),), "members_senseless"),
        ("members", (("add-voter", 2),), "members_senseless"),
        ("members", (("remove", 0), ("remove", 1), ("remove", 2)), "members_senseless"),
        ("members", (("add-voter", 3), ("remove", 1)), "members_unordered"),
        ("members", (("add-voter", 3), ("add-voter", 3)), "members_unordered"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(office, action, change, code):
    assert office.do(action, change, 9) == code
    assert not office.records


def test_nothing_can_be_revoked_twice(office):
    assert [office.do("revoke", Revoke("client", "ann", 0), height) for height in (5, 6)] == ["ok", "nothing_to_revoke"]
    assert [office.do("revoke", Revoke("observer", "member-3", 3), height) for height in (7, 8)] == [
        "ok",
        "nothing_to_revoke",
    ]


@pytest.mark.parametrize(
    ("by", "code"),
    [
        ((), "approvals_too_few"),
        ((1,), "approvals_too_few"),
        ((0, 0), "approvals_unordered"),
        ((0, 3), "approval_of_a_stranger"),
        ((0, 7), "approval_of_a_stranger"),
    ],
)
def test_nothing_changes_without_a_quorum_of_those_who_vote(office, by, code):
    order = office.order("revoke", Revoke("client", "ann", 0), by=[number for number in by if number < 4])
    if 7 in by:
        order = msgspec.structs.replace(order, approvals=(*order.approvals, (7, bytes(64))))
    assert judge(office.registry, "revoke", order, 5, verify) == code


def test_approvals_are_for_one_change_one_action_one_sequence_and_one_network(office):
    change = Revoke("client", "ann", 0)
    good = office.order("revoke", change)
    assert judge(office.registry, "revoke", good, 5, verify) is None
    forged = [
        msgspec.structs.replace(good, change=Revoke("client", "bob", 0)),
        msgspec.structs.replace(good, approvals=office.order("reissue", change).approvals),
        msgspec.structs.replace(good, approvals=office.order("revoke", change, sequence=1).approvals),
        msgspec.structs.replace(
            good, approvals=approved("other", 0, "revoke", change, [(n, office.sign(n)) for n in (0, 1)]).approvals
        ),
        msgspec.structs.replace(good, approvals=((0, good.approvals[0][1]), (2, good.approvals[1][1]))),
    ]
    for order in forged:
        assert judge(office.registry, "revoke", order, 5, verify) == "approval_forged"


def test_an_approved_change_counts_once(office):
    order = office.order("certify", client())
    office.records.update(carry_out(office.registry, "certify", order, 5, verify))
    assert judge(office.registry, "certify", order, 6, verify) == "sequence_wrong"


# The bytes


@pytest.mark.parametrize(
    ("action", "change"),
    [
        ("certify", client()),
        ("revoke", Revoke("client", "ann", 0)),
        ("reissue", reissue()),
        ("members", (("remove", 1),)),
    ],
)
def test_an_order_is_read_back_as_it_was_written(office, action, change):
    order = office.order(action, change)
    raw = msgspec.msgpack.encode(order)
    assert decode_order(action, raw) == order
    for other in ACTIONS:
        if other != action:
            with pytest.raises(OrderError):
                decode_order(other, raw)


@pytest.mark.parametrize("raw", [b"", b"\xc0", b"\x93", b"\x93\x00\x90\x90", msgspec.msgpack.encode([0, [], []])])
def test_broken_arguments_are_no_order(raw):
    for action in (*ACTIONS, "nonsense"):
        with pytest.raises(OrderError):
            decode_order(action, raw)


def test_an_order_in_another_spelling_is_refused(office):
    raw = msgspec.msgpack.encode(office.order("members", (("remove", 1),)))
    with pytest.raises(OrderError, match="canonical"):
        decode_order("members", raw[:1] + b"\xcc\x00" + raw[2:])


def test_no_other_transaction_asks_for_members():
    assert members_change(transaction()) is None


# Roles


def test_a_node_is_what_the_registry_says(office):
    office.do("certify", node(), 9)
    office.do("members", (("remove", 1), ("add-voter", 4)), 10)
    kinds = [kind_of(office.registry, number) for number in range(6)]
    assert kinds == [Kind.CONSENSUS, Kind.OBSERVER, Kind.CONSENSUS, Kind.OBSERVER, Kind.CONSENSUS, None]


def test_every_role_that_a_contract_names_is_in_the_table():
    named = {role for contract in CATALOGUE.values() for its in contract.actions.values() for role in its.roles or ()}
    assert named - {"*"} <= set(ROLES)
    assert {"insurer", "reinsurer", "broker", "hospital", "bureau", "regulator", "custodian"} <= set(ROLES)


def test_a_history_has_an_end_that_no_record_outgrows(office):
    """What a contract may write is bounded; so is what a quorum of members can make one name's record grow to."""
    certificate = office.registry.client("ann").last
    for length, code in ((CERTIFICATES_MAX - 1, "ok"), (CERTIFICATES_MAX, "certificates_too_many")):
        entry = ClientEntry("insurer", 0, (certificate,) * length)
        office.records[ClientEntry.namespace, "ann"] = entry
        assert len(encode_record(entry)) < RECORD_BYTES_MAX
        assert office.do("reissue", reissue(), 9) == code
