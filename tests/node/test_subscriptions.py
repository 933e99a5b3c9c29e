"""Events that clients subscribe to: each once, in order, as far as they may see, resumed where they stopped."""

import msgspec
import pytest

from consensus.chain import Block, Header
from consensus.vocabulary import MILLISECOND, SECOND, Reply
from network.following import TIMER, Follower, FollowerOptions
from network.requests import Busy, BusyReason, Happenings, Subscribe, happenings_bytes
from network.virtual.crypto import ModelCrypto
from network.virtual.faults import Crash, Loss
from node.contracts.collections import FormArgs
from node.contracts.context import Event
from node.contracts.runtime import Execution, Outcome
from node.event_log import EventLog
from node.ledger.state_tree import StateTree
from node.ledger.transaction import Body, decode_transaction, encode_transaction, sign_transaction
from node.options import ReplicaOptions
from node.subscriptions import LEASE_NS, Subscriptions
from scenarios.runner.workload import Step
from tests.node.lab import KEYS, MEMBERS, NETWORK, Net, of, rejections, replies, transfer
from tests.node.world import Town

ALL = ("collections",)


def form(number, client="ann", blocks=1):
    """Ann and Bob agree, which both of them are told."""
    body = Body(
        version=1,
        network=NETWORK,
        client=client,
        number=number,
        contract="collections",
        action="form",
        arguments=msgspec.msgpack.encode(FormArgs(("ann", "bob"), blocks, 0)),
        time_ms=0,
    )
    return encode_transaction(sign_transaction(body, [(name, KEYS.sign(name)) for name in _first(client)]))


def _first(client):
    return sorted(("ann", "bob"), key=lambda name: name != client)


def told(effects):
    return [message for message in replies(effects) if isinstance(message, Happenings)]


def subscribe(host, *, client="ann", number=1, kinds=ALL, since=(1, 0)):
    return host.take(host.replica.subscribe(host.now, Subscribe(client, number, kinds, since)))


def places(messages):
    return [event.place for message in messages for event in message.events]


@pytest.fixture
def host():
    return Net()[0]


def test_a_subscriber_is_told_what_was_and_what_comes_signed_and_in_order(host):
    host.submit(form(1), form(2))
    [first] = told(subscribe(host))
    assert (first.since, first.until, places([first])) == ((1, 0), (2, 0), [(1, 0), (1, 1)])
    event = first.events[0]
    assert (event.contract, event.kind) == ("collections", "collection_formed")
    assert event.block == host.replica.chain.head.hash
    assert msgspec.msgpack.decode(event.values) == {"members": ["ann", "bob"]}
    data = happenings_bytes(
        NETWORK, Subscribe("ann", 1, ALL, (9, 9)), first.oldest, first.since, first.until, first.events
    )
    assert host.common.verifier.verify(KEYS.verify_key(MEMBERS[0]), data, first.signature)
    [second] = told(host.submit(form(3)))
    assert (second.since, second.until, places([second])) == ((2, 0), (3, 0), [(2, 0)])


def test_blocks_that_tell_nothing_send_nothing_and_are_covered_by_the_next_message(host):
    subscribe(host)
    assert told(host.submit(transfer(1))) == []
    [message] = told(host.submit(form(2)))
    assert (message.since, message.until) == ((1, 0), (3, 0))


def test_one_is_told_of_the_kinds_one_asked_for(host):
    for number, kinds in enumerate((("collections/collection_formed",), ("claims", "collections/other"), ("claim",))):
        subscribe(host, number=number, kinds=kinds)
    assert [message.number for message in told(host.submit(form(1)))] == [0]


