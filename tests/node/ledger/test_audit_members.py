"""Auditing ledgers in whose course members and keys change: ours and the example's auditor, side by side."""

import pytest

from consensus.configuration import Configuration
from node.ledger.audit import audit_ledger
from node.membership import Certify, Reissue, Revoke, members_change
from tests.node.ledger.auditors import refused, verdicts

PROTOCOLS = ("raft", "pbft")


@pytest.fixture(params=PROTOCOLS)
def ledger(request, make_ledger):
    return make_ledger(request.param)


def test_a_ledger_in_which_everything_changes_is_accepted(ledger, file):
    assert verdicts(file, ledger.live().bytes()) == (None, None)
    assert audit_ledger(file).height == len(ledger.chain) - 1


def test_a_header_may_name_the_new_voters_only_from_where_the_change_holds(ledger, file):
    ledger.append()
    before, after = ledger.deciders, Configuration(voters=(0, 1, 2, 3, 4))
    order = ledger.order("members", (("add-voter", 4),))
    ledger.deciders = before if ledger.genesis.protocol == "raft" else after
    ledger.append(order)
    refused(file, ledger.bytes(), "names other members", line=3)


def test_voters_may_not_change_without_a_change(ledger, file):
    ledger.append()
    ledger.deciders = Configuration(voters=(0, 1, 2))
    ledger.append()
    refused(file, ledger.bytes(), "names other members", line=3)


def members_block(ledger, order, after=None):
    """A block of that order, decided by whom the protocol would have decide it."""
    if ledger.genesis.protocol == "raft" and after is not None:
        ledger.deciders = ledger.deciders.changed(after)
    return ledger.append(order)


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ((("add-voter", 4),), {"by": (0, 1)}),
        ((("add-voter", 4),), {"by": (0, 1, 2, 4)}),
        ((("add-voter", 4),), {"by": (0, 0, 1, 2)}),
        ((("add-voter", 4),), {"sequence": 1}),
        ((("add-voter", 9),), {}),
        ((("add-voter", 3),), {}),
        ((("remove", 4),), {}),
        ((("remove", 3), ("add-voter", 4), ("remove", 0)), {}),
    ],
)
def test_a_change_of_members_that_is_not_carried_out_is_refused(ledger, file, changes, details):
    ledger.append()
    ledger.append(ledger.order("members", changes, **details))
    ours, theirs = verdicts(file, ledger.bytes())
    assert ours is not None
    assert theirs is not None
    assert ours.line == 3


def test_a_node_whose_certificate_ends_is_not_voted_in(ledger, file):
    ledger.append()
    newcomer = ledger.add_node("newcomer", until=1000)
    order = ledger.order("members", (("add-voter", newcomer),))
    members_block(ledger, order, members_change(order))
    refused(file, ledger.bytes(), "certificate_ends", line=4)


def test_a_change_of_members_stands_alone_and_states_the_height_right_below(ledger, file):
    ledger.append()
    ledger.deciders = after_of(ledger)
    ledger.append(ledger.order("members", (("add-voter", 4),)), ledger.transaction())
    assert None not in verdicts(file, ledger.bytes())


def after_of(ledger):
    """Who decides the block that adds node 4."""
    return Configuration(voters=(0, 1, 2, 3, 4)) if ledger.genesis.protocol == "raft" else ledger.deciders


def test_a_change_of_members_that_states_an_older_height_is_refused(ledger, file):
    ledger.append()
    ledger.append()
    ledger.deciders = after_of(ledger)
    ledger.append(ledger.order("members", (("add-voter", 4),)), lag=2)
    assert None not in verdicts(file, ledger.bytes())


def test_the_old_voters_decide_nothing_any_more(ledger, file):
    ledger.append()
    ledger.elect(("remove", 3))
    good = len(ledger.chain)
    ledger.deciders = Configuration(voters=(0, 1, 2, 3))
    ledger.append()
    refused(file, ledger.bytes(), "names other members", line=good + 1)
    ledger.chain.pop()
    ledger.roots.pop()
    ledger.deciders = Configuration(voters=(0, 1, 2))
    ledger.append(proposer=4)
    refused(file, ledger.bytes(), "does not vote", line=good + 1)


