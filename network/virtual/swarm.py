"""Random fault plans.

Which kinds of fault a run has at all is drawn first, run by run (a *swarm*): a fixed mix of everything hides bugs
that need the absence of some fault (Groce et al., "Swarm testing", ISSTA 2012).

A plan has two phases. Until ``heal_ns`` anything may happen, up to the crash of every node. From then on a *core*
of nodes, as many as the protocol needs, is left in peace; the others stay dead. In the first phase only safety is
asked for, in the second progress as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from consensus.vocabulary import MILLISECOND, NodeId
from network.virtual.draws import Stream
from network.virtual.faults import (
    BitRot,
    BrokerDown,
    Clock,
    Corrupt,
    Crash,
    Cut,
    Delay,
    Duplicate,
    Fault,
    Flap,
    FullDisk,
    Loss,
    Pause,
    Reorder,
    Ring,
    Slow,
    SlowDisk,
    Throttle,
    TornWrite,
)

FAULTS_MAX = 24


def draw_plan(seed: int, nodes: int, voters: Sequence[NodeId], spared: int, heal_ns: int) -> tuple[Fault, ...]:
    """A plan for ``nodes`` nodes. From ``heal_ns`` on, some ``spared`` of the voters at least are well."""
    draws = Stream(f"{seed}/plan")
    kinds = [kind for kind in _KINDS if not draws.below(3)] or [_KINDS[draws.below(len(_KINDS))]]
    plan = []
    for _ in range(1 + draws.below(FAULTS_MAX)):
        at = draws.below(heal_ns - 1)
        lasting = 1 + draws.below(max(1, (heal_ns - at) >> draws.below(5)))
        plan.append(kinds[draws.below(len(kinds))](draws, nodes, at, lasting))
    plan.sort(key=lambda fault: fault.at_ns)
    return (*plan, *_the_dead(draws, voters, spared, heal_ns))


def _the_dead(draws: Stream, voters: Sequence[NodeId], spared: int, heal_ns: int) -> list[Crash]:
    """Voters that are gone for good once the network heals: none in half of the runs."""
    spare = len(voters) - spared
    count = draws.below(spare + 1) if draws.below(2) else 0
    left = list(voters)
    return [Crash(at_ns=heal_ns, node=left.pop(draws.below(len(left)))) for _ in range(count)]


def _crash(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    return Crash(at_ns=at, for_ns=lasting, node=draws.below(nodes))


def _blink(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    """A crash so short that the others may not notice."""
    return Crash(at_ns=at, for_ns=min(lasting, 1 + draws.below(50 * MILLISECOND)), node=draws.below(nodes))


def _pause(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    return Pause(at_ns=at, for_ns=lasting, node=draws.below(nodes))


def _cut(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    one = tuple(node for node in range(nodes) if draws.below(2)) or (draws.below(nodes),)
    return Cut(at_ns=at, for_ns=lasting, one=one, one_way=not draws.below(3))


def _isolate(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    return Cut(at_ns=at, for_ns=lasting, one=(draws.below(nodes),), one_way=not draws.below(3))


def _loss(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    sources = (draws.below(nodes),) if draws.below(2) else ()
    return Loss(at_ns=at, for_ns=lasting, ppm=10_000 << draws.below(7), sources=sources)


def _duplicate(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:  # noqa: ARG001 (one signature for all)
    return Duplicate(at_ns=at, for_ns=lasting, ppm=50_000 << draws.below(5))


def _delay(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    targets = (draws.below(nodes),) if draws.below(2) else ()
    return Delay(at_ns=at, for_ns=lasting, extra_ns=MILLISECOND << draws.below(11), targets=targets)


def _slow_disk(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    return SlowDisk(at_ns=at, for_ns=lasting, node=draws.below(nodes), extra_ns=MILLISECOND << draws.below(10))


def _full_disk(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    return FullDisk(at_ns=at, for_ns=lasting, node=draws.below(nodes))


def _bridge(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    """Two halves that hear of each other only what one node between them passes on."""
    between = draws.below(nodes)
    rest = [node for node in range(nodes) if node != between]
    half = len(rest) // 2
    return Cut(at_ns=at, for_ns=lasting, one=tuple(rest[:half]) or (between,), other=tuple(rest[half:]))


def _ring(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    left = list(range(nodes))
    return Ring(at_ns=at, for_ns=lasting, order=tuple(left.pop(draws.below(len(left))) for _ in range(nodes)))


def _flap(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    down, up = (lasting // 12 + 1 + draws.below(MILLISECOND << draws.below(10)) for _ in range(2))
    return Flap(at_ns=at, for_ns=lasting, one=(draws.below(nodes),), down_ns=down, up_ns=up)


def _corrupt(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    sources = (draws.below(nodes),) if draws.below(2) else ()
    return Corrupt(at_ns=at, for_ns=lasting, ppm=10_000 << draws.below(6), sources=sources)


def _reorder(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:  # noqa: ARG001
    by = MILLISECOND << draws.below(10)
    return Reorder(at_ns=at, for_ns=lasting, ppm=50_000 << draws.below(5), by_ns=by)


def _throttle(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    return Throttle(at_ns=at, for_ns=lasting, bytes_per_s=20_000 << draws.below(8), sources=(draws.below(nodes),))


def _broker_down(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:  # noqa: ARG001
    return BrokerDown(at_ns=at, for_ns=lasting, backlog=bool(draws.below(2)))


def _slow(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    return Slow(at_ns=at, for_ns=lasting, node=draws.below(nodes), extra_ns=MILLISECOND << draws.below(5))


def _clock(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    """A clock that is wrong by up to a second, or up to a tenth too fast or too slow, or both."""
    step = (draws.below(2_000) - 1_000) * MILLISECOND if draws.below(2) else 0
    drift = draws.below(200_000) - 100_000 if draws.below(2) else 1_000
    return Clock(at_ns=at, for_ns=lasting, node=draws.below(nodes), step_ns=step, drift_ppm=drift)


def _torn_write(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    return TornWrite(at_ns=at, for_ns=lasting, node=draws.below(nodes))


def _bit_rot(draws: Stream, nodes: int, at: int, lasting: int) -> Fault:
    return BitRot(at_ns=at, for_ns=lasting, node=draws.below(nodes))


_KINDS: tuple[Callable[[Stream, int, int, int], Fault], ...] = (
    _crash,
    _blink,
    _pause,
    _cut,
    _isolate,
    _loss,
    _duplicate,
    _delay,
    _slow_disk,
    _full_disk,
    _bridge,
    _ring,
    _flap,
    _corrupt,
    _reorder,
    _throttle,
    _broker_down,
    _slow,
    _clock,
    _torn_write,
    _bit_rot,
)