@pytest.mark.parametrize(
    ("readers", "roles", "client", "seen"),
    [
        (None, (), "bob", True),
        ((), (), "bob", False),
        (("ann",), (), "bob", False),
        (("ann", "bob"), (), "bob", True),
        (("ann",), ("regulator",), "reg", True),
        ((), ("bureau",), "reg", False),
    ],
)
def test_an_event_is_for_those_it_concerns_and_those_who_watch_over_them(readers, roles, client, seen):
    roles_of = {"bob": "patient", "reg": "regulator"}
    log = EventLog(10)
    outcome = Outcome(bytes(32), "x", 1, "ok", events=(Event("toy", "told", {}, readers, roles),))
    log.record(Block(header(1), ()), Execution(StateTree.empty(), (outcome,)))
    subscriptions = Subscriptions("lab", log, roles_of.get, lambda _: bytes(64), client_max=1)
    [message] = [reply.message for reply in subscriptions.subscribe(0, Subscribe(client, 1, ("toy",), (1, 0)))]
    assert bool(message.events) == seen


def header(height):
    return Header(1, "lab", height, bytes(32), 0, 0, bytes(32), bytes(32), 0, bytes(32))


def test_events_of_blocks_that_came_first_wait_for_those_before_them():
    log = EventLog(10)
    for height in (3, 1, 2, 2, 5):
        outcome = Outcome(bytes(32), "x", 1, "ok", events=(Event("toy", str(height), {}),))
        log.record(Block(header(height), ()), Execution(StateTree.empty(), (outcome,)))
    assert [(place, event.kind) for place, _, event in log.after((0, 0))] == [
        ((1, 0), "1"),
        ((2, 0), "2"),
        ((3, 0), "3"),
    ]
    assert (log.first, log.end) == (1, 4)


def test_one_is_told_only_as_a_party(host):
    subscribe(host, client="bob")
    subscribe(host, client="stranger")
    [message] = told(host.submit(form(1)))
    assert message.client == "bob"


def test_whoever_was_away_resumes_where_they_stopped(host):
    host.submit(form(1), form(2), form(3))
    host.submit(form(4))
    for since, expected in (
        ((1, 1), [(1, 1), (1, 2), (2, 0)]),
        ((1, 3), [(2, 0)]),
        ((2, 0), [(2, 0)]),
        ((3, 0), []),
        ((9, 9), []),
        ((0, 0), [(1, 0), (1, 1), (1, 2), (2, 0)]),
    ):
        messages = told(subscribe(host, since=since))
        assert places(messages) == expected
        assert messages[-1].until == max((3, 0), since)


def test_a_node_that_restarts_knows_its_events_again(host):
    host.submit(form(1))
    again = type(host)(host.common, 0, host.store.load())
    again.start()
    assert places(told(subscribe(again))) == [(1, 0)]


def test_nobody_is_told_far_ahead_of_what_they_say_they_have(host, monkeypatch):
    monkeypatch.setattr("node.subscriptions.EVENTS_PER_MESSAGE", 2)
    host.submit(*(form(number) for number in range(1, 8)))
    subscription = told(subscribe(host))
    assert [len(message.events) for message in subscription] == [2, 2, 2, 1]
    assert [message.until for message in subscription] == [(1, 2), (1, 4), (1, 6), (2, 0)]
    held = host.replica._subscriptions._subscriptions["ann", 1]
    held.room = 1
    assert places(told(host.submit(form(8), form(9)))) == [(2, 0)]
    assert told(host.submit(form(10))) == []
    assert places(told(subscribe(host, since=(2, 1)))) == [(2, 1), (3, 0)]


def test_large_events_travel_few_at_a_time(host, monkeypatch):
    monkeypatch.setattr("node.subscriptions.MESSAGE_BYTES_MAX", 1)
    host.submit(form(1), form(2))
    assert [places([message]) for message in told(subscribe(host))] == [[(1, 0)], [(1, 1)]]


def test_what_a_node_has_forgotten_it_says_so():
    host = Net(options=ReplicaOptions(events_kept=4))[0]
    for number in range(1, 7):
        host.submit(form(number))
    [message] = told(subscribe(host))
    assert (message.oldest, message.since, message.until) == ((4, 0), (4, 0), (7, 0))
    assert places([message]) == [(4, 0), (5, 0), (6, 0)]