def test_under_pbft_who_is_voted_out_and_revoked_decides_until_the_new_voters_do(make_ledger, file):
    """Who decides is what headers name, whatever became of a certificate."""
    ledger = make_ledger("pbft")
    ledger.append(ledger.order("members", (("remove", 3),)))
    ledger.append(ledger.order("revoke", Revoke("observer", "member-3", 3)))
    block = ledger.append(proposer=3)
    ledger.chain[-1] = (block, ledger.certificate(block, signers=(1, 2, 3)))
    assert verdicts(file, ledger.bytes()) == (None, None)
    ledger.deciders = Configuration(voters=(0, 1, 2))
    block = ledger.append()
    assert verdicts(file, ledger.bytes()) == (None, None)
    ledger.chain[-1] = (block, ledger.certificate(block, signers=(1, 3)))
    refused(file, ledger.bytes(), "signer 3 does not vote")


def test_under_raft_a_leader_that_is_voted_out_may_have_proposed_what_follows(ledger, file):
    ledger.append()
    ledger.elect(("remove", 3))
    ledger.append(proposer=3)
    if ledger.genesis.protocol == "raft":
        assert verdicts(file, ledger.bytes()) == (None, None)
    else:
        refused(file, ledger.bytes(), "does not vote")


def test_a_client_signs_with_keys_certified_before_the_stated_state(ledger, file):
    ledger.append(ledger.order("certify", Certify("client", "dora", "patient", 1, ledger.key("dora"), bytes(32))))
    ledger.append(ledger.transaction("dora"), lag=2)  # states a height at which nobody knew her
    refused(file, ledger.bytes(), "dora is no client", line=3)


def test_a_revoked_key_still_stands_in_blocks_but_changes_nothing(ledger, file):
    """Blocks may hold what it signed; executed it is refused, so a change that it carries does not happen."""
    ledger.append(ledger.order("revoke", Revoke("client", "bob", 0)))
    ledger.append(
        ledger.order("reissue", Reissue("alice", ledger.key("alice/2"), bytes(32)))
    )  # bob carries it: in vain
    ledger.append(ledger.transaction("alice"))
    assert verdicts(file, ledger.bytes()) == (None, None)
    ledger.key_names["alice"] = "alice/2"
    ledger.append(ledger.transaction("alice"))
    refused(file, ledger.bytes(), "signature of alice does not verify", line=5)


def test_a_joint_certificate_needs_a_quorum_of_either_set_and_nobody_to_spare(make_ledger, file):
    ledger = make_ledger("raft")
    ledger.append()
    ledger.add_node("second")
    ledger.elect(("remove", 0), ("remove", 1), ("add-voter", 4), ("add-voter", 5))
    place = next(n for n, (block, _) in enumerate(ledger.chain) if b"members" in b"".join(block.transactions))
    assert verdicts(file, ledger.bytes()) == (None, None)
    block, good = ledger.chain[place]
    electors = (0, 1, 2, 3, 4, 5)
    for signers in ((2, 3), (2, 3, 4), (0, 2, 3), electors, (1, 2, 4, 5)):
        ledger.chain[place] = (block, ledger.certificate(block, signers))
        assert None not in verdicts(file, ledger.bytes()), signers
    ledger.chain[place] = (block, ledger.certificate(block, (0, 2, 3, 4)))
    assert verdicts(file, ledger.bytes()) == (None, None)
    ledger.chain[place] = (block, good)


def test_between_two_changes_under_raft_there_is_a_certificate(make_ledger, file):
    ledger = make_ledger("raft")
    ledger.append()
    ledger.elect(("remove", 3))
    ledger.elect(("remove", 2))
    assert verdicts(file, ledger.bytes()) == (None, None)
    ledger.chain[2:4] = [(block, None) for block, _ in ledger.chain[2:4]]
    refused(file, ledger.bytes(), "changed twice", line=5)
