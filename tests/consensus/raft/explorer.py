"""Bounded exhaustive search: every order of events up to a depth, on the real cores.

A state is three (or however many) servers, their disks, and the messages under way. From each state every possible
event follows: any message under way is delivered, any timer fires, a leader proposes, a server crashes and comes
back from its disk. A message that is never delivered is a lost one, so loss needs no event of its own. States that
were met before are not followed again.

Time enters a Raft core only where it compares: has a leader been heard lately, has a majority? So there is no clock
here. What makes something recent happens at time 0, and each comparison is tried both ways: at time 0, when
everything is recent, and much later, when nothing is.

Elections, proposals, heartbeats and crashes each have a budget, which with the depth makes the search finite.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from copy import deepcopy
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from consensus.chain import BLOCKS
from consensus.protocols import Setup
from consensus.raft import RaftCore
from consensus.raft.messages import PreVote, RequestVote
from consensus.raft.roles import Candidate, Leader, PreCandidate
from consensus.vocabulary import Broadcast, Commit, Persist, Put, Rejected, Send
from tests.consensus.raft.lab import GENESIS, LabApplication, LabCrypto, apply_records, make_block

LATER = 10**15
_encode = msgspec.msgpack.Encoder().encode


class Budget(NamedTuple):
    """How often each kind of event may still happen."""

    elections: int
    proposals: int
    heartbeats: int
    crashes: int


class World(NamedTuple):
    """One state. Nothing in it is ever changed: an event makes a new one, which shares what stays the same."""

    cores: tuple[RaftCore, ...]
    disks: tuple[dict[str, dict[Any, Any]], ...]
    flights: tuple[tuple[int, int, Any], ...]
    leaders: dict[int, int]
    decided: dict[int, tuple[bytes, int]]  # height -> hash, and the term of whoever decided it first
    budget: Budget
    path: tuple[str, ...]


class ViolationError(AssertionError):
    """A safety property is broken; the message tells the property and the shortest way there."""


class Outcome(NamedTuple):
    """What a search has seen."""

    states: int
    transitions: int
    depth: int
    decided: int  # states in which something is decided


def explore(voters: int, depth: int, budget: Budget, *, states_max: int = 10**9, led: bool = False) -> Outcome:
    """Visit every state within ``depth`` events, breadth first; ViolationError at the first that is unsafe.

    ``led`` starts where server 0 has been elected and everyone knows it, which saves the search an election.
    """
    start = _start(voters, budget)
    if led:
        start = _elected(start)
    seen = {_fingerprint(start)}
    frontier = deque([start])
    transitions = decided = deepest = 0
    while frontier and len(seen) < states_max:
        world = frontier.popleft()
        if len(world.path) == depth:
            continue
        for successor in _successors(world):
            transitions += 1
            mark = _fingerprint(successor)
            if mark in seen:
                continue
            seen.add(mark)
            deepest = max(deepest, len(successor.path))
            decided += bool(successor.decided)
            frontier.append(successor)
    return Outcome(len(seen), transitions, deepest, decided)


def _start(voters: int, budget: Budget) -> World:
    everyone = tuple(range(voters))
    cores = tuple(_core(me, everyone, {}) for me in everyone)
    for core in cores:
        core.start(0)
    return World(cores, tuple({} for _ in everyone), (), {}, {}, budget, ())


def _elected(world: World) -> World:
    """Server 0 leads term 1, and nothing is under way."""
    world = _step(world, 0, "0 times out", lambda core: core.timer(LATER, "raft.election"))
    while world.flights:
        (sender, receiver, message), rest = world.flights[0], world.flights[1:]
        world = world._replace(flights=rest)
        world = _step(world, receiver, "", lambda core, s=sender, m=message: core.receive(0, s, m))
    return world._replace(path=())


def _core(me: int, voters: tuple[int, ...], disk: dict[str, dict[Any, Any]]) -> RaftCore:
    image = {space: dict(records) for space, records in disk.items()}
    application = LabApplication(executed=10**9)
    return RaftCore(Setup(me, voters, GENESIS.hash, application, LabCrypto(me), image, random=int))


def _successors(world: World) -> Iterator[World]:
    for place, (sender, receiver, message) in enumerate(world.flights):
        remaining = world._replace(flights=world.flights[:place] + world.flights[place + 1 :])
        for now in (0, LATER) if isinstance(message, PreVote | RequestVote) else (0,):
            name = f"{sender}->{receiver} {type(message).__name__}{' late' if now else ''}"
            yield _step(remaining, receiver, name, lambda core, s=sender, m=message, t=now: core.receive(t, s, m))
    budget = world.budget
    for me, core in enumerate(world.cores):
        role = core.server.role
        if budget.elections and not isinstance(role, Leader):
            poorer = world._replace(budget=budget._replace(elections=budget.elections - 1))
            yield _step(poorer, me, f"{me} times out", lambda core: core.timer(LATER, "raft.election"))
        if budget.heartbeats and isinstance(role, Leader | PreCandidate | Candidate):
            poorer = world._replace(budget=budget._replace(heartbeats=budget.heartbeats - 1))
            for now in (0, LATER) if isinstance(role, Leader) else (0,):
                yield _step(poorer, me, f"{me} beats", lambda core, t=now: core.timer(t, "raft.heartbeat"))
        if budget.proposals and core.slot() is not None:
            poorer = world._replace(budget=budget._replace(proposals=budget.proposals - 1))
            yield _step(poorer, me, f"{me} proposes", lambda core, m=me: core.propose(0, _next_block(core, m)))
        if budget.crashes:
            poorer = world._replace(budget=budget._replace(crashes=budget.crashes - 1))
            yield _restarted(poorer, me)


def _next_block(core: RaftCore, me: int) -> Any:
    slot = core.slot()
    assert slot is not None
    return make_block(slot.height, slot.parent, slot.round, me)


def _restarted(world: World, me: int) -> World:
    core = _core(me, world.cores[me].server.voters, world.disks[me])
    core.start(0)
    return world._replace(cores=(*world.cores[:me], core, *world.cores[me + 1 :]), path=(*world.path, f"{me} restarts"))


def _step(world: World, me: int, name: str, act: Any) -> World:
    """One event at one server: only that server, its disk and the messages are new."""
    core = _copy(world.cores[me])
    disk = {space: dict(records) for space, records in world.disks[me].items()}
    flights, decided = list(world.flights), dict(world.decided)
    path = (*world.path, name)
    for effect in act(core):
        match effect:
            case Send():
                flights.append((me, effect.to, effect.message))
            case Broadcast():
                flights += [(me, other, effect.message) for other in core.server.peers]
            case Persist():
                apply_records(disk, effect.records)
            case Commit():
                apply_records(disk, (Put(BLOCKS, effect.height, effect.block),))
                known, _ = decided.setdefault(effect.height, (effect.block.hash, core.server.term))
                _require(known == effect.block.hash, "state-machine safety", path)
            case Rejected():
                _require(holds=False, name=f"an honest message is rejected: {effect.reason}", path=path)
    after = World(
        cores=(*world.cores[:me], core, *world.cores[me + 1 :]),
        disks=(*world.disks[:me], disk, *world.disks[me + 1 :]),
        flights=tuple(flights),
        leaders=world.leaders,
        decided=decided,
        budget=world.budget,
        path=path,
    )
    return _checked(after, me)


def _copy(core: RaftCore) -> RaftCore:
    """A copy that shares what never changes."""
    server = core.server
    shared = [server.application, server.crypto, server.options, *server.log._blocks]
    return deepcopy(core, {id(one): one for one in shared})


def _checked(world: World, me: int) -> World:
    """The properties of the paper's figure 3 that this server's step may have broken."""
    server = world.cores[me].server
    if isinstance(server.role, Leader):
        leader = world.leaders.get(server.term, me)
        _require(leader == me, "election safety", world.path)
        if server.term not in world.leaders:
            world = world._replace(leaders={**world.leaders, server.term: me})
        for height, (block_hash, term) in world.decided.items():
            complete = server.log.last_index >= height and server.log.hash_at(height) == block_hash
            _require(term >= server.term or complete, "leader completeness", world.path)
    for other in world.cores:
        theirs = other.server.log
        for index in range(1, min(theirs.last_index, server.log.last_index) + 1):
            if theirs.term_at(index) == server.log.term_at(index):
                _require(theirs.hash_at(index) == server.log.hash_at(index), "log matching", world.path)
    return world


def _require(holds: bool, name: str, path: tuple[str, ...]) -> None:
    if not holds:
        raise ViolationError(f"{name}:\n  " + "\n  ".join(path))


def _fingerprint(world: World) -> bytes:
    flights = sorted(_encode(flight) for flight in world.flights)
    states = [core.state_hash() for core in world.cores]
    rest = (states, flights, sorted(world.leaders.items()), sorted(world.decided.items()), world.budget)
    return blake2b(_encode(rest), digest_size=12).digest()