def test_subscriptions_lapse_end_and_are_bounded():
    host = Net(options=ReplicaOptions(subscriptions_client_max=2))[0]
    subscribe(host, number=1)
    subscribe(host, number=2)
    [busy] = replies(subscribe(host, number=3))
    assert busy == Busy("ann", (3,), BusyReason.SUBSCRIPTIONS)
    assert subscribe(host, number=1, kinds=()) == []
    assert len(told(subscribe(host, number=3))) == 1
    host.now += LEASE_NS - 1
    subscribe(host, number=3)
    host.now += 1
    host.fire("replica.pool")
    assert len(host.replica._subscriptions) == 1
    assert [message.number for message in told(host.submit(form(1)))] == [3]


def test_a_node_may_not_subscribe_in_a_clients_name():
    host = Net(observers=1)[0]
    assert rejections(host.receive(1, Subscribe("ann", 1, ALL, (1, 0)))) == ["a subscribe, which only clients ask"]


def test_events_are_told_after_their_block_is_durable(host):
    subscribe(host)
    kinds = [type(effect).__name__ for effect in host.submit(form(1))]
    assert kinds.index("Persist") < kinds.index("Reply")
    assert of(Reply, host.out)


# Whole networks


class Watching:
    """The clients' process of a town, one of whom watches for events besides."""

    def __init__(self, conductor, follower):
        self.conductor = conductor
        self.follower = follower
        self.done = False

    def start(self, now):
        return self.conductor.start(now) + self.follower.start(now)

    def timer(self, now, name):
        return (self.follower if name == TIMER else self.conductor).timer(now, name)

    def receive(self, now, sender, message):
        if isinstance(message, Happenings):
            return self.follower.receive(now, sender, message)
        effects = self.conductor.receive(now, sender, message)
        self.done = self.conductor.done
        return effects


class WatchedTown(Town):
    """A town in which Ann follows the events of ``collections`` at every voter."""

    def _build(self, actor, image, incarnation):
        machine = super()._build(actor, image, incarnation)
        if actor != self.nodes:
            return machine
        voters = self.common.voters
        options = FollowerOptions(
            network=NETWORK,
            client="ann",
            number=1,
            kinds=ALL,
            nodes=voters,
            needed=self.common.protocol.replies(len(voters)),
            renew_ns=300 * MILLISECOND,
        )
        return Watching(machine, Follower(options, ModelCrypto(self.notary, 0).verify))


def agreeing(number, at_ns):
    raw = form(number)
    return Step(
        id=f"form/{number}",
        client="ann",
        number=number,
        raw=raw,
        transaction_id=decode_transaction(raw).id,
        at_ns=at_ns,
    )


@pytest.mark.parametrize(("protocol", "voters"), [("solo", 1), ("raft", 3), ("pbft", 4)])
def test_every_event_comes_once_and_in_order_whatever_is_lost_and_whoever_restarts(protocol, voters):
    steps = [agreeing(number, number * 150 * MILLISECOND) for number in range(1, 13)]
    faults = (
        Loss(at_ns=200 * MILLISECOND, for_ns=SECOND, ppm=200_000),
        Crash(at_ns=600 * MILLISECOND, node=voters - 1, for_ns=400 * MILLISECOND),
    )
    town = WatchedTown(protocol, voters, *steps, faults=faults)
    assert town.run(until_s=30)
    town.settle(2)
    chain = town.replica(0).chain
    transactions = [
        (height, decode_transaction(raw).body.number)
        for height in range(1, chain.height + 1)
        for raw in chain.entry(height).block.transactions
    ]
    assert [event.place[0] for event in town.heard.happened] == [height for height, _ in transactions]
    assert len(town.heard.happened) == len({event.place for event in town.heard.happened}) == 12
    assert [event.block for event in town.heard.happened] == [chain.entry(h).block.hash for h, _ in transactions]
