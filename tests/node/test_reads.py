"""Reads without a transaction: linearizable, of what may be read, bounded; by one node's answer or a quorum's."""

import msgspec
import pytest

from consensus.pbft import PbftCore
from consensus.pbft.messages import CommitVote, Fetched
from consensus.protocols import protocol
from consensus.vocabulary import MILLISECOND, SECOND, Readable, Reply
from network.gossip import Decided, Position
from network.requests import Answer, AnswerCode, Busy, BusyReason, Query, answer_bytes
from network.virtual.faults import Crash, Cut
from node.contracts.accounts import Account
from node.ledger.state_tree import encode_record
from node.options import ReplicaOptions
from node.queries import PATIENCE_NS
from tests.node.lab import KEYS, MEMBERS, NETWORK, OPENING_FEN, Net, of, rejections, replies, transfer
from tests.node.world import Town, ask, pay

CASH = Query("ann", 1, "accounts", "ann/cash")


def answers(effects):
    return [message for message in replies(effects) if isinstance(message, Answer)]


def queried(host, query):
    return host.take(host.replica.query(host.now, query))


def fen(answer):
    return msgspec.msgpack.decode(answer.value)["balance_fen"]


def test_an_entry_is_answered_as_it_stands_and_signed():
    host = Net()[0]
    host.submit(transfer(1, amount=5))
    [answer] = answers(queried(host, CASH))
    assert (answer.client, answer.number, answer.code, answer.height, fen(answer)) == ("ann", 1, "ok", 1, 99_995)
    data = answer_bytes(NETWORK, CASH, answer.code, answer.height, answer.value)
    assert host.common.verifier.verify(KEYS.verify_key(MEMBERS[0]), data, answer.signature)


def test_what_is_not_there_is_answered_as_absent():
    [answer] = answers(queried(Net()[0], Query("ann", 1, "products", "no-such-product")))
    assert (answer.code, answer.value) == (AnswerCode.OK, None)


@pytest.mark.parametrize(
    ("namespace", "key"),
    [("accounts", "bob/cash"), ("accounts", "ann"), ("claims", "ann/1"), ("client", "ann"), ("no-such", "ann/1")],
)
def test_what_is_not_public_and_not_ones_own_is_refused(namespace, key):
    host = Net()[0]
    [answer] = answers(queried(host, Query("ann" if key != "ann" else "bob", 1, namespace, key)))
    assert (answer.code, answer.value) == (AnswerCode.NOT_PUBLIC, None)


def test_a_stranger_is_not_answered():
    assert queried(Net()[0], Query("stranger", 1, "products", "x")) == []


def test_a_node_may_not_ask_in_a_clients_name():
    host = Net(observers=1)[0]
    assert rejections(host.receive(1, CASH)) == ["a query, which only clients ask"]


def test_an_observer_does_not_answer_for_the_voters():
    [answer] = answers(queried(Net(observers=1)[1], CASH))
    assert answer.code is AnswerCode.UNAVAILABLE


def test_the_answer_waits_for_the_height_that_the_core_names():
    host = Net()[0]
    host.replica.core.read = lambda now, context: [Readable(context, 2)]  # noqa: ARG005
    assert answers(queried(host, CASH)) == []
    assert answers(host.submit(transfer(1))) == []
    [answer] = answers(host.submit(transfer(2)))
    assert (answer.height, fen(answer)) == (2, 99_998)
    assert len(host.replica._queries) == 0


def test_a_read_that_its_core_cannot_place_is_unavailable():
    host = Net()[0]
    host.replica.core.read = lambda now, context: [Readable(context, None)]  # noqa: ARG005
    assert [answer.code for answer in answers(queried(host, CASH))] == [AnswerCode.UNAVAILABLE]


def test_queries_that_wait_are_bounded_for_each_client_and_given_up_after_a_while():
    host = Net(options=ReplicaOptions(queries_client_max=2))[0]
    host.replica.core.read = lambda now, context: []  # noqa: ARG005
    for number in (1, 2, 2):
        assert queried(host, Query("ann", number, "accounts", "ann/cash")) == []
    [busy] = replies(queried(host, Query("ann", 3, "accounts", "ann/cash")))
    assert busy == Busy("ann", (3,), BusyReason.QUERIES)
    assert queried(host, Query("bob", 1, "accounts", "bob/cash")) == []
    host.now += PATIENCE_NS
    gone = answers(host.fire("replica.pool"))
    assert [(answer.client, answer.number, answer.code) for answer in gone] == [
        ("ann", 1, "unavailable"),
        ("ann", 2, "unavailable"),
        ("bob", 1, "unavailable"),
    ]
    assert queried(host, Query("ann", 3, "accounts", "ann/cash")) == []


