"""PBFT's three phases: how long they take and how many messages, by theory and in the virtual world.

Theory is computed here from the definition alone. Replicas are bare cores under every oracle, one request at a time.
"""

# ruff: noqa: ARG002 (an observer ignores most of what it is told)
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field, ValidationError

from consensus.pbft import Options
from consensus.pbft.messages import CommitVote, Prepare, PrePrepare
from consensus.properties import Observer, standard_oracles
from consensus.protocols import protocol
from consensus.quorum import byzantine_quorum
from consensus.vocabulary import MILLISECOND, SECOND, Commit, Effect, Image, NodeId
from network.virtual import Constant, Distribution, Fault, Link, Links, Machine, World
from network.virtual.bare import GENESIS, BareClient, BareNode, BareSetup
from network.virtual.crypto import ModelCrypto, Notary
from network.virtual.draws import Stream
from scenarios.language.models.base import Nanoseconds, Part
from scenarios.language.models.network import Latency
from scenarios.language.problems import ScenarioInvalid
from scenarios.language.reading import read_file
from scenarios.language.verdicts import problems_of
from scenarios.runner.distributions import distribution_of
from scenarios.workers import workers

DRAWS = 24_000
"""Replicas whose decision is drawn afresh for each size: the standard error is then below 0.1 %."""
OPTIONS = Options(view_change_timeout_ns=10 * SECOND, resend_interval_ns=3 * SECOND, window=4)


class Size(Part):
    """A number of replicas."""

    nodes: Annotated[int, Field(ge=4, le=256)]
    """Replicas, the primary among them."""
    requests: Annotated[int, Field(ge=1, le=10_000)]
    """Requests under random delays, each decided alone; n replicas give n decisions of each."""
    published: Nanoseconds
    """The mean time from proposal to decision that they are to show."""


class Phases(Part):
    """The experiment."""

    kind: Literal["pbft-phases"]
    """Which experiment this is."""
    seed: int
    """What every draw derives from."""
    constant: Nanoseconds
    """The constant delay of every message."""
    random: Latency
    """The random one; normal."""
    sizes: Annotated[tuple[Size, ...], Field(min_length=1)]
    """The lines of the table."""


class Row(msgspec.Struct, frozen=True):
    """What one size showed. Waits under the constant delay, in delays; means under the random one, in nanoseconds."""

    nodes: int
    decided: tuple[float, ...]
    replied: tuple[float, ...]
    messages: tuple[float, float, float]
    mean_ns: float
    recomputed_ns: float
    published_ns: int


def load_phases(path: Path) -> Phases:
    """The experiment in the file at ``path``; ScenarioInvalid with every problem found."""
    document = read_file(path)
    try:
        return Phases.model_validate(document.root)
    except ValidationError as error:
        raise ScenarioInvalid(problems_of(error, document, [])) from None


def measure(
    experiment: Phases, *, trials: int | None = None, jobs: int = 1, played: Callable[[], None] = lambda: None
) -> list[Row]:
    """Every size; ``trials``: at most so many requests each. ``played`` is told of each size that is over."""
    sizes = [
        size if trials is None else size.model_copy(update={"requests": min(trials, size.requests)})
        for size in experiment.sizes
    ]
    rows = []
    if jobs == 1:
        for size in sizes:
            rows.append(_row(experiment, size))
            played()
        return rows
    with workers(jobs) as pool:
        for row in pool.map(_row, [experiment] * len(sizes), sizes):
            rows.append(row)
            played()
    return rows


