"""One trial: from a leader's crash until every other server has heard the next leader, in a world of its own.

As in the publication: servers whose logs differ in length, so that half of the followers cannot win; a last heartbeat
that goes to all at once, which encourages split votes; a crash at a random moment of the heartbeat interval that
follows, half the least timeout; no PreVote; and the time counts until the others have received the new leader's first
heartbeat. The trial begins with that last heartbeat, and whoever says it then says no more. So the logs can differ
beforehand, as a leader that went on would make them equal.

The servers are unmodified cores, each with its disk: candidates write their vote down before they ask for others'.
"""

from __future__ import annotations

from typing import Any

from consensus.chain import FORMAT_VERSION, NO_HASH, Block, Header
from consensus.properties import Observer
from consensus.protocols import protocol
from consensus.raft.messages import AppendEntries
from consensus.raft.records import LOG, STATE, STATE_KEY, HardState, LogEntry
from consensus.vocabulary import SECOND, Broadcast, Effects, Image, NodeId
from network.virtual import Link, Links, Machine, World
from network.virtual.bare import GENESIS, BareNode, BareSetup
from network.virtual.bare.blocks import NETWORK, request, root
from network.virtual.crypto import ModelCrypto, Notary
from network.virtual.draws import Stream
from scenarios.experiments.elections import Elections, Range
from scenarios.runner.distributions import distribution_of

TERM = 1
"""The old leader's."""
_NEVER_NS = 1_000_000 * SECOND


def downtime_ns(experiment: Elections, range_: Range, trial: int) -> int:
    """From the leader's crash until all others have heard the next one, at most ``range_.cap``."""
    draws = Stream(f"{experiment.seed}/{range_.timeout[0]}-{range_.timeout[1]}/{trial}")
    seed = draws.bits64() >> 1
    crash_ns = draws.below(range_.timeout[0] // 2)
    heard = _Heard(old=experiment.nodes - 1, others=experiment.nodes - 2)
    world = _cluster(experiment, range_, heard, seed)
    world.run(until_ns=crash_ns + range_.cap, until=lambda _: heard.by_all)
    return min(world.now - crash_ns, range_.cap)


class _OldLeader:
    """Says a last heartbeat to all at once."""

    def start(self, now: int) -> Effects:  # noqa: ARG002 (the interface's)
        heartbeat = AppendEntries(
            term=TERM, previous_index=1, previous_term=TERM, blocks=(), commit=0, certificate=None, beat=1
        )
        return [Broadcast(heartbeat)]

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:  # noqa: ARG002
        return []

    def timer(self, now: int, name: str) -> Effects:  # noqa: ARG002
        return []


class _Heard(Observer):
    """Who has heard the leader of which later term; ``by_all``: ``others`` have heard the same."""

    def __init__(self, old: NodeId, others: int) -> None:
        self._old = old
        self._others = others
        self._hearers: dict[int, dict[NodeId, None]] = {}
        self.by_all = False

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:  # noqa: ARG002
        if type(message) is AppendEntries and self._old not in (node, sender):
            hearers = self._hearers.setdefault(message.term, {})
            hearers[node] = None
            self.by_all = len(hearers) == self._others


def _cluster(experiment: Elections, range_: Range, heard: _Heard, seed: int) -> World:
    entry = protocol("raft")
    nodes = experiment.nodes
    notary = Notary(seed, nodes)
    low, high = range_.timeout
    options = {
        "election_timeout_min_ns": low,
        "election_timeout_max_ns": max(high, low + 1),  # drawn from below it
        "heartbeat_ns": low // 2,
        "pre_vote": False,
    }
    log = _log(nodes - 1)

    def machine(actor: NodeId, image: Image, incarnation: int) -> Machine:  # noqa: ARG001
        if actor == nodes - 1:
            return _OldLeader()
        setup = BareSetup(
            me=actor,
            nodes=nodes,
            voters=tuple(range(nodes)),
            protocol=entry,
            options=options,
            crypto=ModelCrypto(notary, actor),
            random=Stream(f"{seed}/node/{actor}").bits64,
            image={
                STATE: {STATE_KEY: HardState(term=TERM, voted_for=nodes - 1)},
                LOG: {block.height: LogEntry(block) for block in log[: actor + 1]},
            },
            position_ns=_NEVER_NS,
        )
        return BareNode(setup)

    return World(
        factory=machine,
        nodes=nodes,
        voters=tuple(range(nodes)),
        links=Links(Link(latency=distribution_of(experiment.link))),
        sync=distribution_of(experiment.disk),
        seed=seed,
        observers=(heard,),
        hashing=False,
    )


def _log(length: int) -> list[Block]:
    """What the old leader had its followers write down; none of it is committed, and server k holds the first k + 1."""
    blocks = [GENESIS]
    for height in range(1, length + 1):
        transactions = (request(height),)
        header = Header(
            version=FORMAT_VERSION,
            network=NETWORK,
            height=height,
            parent=blocks[-1].hash,
            round=TERM,
            proposer=length,
            members=NO_HASH,
            transactions=root(transactions),
            state_height=0,
            state=GENESIS.hash,
        )
        blocks.append(Block(header=header, transactions=transactions))
    return blocks[1:]