def test_an_answer_leaves_behind_the_block_that_it_speaks_of():
    host = Net()[0]
    host.replica.core.read = lambda now, context: [Readable(context, 1)]  # noqa: ARG005
    queried(host, CASH)
    kinds = [type(effect).__name__ for effect in host.submit(transfer(1))]
    last = len(kinds) - 1 - kinds[::-1].index("Reply")
    assert kinds.index("Persist") < last
    assert of(Reply, host.out)


# Whole networks


SIZES = [("solo", 1), ("raft", 3), ("pbft", 4)]


def chain_of(count):
    """A payment, the read that follows it, the next payment, and so on."""
    steps = []
    for number in range(1, count + 1):
        before = (steps[-1].id,) if steps else ()
        steps.append(pay(number, amount=number, after=before))
        steps.append(ask(number, after=(steps[-1].id,)))
    return steps


@pytest.mark.parametrize(("kind", "voters"), SIZES)
def test_a_read_after_an_acknowledged_write_sees_it(kind, voters):
    town = Town(kind, voters, *chain_of(6))
    assert town.run(60)
    assert [item.output["balance_fen"] for item in town.heard.answered] == [
        100_000 - sum(range(1, number + 1)) for number in range(1, 7)
    ]
    assert all(item.returned_ns > item.called_ns for item in town.heard.answered)


@pytest.mark.parametrize(("kind", "voters"), SIZES[1:])
def test_reads_go_on_when_the_leader_dies(kind, voters):
    steps = [*chain_of(3), ask(9, at_ns=5 * SECOND)]
    town = Town(kind, voters, *steps)
    town.settle(4)
    town.world.inject(Crash(at_ns=town.world.now, node=town.replica(0).status().leader))
    assert town.run(60)
    assert town.heard.answered[-1].output == {"balance_fen": 99_994, "kind": "cash", "owner": "ann"}


def test_under_pbft_a_quorum_must_answer_equally():
    """One voter in four lies about everything it is asked; the others agree without it."""
    forged = {"lies": 0}

    class Liar:
        def __init__(self, replica):
            self.replica = replica

        def __getattr__(self, name):
            return getattr(self.replica, name)

        def receive(self, now, sender, message):
            effects = self.replica.receive(now, sender, message)
            for index, effect in enumerate(effects):
                if isinstance(effect, Reply) and isinstance(effect.message, Answer):
                    forged["lies"] += 1
                    value = msgspec.msgpack.encode({"balance_fen": 7})
                    lie = self.replica._queries._answer(message, AnswerCode.OK, value)
                    effects[index] = lie
            return effects

    town = Town("pbft", 4, *chain_of(4), wrap=lambda node, replica: Liar(replica) if node == 2 else replica, lying={2})
    assert town.run(60)
    assert forged["lies"] >= 4
    assert [item.output["balance_fen"] for item in town.heard.answered] == [99_999, 99_997, 99_994, 99_990]


def test_how_many_answers_make_a_read():
    assert protocol("raft").read_replies(5) == 1
    assert [protocol("pbft").read_replies(n) for n in (4, 5, 6, 7)] == [3, 4, 4, 5]


def test_a_read_of_what_is_refused_is_told_as_such():
    town = Town("pbft", 4, ask(1, key="bob/cash"))
    assert town.run(10)
    assert [(item.code, item.output) for item in town.heard.answered] == [("not_public", None)]


