"""How long a Raft cluster is without a leader after its leader crashed (Ongaro & Ousterhout 2014, section 9.3).

As in the paper: logs of different length, so that some servers cannot win; the leader's last broadcast reaches all at
once, to encourage split votes, and the leader crashes at a random moment of the heartbeat interval that follows, half
the least election timeout. Elections are those of the paper (no PreVote). Each trial is a world of its own.

Logs come to differ by the leader's own last words: it is asked for one block more than there are followers, and cut off
from one follower more after each. The first block reaches all, and nothing after the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, median
from typing import Annotated, Any

import msgspec
from pydantic import Field, ValidationError

from consensus.properties import Observer
from consensus.protocols import protocol
from consensus.vocabulary import MICROSECOND, MILLISECOND, SECOND, Effects, Image, NodeId, Send, SetTimer, Trace
from network.virtual import Constant, Crash, Cut, Link, Links, Machine, World
from network.virtual.bare import BareNode, BareSetup
from network.virtual.bare.messages import Request
from network.virtual.crypto import ModelCrypto, Notary
from network.virtual.draws import Stream
from scenarios.language.models.base import Nanoseconds, Part
from scenarios.language.models.network import LatencyOrDuration
from scenarios.language.problems import ScenarioInvalid
from scenarios.language.reading import read_file
from scenarios.language.verdicts import problems_of
from scenarios.runner.links import distribution_of

WORD_NS = 10 * MICROSECOND
"""Between two of the leader's last blocks: far less than any message takes."""
TRIAL_NS_MAX = 600 * SECOND


class Printed(Part):
    """What the paper says of a range."""

    median: Nanoseconds | None = None
    """Half of the trials were over by then."""
    mean: Nanoseconds | None = None
    """The average trial."""
    worst: Nanoseconds | None = None
    """The longest trial."""


class Range(Part):
    """One line of the figure."""

    timeout: Annotated[tuple[Nanoseconds, Nanoseconds], Field(min_length=2, max_length=2)]
    """Election timeouts are drawn from here."""
    trials: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Fewer than for the others, where elections take long."""
    printed: Printed = Printed()
    """What the paper says of it."""


class Elections(Part):
    """The experiment."""

    nodes: Annotated[int, Field(ge=3, le=101)]
    """Servers in the cluster."""
    trials: Annotated[int, Field(ge=1, le=100_000)]
    """Crashes of a leader, for each range."""
    seed: int
    """What every draw derives from."""
    link: LatencyOrDuration
    """How long a message takes, the same for every range."""
    disk: LatencyOrDuration
    """How long a sync takes, the same for every range."""
    ranges: Annotated[tuple[Range, ...], Field(min_length=1)]
    """The lines of the figure."""


class Measured(msgspec.Struct, frozen=True):
    """The time without a leader in every trial of a range, ascending, in nanoseconds."""

    range: Range
    downtimes_ns: tuple[int, ...]

    @property
    def median_ns(self) -> int:
        return int(median(self.downtimes_ns))

    @property
    def mean_ns(self) -> int:
        return int(fmean(self.downtimes_ns))

    @property
    def worst_ns(self) -> int:
        return self.downtimes_ns[-1]


def load_elections(path: Path) -> Elections:
    """The experiment in the file at ``path``; ScenarioInvalid with every problem found."""
    document = read_file(path)
    try:
        return Elections.model_validate(document.root)
    except ValidationError as error:
        raise ScenarioInvalid(problems_of(error, document, [])) from None


def measure(experiment: Elections, trials: int | None = None) -> Iterator[Measured]:
    """Play ``trials`` of each range (None: as many as the experiment says), one range after the other."""
    for range_ in experiment.ranges:
        count = trials or range_.trials or experiment.trials
        yield Measured(range_, tuple(sorted(_downtime(experiment, range_, trial) for trial in range(count))))


def table(measured: Measured) -> str:
    """One line: ours, and beside it what the paper printed."""
    low, high = (ns // MILLISECOND for ns in measured.range.timeout)
    printed = measured.range.printed
    cells = [f"{low}-{high} ms".rjust(12)]
    for ours, theirs in (
        (measured.median_ns, printed.median),
        (measured.mean_ns, printed.mean),
        (measured.worst_ns, printed.worst),
    ):
        paper = "" if theirs is None else f"({theirs // MILLISECOND})"
        cells.append(f"{ours / MILLISECOND:8.1f} {paper:<7}")
    return " ".join(cells)


HEADING = f"{'timeouts':>12} {'median ms':>9}{'':>8}{'mean ms':>8}{'':>9}{'worst ms':>8}   (in brackets: the paper)"

# -- one trial ---------------------------------------------------------------------------------------------------


class _Asker:
    """The clients' actor: asks every node for a burst of blocks, once a settled leader may be expected, and again."""

    def __init__(self, nodes: int, every_ns: int) -> None:
        self._nodes = nodes
        self._every_ns = every_ns
        self.asked = 0
        self.burst_at = 0  # when the last burst began

    def start(self, now: int) -> Effects:  # noqa: ARG002 (the interface's)
        return [SetTimer("burst", self._every_ns)]

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:  # noqa: ARG002
        return []

    def timer(self, now: int, name: str) -> Effects:
        if name == "burst":
            self.burst_at = now
        self.asked += 1
        more = self.asked % self._nodes
        following = SetTimer("word", WORD_NS) if more else SetTimer("burst", self._every_ns)
        return [*(Send(node, Request(self.asked)) for node in range(self._nodes)), following]


