"""How the plan of a trial is drawn: strategies, which differ in what they are good at finding.

* ``swarm``: the plan of :mod:`network.virtual.swarm`, made up to at least three kinds of fault; every second seed has
  *churn* laid over it, and every third an ambush; another third is an ambush over mild noise. This is what
  ``consortium check`` draws. In every second seed no cut keeps clients from nodes: a leader that is cut off has work.
* ``churn``: nothing but short partitions, crashes and pauses, one after the other, each about as long as an election:
  leaders come and go, and leave unfinished work behind.
* ``ambush``: the faults of :mod:`scenarios.adversary.ambush` and nothing else.
* ``contest``: everybody loses everybody now and then, and all stand for election at once when they meet again, over
  slow links that double and reorder what is said; voters crash for a moment just then.
* ``relay`` and ``torn``: an ambush alone, of the style *relieved* or *written*.
* ``hoard``: the ambush of :mod:`scenarios.adversary.hoard` alone, which makes certificates of PBFT contradict others.
* ``lag``: the ambush of :mod:`scenarios.adversary.lag` alone, which has nodes install snapshots, and strikes then.
* ``loss``: every message is lost with the same small chance, and nothing else happens. What a naive fuzzer does; here
  to compare with.
* ``twins``: no fault at all, but f members of PBFT run twice (:mod:`scenarios.adversary.twins`). A swarm in which
  somebody may lie does this in one of six seeds.

Every plan has the two phases: from ``heal_ns`` on nothing happens any more, but that the dead stay dead.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from consensus.protocols import protocol as registered
from consensus.vocabulary import MILLISECOND, SECOND
from network.virtual.case import Case
from network.virtual.draws import Stream
from network.virtual.faults import BrokerDown, Crash, Cut, Delay, Duplicate, Fault, Loss, Pause, Reorder
from network.virtual.swarm import draw_plan

KINDS_MIN = 3
"""Kinds of faults that a swarm's plan has at least."""

FAULTS_MAX = 30
"""Items that a plan has at most."""


def laid(strategy: str, case: Case) -> Case:
    """``case`` with the plan that ``strategy`` draws for it; KeyError for an unknown one."""
    plan = STRATEGIES[strategy](case)
    return msgspec.structs.replace(case, plan=tuple(sorted(plan, key=lambda fault: fault.at_ns)))


def ambushed(strategy: str, seed: int) -> bool | str:
    """Is an ambush laid over the plan of ``seed``? Of which style, where the strategy says so?"""
    return _STYLES.get(strategy, False) or (strategy == "swarm" and seed % 3 != 1)


def _swarm(case: Case) -> tuple[Fault, ...]:
    if case.seed % 3 == 2:
        return _contest(case) if case.seed // 3 % 2 else (*noise(case), *_dead(case))
    plan = _mixed(case)
    return _sparing_clients(plan, case.nodes) if case.seed // 2 % 2 else plan


def _mixed(case: Case) -> tuple[Fault, ...]:
    plan = case.plan
    if case.seed % 2:
        forever = tuple(fault for fault in plan if fault.at_ns >= case.heal_ns)
        churn = _churn(case)[: FAULTS_MAX - len(forever)]
        plan = (*plan[: max(0, FAULTS_MAX - len(churn) - len(forever))], *churn, *forever)
        plan = tuple(dict.fromkeys(plan))
    quorum = registered(case.protocol).quorum(len(case.voters))
    more = 0
    while len(kinds := {type(fault) for fault in plan if fault.at_ns < case.heal_ns}) < KINDS_MIN:
        more += 1
        drawn = draw_plan(case.seed + (more << 32), case.nodes, case.voters, quorum, case.heal_ns)
        fresh = [fault for fault in drawn if type(fault) not in kinds and fault.at_ns < case.heal_ns]
        plan = (*plan, *fresh[: max(1, FAULTS_MAX - len(plan))])
    return plan


