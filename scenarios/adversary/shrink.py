"""Makes a failing trial small: delta debugging (Zeller & Hildebrandt 2002) on data, never by luck.

Every draw of the virtual world is keyed, so taking a fault out of the plan leaves every other latency, loss and timeout
as it was; what is left either still breaks the same property or it does not. In this order: faults that begin only
after the violation; ever smaller parts of the plan; liars and their behaviours; shorter faults; fewer operations;
fewer nodes. Then again, until nothing more can go or the budget is spent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from consensus.protocols import protocol as registered
from network.virtual.faults import Cut, Fault
from scenarios.adversary.play import Broken, Played, play
from scenarios.adversary.trial import Liar, Trial

TRIES_MAX = 300
_Item = TypeVar("_Item")


class Shrunk(msgspec.Struct, kw_only=True):
    """What is left of a trial, what it breaks, and how many smaller ones were tried.

    ``found`` is where shrinking began: the drawn trial with the faults of its ambush, if it had one, in the plan.
    """

    trial: Trial
    found: Trial
    broken: Broken
    tries: int = 0


def shrink(
    trial: Trial,
    broken: Broken,
    *,
    budget_s: float = 60.0,
    replay: Callable[..., Played] = play,
    progress: Callable[[Shrunk], None] | None = None,
) -> Shrunk:
    """The smallest trial found within ``budget_s`` CPU-seconds that breaks the property that ``trial`` breaks."""
    whole = _without_ambush(trial, broken, replay)
    best = Shrunk(trial=whole, found=whole, broken=broken)
    began = time.process_time()
    changed = True
    while changed:
        changed = False
        for simpler in _PASSES:
            for candidate in _until_none_helps(simpler, best):
                if best.tries >= TRIES_MAX or time.process_time() - began > budget_s:
                    return best
                best.tries += 1
                found = _breaks(candidate, broken.property, best.broken, replay)
                if found is not None:
                    best.trial, best.broken, changed = candidate, found, True
                    if progress is not None:
                        progress(best)
    return best


def _without_ambush(trial: Trial, broken: Broken, replay: Callable[..., Played]) -> Trial:
    """The same run with the faults of its ambush written into the plan."""
    if not trial.ambush:
        return trial
    laid = replay(trial).laid
    plan = tuple(sorted((*trial.case.plan, *laid), key=lambda fault: fault.at_ns))
    fixed = msgspec.structs.replace(_with_plan(trial, plan), ambush=False)
    return fixed if _breaks(fixed, broken.property, broken, replay) else trial


def _breaks(trial: Trial, wanted: str, before: Broken, replay: Callable[..., Played]) -> Broken | None:
    """What ``trial`` breaks if that is the wanted property. A broken promise of safety shows soon or is another one."""
    until_ns = None if wanted in _AT_THE_END else before.at_ns * 2
    broken = replay(trial, until_ns=until_ns).broken
    return broken if broken is not None and broken.property == wanted else None


_AT_THE_END = ("liveness", "quiet when idle", "linearizability", "money is conserved")
"""Properties that only a finished run can break."""


def _until_none_helps(simpler: Callable[[Trial, Broken], Iterator[Trial]], best: Shrunk) -> Iterator[Trial]:
    """Candidates of one pass; begins the pass anew whenever one of them was taken."""
    while True:
        taken = best.trial
        for candidate in simpler(taken, best.broken):
            yield candidate
            if best.trial is not taken:
                break
        else:
            return


# -- Passes: each tells smaller trials, the smallest first ---------------------------------------------------------


def _earlier_faults(trial: Trial, broken: Broken) -> Iterator[Trial]:
    plan = tuple(fault for fault in trial.case.plan if fault.at_ns <= broken.at_ns)
    if len(plan) < len(trial.case.plan):
        yield _with_plan(trial, plan)


def _fewer_faults(trial: Trial, broken: Broken) -> Iterator[Trial]:  # noqa: ARG001 - a pass
    for plan in _less(trial.case.plan):
        yield _with_plan(trial, plan)


def _fewer_liars(trial: Trial, broken: Broken) -> Iterator[Trial]:  # noqa: ARG001 - a pass
    for liars in _less(trial.liars):
        yield msgspec.structs.replace(trial, liars=liars)
    for place, liar in enumerate(trial.liars):
        for behaviours in _less(liar.behaviours):
            if behaviours:
                simpler = Liar(node=liar.node, behaviours=behaviours)
                yield msgspec.structs.replace(trial, liars=_replaced(trial.liars, place, simpler))


def _shorter_faults(trial: Trial, broken: Broken) -> Iterator[Trial]:
    plan = trial.case.plan
    for place, fault in enumerate(plan):
        for simpler in _simpler(fault, broken):
            yield _with_plan(trial, _replaced(plan, place, simpler))


def _fewer_operations(trial: Trial, broken: Broken) -> Iterator[Trial]:  # noqa: ARG001 - a pass
    whole = trial.operations
    for count in (1, whole // 10, whole // 2, whole * 3 // 4, whole * 9 // 10, whole - 1):
        if 0 < count < whole:
            yield msgspec.structs.replace(trial, operations=count)


def _fewer_nodes(trial: Trial, broken: Broken) -> Iterator[Trial]:  # noqa: ARG001 - a pass
    case = trial.case
    named = [liar.node for liar in trial.liars] + [node for fault in case.plan for node in _nodes_of(fault)]
    if trial.twins is not None or case.nodes <= 1 or case.nodes - 1 in named:
        return
    nodes = case.nodes - 1
    voters = registered(case.protocol).voters_of(tuple(voter for voter in case.voters if voter < nodes))
    if voters:
        yield msgspec.structs.replace(trial, case=msgspec.structs.replace(case, nodes=nodes, voters=voters))


_PASSES = (_earlier_faults, _fewer_faults, _fewer_liars, _shorter_faults, _fewer_operations, _fewer_nodes)


def _less(items: Sequence[_Item]) -> Iterator[tuple[_Item, ...]]:
    """``items`` without ever smaller parts of them: all, halves, quarters ... single ones."""
    size = len(items)
    while size:
        for start in range(0, len(items), size):
            yield (*items[:start], *items[start + size :])
        size //= 2


def _simpler(fault: Fault, broken: Broken) -> Iterator[Fault]:
    """Shorter, ended by the violation, or touching fewer."""
    lasting = getattr(fault, "for_ns", None)
    if lasting is not None and lasting > 1_000_000:
        yield msgspec.structs.replace(fault, for_ns=lasting // 2)
        if fault.at_ns + lasting > broken.at_ns + 1:
            yield msgspec.structs.replace(fault, for_ns=broken.at_ns - fault.at_ns + 1)
    if isinstance(fault, Cut):
        for one in _less(fault.one):
            if one:
                yield msgspec.structs.replace(fault, one=one)


def _nodes_of(fault: Any) -> Iterator[int]:
    if (node := getattr(fault, "node", None)) is not None:
        yield node
    for name in ("one", "other", "sources", "targets"):
        yield from getattr(fault, name, ())


def _replaced(items: tuple[_Item, ...], place: int, item: _Item) -> tuple[_Item, ...]:
    return (*items[:place], item, *items[place + 1 :])


def _with_plan(trial: Trial, plan: tuple[Fault, ...]) -> Trial:
    return msgspec.structs.replace(trial, case=msgspec.structs.replace(trial.case, plan=plan))