@pytest.mark.parametrize(("kind", "voters"), SIZES[1:])
def test_reads_under_faults_see_all_that_was_acknowledged_and_nothing_that_was_not_asked_for(kind, voters):
    """Ann's payments only ever add up, so her cash says how many of them a read saw."""
    step_ns = 100 * MILLISECOND
    steps = [pay(number, at_ns=number * step_ns) for number in range(1, 81)]
    steps += [ask(number, at_ns=number * step_ns * 2 // 3) for number in range(1, 121)]
    faults = [Crash(at_ns=(1 + 2 * turn) * SECOND, node=turn, for_ns=1200 * MILLISECOND) for turn in range(voters)]
    for turn in range(voters):  # cut off from the others, not from the clients
        others = tuple(node for node in range(voters) if node != turn)
        faults.append(Cut(at_ns=(2 + 2 * turn) * SECOND, one=(turn,), other=others, for_ns=900 * MILLISECOND))
    town = Town(kind, voters, *steps, faults=tuple(faults))
    assert town.run(90)
    payments, reads = town.heard.acknowledged, town.heard.answered
    assert (len(payments), len(reads)) == (80, 120)
    seen = [(item, 100_000 - item.output["balance_fen"] if item.output else 0) for item in reads]
    for read, count in seen:
        told = sum(payment.returned_ns <= read.called_ns for payment in payments)
        asked = sum(payment.called_ns <= read.returned_ns for payment in payments)
        assert told <= count <= asked
        assert all(earlier <= count for other, earlier in seen if other.returned_ns <= read.called_ns)


# How a read under PBFT could miss a write that was acknowledged, and why it does not


class Wrapped:
    def __init__(self, replica):
        self.replica = replica

    def __getattr__(self, name):
        return getattr(self.replica, name)


class Deaf(Wrapped):
    """Until ``DEAF_NS`` it hears no vote for a decision and of no decided block: the network is slow just there."""

    def receive(self, now, sender, message):
        late = (CommitVote, Fetched, Decided, Position)
        return [] if now < DEAF_NS and isinstance(message, late) else self.replica.receive(now, sender, message)


class CutOff(Wrapped):
    """Until ``DEAF_NS`` no other node reaches it; clients do."""

    def receive(self, now, sender, message):
        return [] if now < DEAF_NS and sender < VOTERS else self.replica.receive(now, sender, message)


class Stale(Wrapped):
    """A liar who takes part in deciding, and answers every question as if nothing had ever happened."""

    def receive(self, now, sender, message):
        if not isinstance(message, Query):
            return self.replica.receive(now, sender, message)
        untouched = Account(owner="ann", kind="cash", balance_fen=OPENING_FEN)
        return [self.replica._queries._answer(message, AnswerCode.OK, encode_record(untouched))]


DEAF_NS = SECOND
VOTERS = 4
LAGGING = {
    "two have only prepared it": ({0: Deaf, 2: Deaf, 3: Stale}, [0, 1, 0, 1]),
    "one never heard of it": ({0: CutOff, 2: Deaf, 3: Stale}, [0, 1, 0, 1]),
}
"""Who lags behind what was acknowledged, as far as asynchrony and one lie in four can go; with everybody's height."""


def read_after_write(lagging):
    """Ann pays 5 fen, which is acknowledged, and then asks: what she is told to have paid, and when."""
    kinds, heights = LAGGING[lagging]
    payment, question = pay(1, amount=5), ask(1, after=("ann/1",))
    town = Town("pbft", VOTERS, payment, question, wrap=lambda node, it: kinds.get(node, Wrapped)(it), lying={3})
    while not town.heard.acknowledged:
        town.settle(0.002)
    assert town.world.now < DEAF_NS
    town.settle(0.02)
    assert [town.replica(node).chain.height for node in range(VOTERS)] == heights
    assert town.run(10)
    [paid], [read] = town.heard.acknowledged, town.heard.answered
    assert paid.returned_ns <= read.called_ns
    return OPENING_FEN - read.output["balance_fen"], read.returned_ns


@pytest.mark.parametrize("lagging", LAGGING)
def test_a_read_sees_what_f_plus_one_acknowledged_though_others_lag_and_one_lies(lagging):
    seen, returned_ns = read_after_write(lagging)
    assert seen == 5
    assert returned_ns >= DEAF_NS  # not before enough others could know


def answers_at_once(core, now, context):  # noqa: ARG001 - stands for a method
    """What ``PbftCore.read`` must not be: readable from what is decided here."""
    return [Readable(context, core.status().height)]


@pytest.mark.parametrize(
    ("lagging", "at_once", "answers"),
    [
        ("two have only prepared it", True, 3),
        ("two have only prepared it", True, 1),
        ("one never heard of it", True, 2),
        ("one never heard of it", False, 2),
        ("one never heard of it", False, 1),
    ],
)
def test_a_weaker_read_would_be_stale_in_the_same_run(monkeypatch, lagging, at_once, answers):
    """A core that answers at once, or fewer answers believed: so these runs can tell."""
    if at_once:
        monkeypatch.setattr(PbftCore, "read", answers_at_once)
    entry = msgspec.structs.replace(protocol("pbft"), read_replies=lambda _: answers)
    monkeypatch.setattr("node.assembly.protocol", lambda _: entry)
    seen, _ = read_after_write(lagging)
    assert seen == 0
