"""Collusion: how many voters must act together before two blocks stand at one height (systems row 69).

The coalition does the worst that signatures allow: each of its members runs twice (:mod:`.twins`), one copy with either
half of the honest voters, which hear nothing of the other half; and the halves hear of different requests, so that what
they decide differs. Each side has its half and a copy of every colluder, so both can decide once ``k`` colluders lift
both halves of ``n - k`` to a quorum ``q``: from ``k = 2q - n`` on, where n - k is even, and one more or less where the
halves are uneven. Fewer cannot, however they go about it, where a block counts by a quorum's signatures: two quorums
would have to share an honest voter. What is left then is to say who it was: whoever signed for both blocks.

Raft does not count signatures but believes whoever leads. There one is enough in any network: it tells
two others that it leads, and each that another block is decided (:func:`usurp`). No certificate bears that out, and so
none convicts it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from consensus.chain import Block, Certificate
from consensus.properties import Observer
from consensus.protocols import protocol as registered
from consensus.raft.messages import AppendEntries
from consensus.vocabulary import MILLISECOND, SECOND, Commit, Effects, Image, NodeId, Send
from network.virtual.bare import GENESIS, BareClient, Habits, bare_cast
from network.virtual.bare.blocks import request, root
from network.virtual.bare.messages import Request
from network.virtual.case import Case, build_world
from network.virtual.distributions import Constant
from network.virtual.machine import Machine
from scenarios.adversary.twins import VIEWS, Instance, TwinScenario

REQUESTS = 40
PACE_NS = 25 * MILLISECOND
PLAYED_NS = 3 * SECOND
_NEVER = 1 << 62


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What ``colluders`` of ``nodes`` came to. ``forked`` heights have two blocks at honest voters.

    ``signed_both``: who signed certificates of two different blocks at one height; ``decided``: the highest height that
    each half of the honest came to.
    """

    protocol: str
    nodes: int
    colluders: tuple[NodeId, ...]
    forked: int
    signed_both: tuple[NodeId, ...]
    decided: tuple[int, int]

    @property
    def innocent(self) -> tuple[NodeId, ...]:
        """Honest voters whose signatures stand under both blocks: there must be none."""
        return tuple(node for node in self.signed_both if node not in self.colluders)


def first_unsafe(protocol: str, nodes: int) -> int:
    """The least number of colluders for which two quorums need share nobody honest: ``2q - n``, and 1 at least."""
    voting = len(registered(protocol).voters_of(tuple(range(nodes))))
    return max(1, 2 * registered(protocol).quorum(voting) - voting)


def collude(protocol: str, nodes: int, colluders: int, *, seed: int = 69) -> Outcome:
    """Play ``colluders`` of ``nodes`` voters against the rest. ValueError where nobody is left to be deceived."""
    if not 0 <= colluders <= nodes - 2:
        raise ValueError(f"{colluders} of {nodes} leave no two honest voters to tell different things")
    sides = _sides(nodes, colluders)
    plan = TwinScenario(members=nodes, twinned=tuple(range(colluders)), parts=(_mask(sides[0]),) * VIEWS)

    def lying(machine: Machine, actor: NodeId) -> Machine:
        return OneSided(machine, actor, plan, hears=actor in sides[0])

    return _played(_case(protocol, nodes, plan.instances, seed), plan, sides, lying)


def usurp(nodes: int, *, seed: int = 69) -> Outcome:
    """Play one member of a Raft network of ``nodes`` that tells two others that different blocks are decided.

    ValueError where there are no two others.
    """
    if nodes < 3:
        raise ValueError(f"among {nodes} there are no two to tell different things")
    plan = TwinScenario(members=nodes, twinned=(0,), parts=(1,) * VIEWS)
    victims = (nodes - 2, nodes - 1)
    sides = victims[:1], victims[1:]

    def lying(machine: Machine, actor: NodeId) -> Machine:
        return Usurper(machine, victims) if actor == 0 else machine

    return _played(_case("raft", nodes, nodes, seed), plan, sides, lying)


def _case(protocol: str, nodes: int, instances: int, seed: int) -> Case:
    """``nodes`` members on a network without faults of its own."""
    return Case(
        protocol=protocol,
        seed=seed,
        nodes=instances,
        voters=registered(protocol).voters_of(tuple(range(nodes))),
        plan=(),
        latency=Constant(ns=MILLISECOND),
        sync=Constant(ns=0),
        heal_ns=_NEVER,
    )


