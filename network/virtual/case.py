"""A case: what is played, and by whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from consensus.properties import Observer
from consensus.protocols import Core
from consensus.protocols import protocol as registered
from consensus.vocabulary import MICROSECOND, MILLISECOND, SECOND, NodeId
from network.virtual.distributions import Constant, Distribution, Lognormal, Uniform
from network.virtual.draws import Stream
from network.virtual.faults import Fault
from network.virtual.links import Link, Links
from network.virtual.machine import Factory
from network.virtual.settings import Settings, drawn_settings
from network.virtual.swarm import draw_plan
from network.virtual.world import World


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run: plain data, so that a failure can be kept, shrunk and played again.

    ``settings`` are the protocol's own (:mod:`network.virtual.settings`). ``changing``: members come and go, where
    cores alone are played (:mod:`network.virtual.bare.members`).
    """

    protocol: str
    seed: int
    nodes: int
    voters: tuple[NodeId, ...]
    plan: tuple[Fault, ...]
    latency: Distribution
    sync: Distribution
    heal_ns: int
    settings: Settings = {}
    changing: bool = False


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """Who plays a case. ``finished(world)``: is every request answered and every node that is up on one head?

    ``cores(world)``: those that are up and behave; in an idle network their terms or views must not change.
    """

    factory: Factory
    clients_actor: NodeId
    observers: tuple[Observer, ...]
    finished: Callable[[World], bool]
    cores: Callable[[World], list[Core]]
    describe: Callable[[World], str]


_SIZES = {"raft": (1, 2, 3, 3, 4, 5, 5, 7), "pbft": (1, 4, 4, 4, 5, 6, 7, 8), "solo": (1, 3)}
_CHANGING_MIN = {"raft": 2, "pbft": 4}
"""From so many voters on members change in two of three cases; elsewhere never."""


def draw_case(protocol: str, seed: int) -> Case:
    """The case of ``seed``: sizes that need not be 3f + 1, with observers now and then, fast and slow networks."""
    draws = Stream(f"{protocol}/{seed}/case")
    entry = registered(protocol)
    sizes = _SIZES.get(protocol, (4,))
    voting = sizes[draws.below(len(sizes))]
    nodes = voting + (draws.below(3) == 0)
    voters = entry.voters_of(tuple(range(voting)))
    heal_ns = (3 + draws.below(6)) * SECOND
    latencies: tuple[Distribution, ...] = (
        Uniform(low_ns=100 * MICROSECOND, high_ns=2 * MILLISECOND),
        Lognormal(median_ns=5 * MILLISECOND, p99_ns=60 * MILLISECOND),
        Uniform(low_ns=MILLISECOND, high_ns=40 * MILLISECOND),
        Constant(ns=3 * MILLISECOND),
    )
    syncs: tuple[Distribution, ...] = (
        Constant(ns=0),
        Uniform(low_ns=MILLISECOND, high_ns=10 * MILLISECOND),
        Lognormal(median_ns=4 * MILLISECOND, p99_ns=80 * MILLISECOND),
    )
    return Case(
        protocol=protocol,
        seed=seed,
        nodes=nodes,
        voters=voters,
        plan=draw_plan(seed, nodes, voters, entry.quorum(len(voters)), heal_ns),
        latency=latencies[draws.below(len(latencies))],
        sync=syncs[draws.below(len(syncs))],
        heal_ns=heal_ns,
        settings=drawn_settings(protocol, seed),
        changing=len(voters) >= _CHANGING_MIN.get(protocol, nodes + 1) and Stream(f"{seed}/members").below(3) > 0,
    )


def build_world(case: Case, cast: Cast, **settings: Any) -> World:
    """The world of ``case``, at time 0. ``settings`` go to :class:`World` (``hashing``, ``trace``)."""
    return World(
        factory=cast.factory,
        nodes=case.nodes,
        voters=case.voters,
        clients_actor=cast.clients_actor,
        links=Links(Link(latency=case.latency)),
        sync=case.sync,
        faults=case.plan,
        seed=case.seed,
        observers=cast.observers,
        **({"hashing": False} | settings),
    )