class _Leaders(Observer):
    """Who leads, and since when."""

    def __init__(self) -> None:
        self.leader: NodeId | None = None
        self.since = 0

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        if trace.kind != "raft.role":
            return
        if trace.detail[0] == "leader":
            self.leader, self.since = node, now
        elif self.leader == node:
            self.leader = None


def _downtime(experiment: Elections, range_: Range, trial: int) -> int:
    """From the leader's crash to the next leader, in nanoseconds."""
    heartbeat_ns = range_.timeout[0] // 2
    leaders = _Leaders()
    name = f"{experiment.seed}/{range_.timeout[0]}-{range_.timeout[1]}/{trial}"
    draws = Stream(name)
    world = _cluster(experiment, range_, leaders, seed=draws.bits64() >> 1)
    settle_ns = _settle_ns(range_)
    while True:
        burst_at = (world.now // settle_ns + 1) * settle_ns
        world.run(until_ns=burst_at - 1)
        if leaders.leader is not None and world.now - leaders.since > settle_ns // 2:
            break
    crashed, crash_at = leaders.leader, burst_at + draws.below(heartbeat_ns)
    followers = [node for node in range(experiment.nodes) if node != crashed]
    while followers:
        cut = followers.pop(draws.below(len(followers)))
        words = experiment.nodes - 1 - len(followers)
        world.inject(Cut(at_ns=burst_at + words * WORD_NS - WORD_NS // 2, one=(crashed,), other=(cut,), one_way=True))
    world.inject(Crash(at_ns=max(crash_at, burst_at + experiment.nodes * WORD_NS), node=crashed))
    world.run(until_ns=max(crash_at, burst_at + experiment.nodes * WORD_NS))
    leaders.leader = None
    world.run(until=lambda _: leaders.leader is not None)
    return world.now - crash_at


def _settle_ns(range_: Range) -> int:
    """Between two bursts: long enough for an election and for logs to become equal again."""
    return 10 * range_.timeout[1] + SECOND


def _cluster(experiment: Elections, range_: Range, leaders: _Leaders, seed: int) -> World:
    entry = protocol("raft")
    clients = experiment.nodes
    voters = tuple(range(experiment.nodes))
    notary = Notary(seed, experiment.nodes)
    low, high = range_.timeout
    options = {
        "election_timeout_min_ns": low,
        "election_timeout_max_ns": high,
        "heartbeat_ns": low // 2,
        "pre_vote": False,
        "window": 2 * experiment.nodes,
    }

    def machine(actor: NodeId, image: Image, incarnation: int) -> Machine:
        if actor == clients:
            return _Asker(experiment.nodes, _settle_ns(range_))
        setup = BareSetup(
            me=actor,
            nodes=experiment.nodes,
            voters=voters,
            protocol=entry,
            options=options,
            crypto=ModelCrypto(notary, actor),
            random=Stream(f"{seed}/node/{actor}/{incarnation}").bits64,
            image=image,
            position_ns=TRIAL_NS_MAX,
        )
        return BareNode(setup)

    at_once = Link(latency=Constant(ns=0))
    return World(
        factory=machine,
        nodes=experiment.nodes,
        voters=voters,
        clients_actor=clients,
        links=Links(
            Link(latency=distribution_of(experiment.link)), {(clients, node): at_once for node in range(clients)}
        ),
        sync=distribution_of(experiment.disk),
        seed=seed,
        # The rest comes later, so that the first leader is chosen at once, whatever the timeouts.
        faults=[Crash(at_ns=0, for_ns=2 * high, node=node) for node in voters[1:]],
        observers=(leaders,),
        hashing=False,
    )