def _churn(case: Case) -> tuple[Fault, ...]:
    """Up to 20 faults, a third of a second to two seconds apart; a node in the minority has often just led."""
    draws = Stream(f"{case.seed}/churn")
    step = (150 + draws.below(1200)) * MILLISECOND
    plan: list[Fault] = []
    at = step
    while at < case.heal_ns - step and len(plan) < 20:
        lasting = min(case.heal_ns - at - 1, step // 4 + draws.below(2 * step))
        node = draws.below(case.nodes)
        match draws.below(6):
            case 0:
                plan.append(Crash(at_ns=at, for_ns=lasting, node=node))
            case 1:
                plan.append(Pause(at_ns=at, for_ns=lasting, node=node))
            case 2:
                plan.append(Cut(at_ns=at, for_ns=lasting, one=(node,), one_way=bool(draws.below(2))))
            case _:
                side = [other for other in range(case.nodes) if draws.below(2)] or [node]
                plan.append(Cut(at_ns=at, for_ns=lasting, one=tuple(side)))
        at += step // 2 + draws.below(step)
    return tuple(plan)


def _churn_alone(case: Case) -> tuple[Fault, ...]:
    return _churn(case) or case.plan


def _nothing(case: Case) -> tuple[Fault, ...]:
    """Noise that doubles a message now and then; the rest is left to the ambush."""
    noise = Duplicate(at_ns=0, for_ns=case.heal_ns, ppm=200_000)
    return (*([noise] if case.seed % 2 else []), *(fault for fault in case.plan if fault.at_ns >= case.heal_ns))


def noise(case: Case) -> tuple[Fault, ...]:
    """Messages that come twice, late, out of order or not at all, each now and then."""
    draws = Stream(f"{case.seed}/noise")
    lasting = case.heal_ns
    by_ns = MILLISECOND << draws.below(8)
    return (
        Duplicate(at_ns=0, for_ns=lasting, ppm=20_000 << draws.below(5)),
        Reorder(at_ns=0, for_ns=lasting, ppm=20_000 << draws.below(4), by_ns=by_ns),
        Loss(at_ns=0, for_ns=lasting, ppm=1_000 << draws.below(6)),
    )


def _dead(case: Case) -> tuple[Fault, ...]:
    """Those that are gone for good once the network heals."""
    return tuple(fault for fault in case.plan if fault.at_ns >= case.heal_ns)


def _contest(case: Case) -> tuple[Fault, ...]:
    """Silences longer than an election timeout, each followed by crashes that last a blink."""
    draws = Stream(f"{case.seed}/contest")
    lasting = case.heal_ns
    plan: list[Fault] = [
        Delay(at_ns=0, for_ns=lasting, extra_ns=MILLISECOND << draws.below(8)),
        Duplicate(at_ns=0, for_ns=lasting, ppm=50_000 << draws.below(4)),
        Reorder(at_ns=0, for_ns=lasting, ppm=50_000 << draws.below(4), by_ns=MILLISECOND << draws.below(9)),
    ]
    at = draws.below(SECOND)
    while at < lasting - 2 * SECOND and len(plan) < FAULTS_MAX - 6:
        silence = (600 + draws.below(600)) * MILLISECOND
        plan.append(BrokerDown(at_ns=at, for_ns=silence))
        at += silence
        for _ in range(draws.below(3)):
            when, blink = at + draws.below(400 * MILLISECOND), 1 + draws.below(20 * MILLISECOND)
            plan.append(Crash(at_ns=when, for_ns=blink, node=draws.below(case.nodes)))
        at += (500 + draws.below(1500)) * MILLISECOND
    return (*plan, *_dead(case))


def _sparing_clients(plan: tuple[Fault, ...], nodes: int) -> tuple[Fault, ...]:
    """The cuts of ``plan`` between nodes alone, where there are nodes on either side."""
    spared: list[Fault] = []
    for fault in plan:
        if isinstance(fault, Cut) and not fault.other:
            other = tuple(node for node in range(nodes) if node not in fault.one)
            spared.append(msgspec.structs.replace(fault, other=other) if other else fault)
        else:
            spared.append(fault)
    return tuple(spared)


def _none(case: Case) -> tuple[Fault, ...]:  # noqa: ARG001 - a strategy
    return ()


def _loss(case: Case) -> tuple[Fault, ...]:
    return (Loss(at_ns=0, for_ns=case.heal_ns, ppm=50_000),)


STRATEGIES: dict[str, Callable[[Case], tuple[Fault, ...]]] = {
    "swarm": _swarm,
    "churn": _churn_alone,
    "ambush": _nothing,
    "contest": _contest,
    "relay": _nothing,
    "hoard": _nothing,
    "torn": _nothing,
    "lag": _nothing,
    "loss": _loss,
    "twins": _none,
}

_STYLES: dict[str, bool | str] = {
    "ambush": True,
    "relay": "relieved",
    "torn": "written",
    "hoard": "hoard",
    "lag": "lag",
}
