"""Reads without a transaction: linearizable, of what may be read, bounded; by one node's answer or a quorum's."""

import msgspec
import pytest

from consensus.protocols import protocol
from consensus.vocabulary import MILLISECOND, SECOND, Readable, Reply
from network.requests import Answer, AnswerCode, Busy, BusyReason, Query, answer_bytes
from network.virtual.faults import Crash, Cut
from node.options import ReplicaOptions
from node.queries import PATIENCE_NS
from tests.node.lab import KEYS, MEMBERS, NETWORK, Net, of, rejections, replies, transfer
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
