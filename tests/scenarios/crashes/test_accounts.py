"""The campaign's own accounts, on ledgers and votes made by hand."""

import msgspec

from consensus.pbft.messages import CommitVote, NewView, Prepare, Reproposal
from consensus.raft.messages import RequestVote, RequestVoteReply
from consensus.raft.records import HardState
from scenarios.crashes import Chain, Votes, reckon
from scenarios.crashes.reckoning import identity

SIGNATURE = bytes(64)


def raw(number, client="ann"):
    """Bytes of a transaction, as far as the reckoning reads them."""
    body = [1, "net", client, number, "transfers", "send", b"", 0]
    return msgspec.msgpack.encode([body, [[client, SIGNATURE]]])


def chain(node, *blocks, hashes=None):
    return Chain(node=node, hashes=hashes or [bytes([height]) * 32 for height in range(len(blocks))], bodies=blocks)


def test_what_every_ledger_holds_once_is_neither_lost_nor_double():
    blocks = [raw(1)], [raw(2), raw(1, "bob")]
    found = reckon({identity(raw(1)): 1, identity(raw(2)): 2}, [chain("a", *blocks), chain("b", *blocks)])
    assert (found.acknowledged, found.faults) == (2, 0)


def test_an_acknowledged_transaction_that_one_ledger_lacks_is_lost():
    found = reckon({identity(raw(2)): 2}, [chain("a", [raw(1)], [raw(2)]), chain("b", [raw(1)])])
    assert (found.lost, found.double, found.astray) == (1, 0, 0)
    assert found.told[0].endswith("acknowledged at height 2, b holds it at nowhere")


def test_one_that_stands_elsewhere_than_its_client_was_told_is_lost():
    assert reckon({identity(raw(1)): 2}, [chain("a", [raw(1)], [])]).lost == 1


def test_a_transaction_twice_and_a_number_twice_are_double():
    assert reckon({}, [chain("a", [raw(1)], [raw(1)])]).double == 1
    other = msgspec.msgpack.encode([[1, "net", "ann", 1, "transfers", "send", b"x", 0], []])
    assert reckon({}, [chain("a", [raw(1), other])]).double == 1


def test_ledgers_that_differ_are_astray():
    found = reckon({}, [chain("a", [], [], hashes=[b"a", b"b"]), chain("b", [], [], hashes=[b"a", b"c"])])
    assert found.astray == 1
    assert found.told == ["height 2: a holds 62, b 63"]


def test_two_votes_in_a_term_contradict_whether_said_or_stored():
    votes = Votes()
    votes.say(1, 2, RequestVoteReply(term=4, granted=True))
    votes.say(1, 2, RequestVoteReply(term=4, granted=True))
    votes.say(1, 3, RequestVoteReply(term=4, granted=False))
    votes.hold(1, {"raft.state": {"state": HardState(term=4, voted_for=2)}})
    assert (votes.counts, votes.contradictions) == ({"vote": 1}, [])
    votes.say(1, None, RequestVote(term=4, last_index=0, last_term=0))
    assert [str(found) for found in votes.contradictions] == ["vote of 1, 4: 2, and then 1"]


def test_a_replica_commits_one_block_at_a_height_of_a_view():
    votes = Votes()
    for view, block in ((0, b"a"), (0, b"a"), (1, b"b")):
        votes.say(2, None, Prepare(view=view, height=7, hash=block * 32, replica=2, signature=SIGNATURE))
        votes.say(2, None, CommitVote(view=view, height=7, hash=block * 32, replica=2, signature=SIGNATURE))
    assert votes.contradictions == []
    votes.say(2, None, CommitVote(view=1, height=7, hash=b"c" * 32, replica=2, signature=SIGNATURE))
    assert len(votes.contradictions) == 1


def test_a_new_view_orders_as_its_primary_does():
    votes = Votes()
    for block in (b"a", b"b"):
        proposal = Reproposal(height=3, hash=block * 32, signature=SIGNATURE)
        votes.say(0, None, NewView(view=1, view_changes=(), pre_prepares=(proposal,), signature=SIGNATURE))
    assert [found[0] for found in votes.contradictions] == [("order", 1, 3)]