def _row(experiment: Phases, size: Size) -> Row:
    constant = Constant(ns=experiment.constant)
    _, steady = watched(size.nodes, 3, constant, seed=experiment.seed)
    _, noisy = watched(size.nodes, size.requests, distribution_of(experiment.random), seed=experiment.seed)
    mean, sd = (experiment.random.mean or 0) / MILLISECOND, (experiment.random.sd or 0) / MILLISECOND
    recomputed_ms = three_phases(size.nodes, mean, sd, max(1, DRAWS // size.nodes), Random(size.nodes))  # noqa: S311 (theory)
    arrived = [steady.arrived[kind] / 3 for kind in (PrePrepare, Prepare, CommitVote)]
    return Row(
        nodes=size.nodes,
        decided=tuple(sorted({wait / experiment.constant for wait in steady.waits_ns})),
        replied=tuple(sorted({wait / experiment.constant for wait in steady.replies_ns})),
        messages=(arrived[0], arrived[1], arrived[2]),
        mean_ns=fmean(noisy.waits_ns),
        recomputed_ns=recomputed_ms * MILLISECOND,
        published_ns=size.published,
    )


# -- theory ------------------------------------------------------------------------------------------------------------


def messages_of(nodes: int) -> tuple[int, int, int]:
    """PRE-PREPAREs, PREPAREs and COMMITs of a batch."""
    return nodes - 1, (nodes - 1) ** 2, nodes * (nodes - 1)


def three_phases(nodes: int, mean: float, sd: float, trials: int, random: Random) -> float:
    """The mean time from the proposal to a replica's decision: order statistics of normal delays, drawn afresh."""
    quorum = byzantine_quorum(nodes)

    def delay(source: int, target: int) -> float:
        return 0 if source == target else max(0, random.gauss(mean, sd))

    decided = []
    for _ in range(trials):
        accepted = [delay(0, replica) for replica in range(nodes)]
        prepared = []
        for replica in range(nodes):
            prepares = sorted(accepted[other] + delay(other, replica) for other in range(1, nodes))
            prepared.append(max(accepted[replica], prepares[quorum - 2]))
        for replica in range(nodes):
            commits = sorted(prepared[other] + delay(other, replica) for other in range(nodes))
            decided.append(max(accepted[replica], commits[quorum - 1]))
    return fmean(decided)


# -- the virtual world -------------------------------------------------------------------------------------------------


class Watched(Observer):
    """When the primary proposed each height, when each replica decided it, and what arrived."""

    def __init__(self) -> None:
        self.proposed: dict[int, int] = {}
        self.decided: dict[int, list[int]] = {}
        self.arrived: Counter[type] = Counter()
        self.replies_ns: list[int] = []
        """From the client's request to its f + 1 replies."""

    def on_leave(self, now: int, node: NodeId, incarnation: int, effect: Effect, durable: Image) -> None:
        message = getattr(effect, "message", None)
        if type(message) is PrePrepare:
            self.proposed.setdefault(message.block.height, now)

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:
        self.decided.setdefault(commit.height, []).append(now)

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:
        self.arrived[type(message)] += 1

    @property
    def waits_ns(self) -> list[int]:
        """From the proposal to each replica's decision."""
        return [now - self.proposed[height] for height, times in self.decided.items() for now in times]


def watched(nodes: int, requests: int, latency: Distribution, seed: int = 1) -> tuple[World, Watched]:
    """Let ``requests`` be decided one by one, by all ``nodes``."""
    seen = Watched()
    client = BareClient(nodes, protocol("pbft").replies(nodes), requests, 2 * SECOND)
    world = replicas(nodes, latency, client, seed=seed, observers=(seen,))
    while not client.finished or len(seen.waits_ns) < nodes * requests:
        world.run(until_ns=world.now + SECOND)
    seen.replies_ns = [client.acknowledged[number][1] - asked for number, asked in client.asked.items()]
    return world, seen


def replicas(  # noqa: PLR0913 - keyword-only
    nodes: int,
    latency: Distribution,
    client: BareClient,
    *,
    seed: int,
    observers: Sequence[Observer] = (),
    faults: Sequence[Fault] = (),
) -> World:
    """A world of ``nodes`` bare replicas of PBFT under every oracle; ``client`` is actor ``nodes``."""
    entry, notary, voters = protocol("pbft"), Notary(seed, nodes), tuple(range(nodes))

    def machine(actor: NodeId, image: Image, incarnation: int) -> Machine:
        if actor == nodes:
            return client
        setup = BareSetup(
            me=actor,
            nodes=nodes,
            voters=voters,
            protocol=entry,
            options=OPTIONS,
            crypto=ModelCrypto(notary, actor),
            random=Stream(f"{seed}/node/{actor}/{incarnation}").bits64,
            image=image,
            position_ns=4 * SECOND,
        )
        return BareNode(setup)

    oracles = standard_oracles(
        protocol="pbft", voters=voters, quorum=entry.quorum(nodes), genesis=GENESIS.hash, verify=notary.verify
    )
    return World(
        factory=machine,
        nodes=nodes,
        voters=voters,
        clients_actor=nodes,
        links=Links(Link(latency=latency)),
        seed=seed,
        faults=faults,
        observers=(*oracles, *observers),
    )