def _played(
    case: Case,
    plan: TwinScenario,
    sides: tuple[tuple[int, ...], tuple[int, ...]],
    lying: Callable[[Machine, NodeId], Machine],
) -> Outcome:
    """The outcome of ``case`` with its machines as ``lying`` bends them."""
    watch = Forks(plan)
    cast = bare_cast(case)
    replies = registered(case.protocol).replies(len(case.voters))

    def build(actor: NodeId, image: Image, incarnation: int) -> Machine:
        if actor == cast.clients_actor:
            habits = Habits(seed=case.seed, readable=case.voters, read_needed=1, reads_in=0, transfer_every=0)
            habits = msgspec.structs.replace(habits, identity=plan.identity)
            return BareClient(case.nodes, replies, REQUESTS, PACE_NS, habits)
        return lying(cast.factory(plan.identity(actor), image, incarnation), actor)

    world = build_world(case, msgspec.structs.replace(cast, factory=build, observers=(watch,)))
    world.run(until_ns=PLAYED_NS)
    return Outcome(
        protocol=case.protocol,
        nodes=plan.members,
        colluders=plan.twinned,
        forked=watch.forked,
        signed_both=watch.signed_both,
        decided=(watch.height_of(sides[0]), watch.height_of(sides[1])),
    )


def _sides(nodes: int, colluders: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The instances of either side: the colluders and half of the honest; their copies and the other half."""
    honest = range(colluders, nodes)
    half = colluders + (len(honest) + 1) // 2
    copies = range(nodes, nodes + colluders)
    return (*range(colluders), *range(colluders, half)), (*range(half, nodes), *copies)


def _mask(side: tuple[int, ...]) -> int:
    """The instances of ``side`` as bits: by its first, as :class:`TwinScenario` has it, instance 0 is in it."""
    return sum(1 << instance for instance in side)


class OneSided(Instance):
    """An instance that hears its own side; ``hears`` of the requests with even numbers, or of those with odd ones."""

    def __init__(self, machine: Machine, instance: int, plan: TwinScenario, *, hears: bool) -> None:
        super().__init__(machine, instance, plan, _NEVER)
        self._remainder = 0 if hears else 1

    def receive(self, now: int, sender: int, message: Any) -> Effects:
        if isinstance(message, Request) and message.number % 2 != self._remainder:
            return []
        return super().receive(now, sender, message)


class Usurper:
    """A member of Raft that keeps to the protocol, after a lie at the beginning: nobody elected it, and it leads.

    Each of the ``victims`` gets a first block of its own, with the word that it is decided.
    """

    def __init__(self, machine: Machine, victims: tuple[NodeId, ...]) -> None:
        self._machine = machine
        self._victims = victims

    def start(self, now: int) -> Effects:
        return [*self._machine.start(now), *(Send(victim, _usurping(victim)) for victim in self._victims)]

    def receive(self, now: int, sender: int, message: Any) -> Effects:
        return self._machine.receive(now, sender, message)

    def timer(self, now: int, name: str) -> Effects:
        return self._machine.timer(now, name)


def _usurping(victim: NodeId) -> AppendEntries:
    """A first block of the first term, which is another for each victim, and the word that it is decided."""
    asked = (request(victim),)
    header = msgspec.structs.replace(
        GENESIS.header, height=1, parent=GENESIS.hash, round=1, transactions=root(asked), state=GENESIS.hash
    )
    return AppendEntries(
        term=1,
        previous_index=0,
        previous_term=0,
        blocks=(Block(header, asked),),
        commit=1,
        certificate=None,
        beat=1,
    )


class Forks(Observer):
    """Heights at which honest voters hold different blocks, and who signed for both."""

    def __init__(self, plan: TwinScenario) -> None:
        self._plan = plan
        self._blocks: dict[int, dict[bytes, Certificate | None]] = {}
        self._heights: dict[NodeId, int] = {}

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002 - as declared
        if node >= self._plan.members or node in self._plan.twinned:
            return
        block = commit.block
        self._heights[node] = max(self._heights.get(node, 0), block.height)
        known = self._blocks.setdefault(block.height, {})
        if known.get(block.hash) is None:
            known[block.hash] = commit.certificate

    @property
    def forked(self) -> int:
        """How many heights have more than one block."""
        return sum(len(blocks) > 1 for blocks in self._blocks.values())

    @property
    def signed_both(self) -> tuple[NodeId, ...]:
        """Who signed two blocks of one height, by the certificates alone: what anybody who holds both can tell."""
        found: dict[NodeId, None] = {}
        for blocks in self._blocks.values():
            signers = [[node for node, _ in one.signatures] for one in blocks.values() if one is not None]
            for one, theirs in enumerate(signers):
                found |= {node: None for other in signers[one + 1 :] for node in theirs if node in other}
        return tuple(sorted(found))

    def height_of(self, side: tuple[int, ...]) -> int:
        """The highest height that an honest voter of ``side`` decided."""
        return max((self._heights.get(node, 0) for node in side), default=0)
