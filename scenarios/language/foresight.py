"""What can be told of a run before it: times without a quorum, expectations that cannot fail, loads that are too much.

All of these are warnings. Each rule is a function from a scenario to what it finds, as in ``semantics``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from consensus.protocols import protocol_names
from scenarios.language.carrying import too_much
from scenarios.language.comparisons import Comparison, Constant, parse_comparison
from scenarios.language.findings import Finding, arithmetic
from scenarios.language.models.business import STORY_FLOWS
from scenarios.language.models.expect import Compared, MetricBound
from scenarios.language.models.faults import Fault
from scenarios.language.problems import Path, Severity
from scenarios.language.quantities import Quantity
from scenarios.language.schema import Scenario
from scenarios.language.units import Span, format_duration

_SHARE_OF_ALL = 1_000_000
_MAY_BE_OWED = ("accounts.", "economics.net.", "economics.lost.")
"""Measures whose values may be less than nothing begin like this: what is owed, and what a year loses."""


class _Trouble(NamedTuple):
    """A fault's time, whom it takes down, and the groups that it makes of the network (of the nodes it names)."""

    start_ns: int
    end_ns: int
    down: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()


def _a_quorum_is_missed(scenario: Scenario) -> Iterator[Finding]:
    """Times in which no group of voters that can talk is a quorum, and which nobody expects to stall."""
    if scenario.consensus.protocol not in protocol_names() or not scenario.voters:
        return
    sums = arithmetic(scenario)
    voters = [scenario.member_names[number].name for number in scenario.voters][: sums.n]
    troubles = [trouble for fault in scenario.faults if (trouble := _trouble(scenario, fault)) is not None]
    for span, most in _short(troubles, voters, sums.quorum):
        expected = any(_overlap(span, stall) for stall in scenario.expect.liveness.stalls_during)
        if not expected:
            when = f"from {format_duration(span.start_ns)} to {format_duration(span.end_ns)}"
            message = (
                f"{when} at most {most} of {sums.n} voters can talk to each other: no quorum of {sums.quorum}, "
                "nothing is decided; say `expect.liveness.stalls_during` if that is the point"
            )
            yield Finding(("faults",), message, Severity.WARNING)


def _trouble(scenario: Scenario, fault: Fault) -> _Trouble | None:
    """What ``fault`` does to the voters' talk; None for one that begins at no certain time, or harms no talk."""
    if fault.at is None:
        return None
    end = scenario.run.duration if fault.for_ is None else fault.at + fault.for_
    down: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    if fault.kind == "crash" and fault.restart_after is not None:
        end, down = fault.at + fault.restart_after, fault.names
    elif fault.kind == "pause":
        down = fault.names
    elif fault.kind == "cut" and not fault.one_way and fault.from_ is None:
        groups = (fault.cut or (),)
    elif fault.kind == "partition":
        groups = tuple(group for group in fault.partition or () if group != "rest")
    elif fault.kind == "broker_down":
        groups = tuple((member.name,) for member in scenario.member_names)
    return _Trouble(fault.at, end, down, groups) if down or groups else None


def _short(troubles: Sequence[_Trouble], voters: Sequence[str], quorum: int) -> Iterator[tuple[Span, int]]:
    """Every time in which the largest group is no quorum, neighbours joined, with the most that there ever are."""
    bounds = sorted({edge for trouble in troubles for edge in (trouble.start_ns, trouble.end_ns)})
    open_span: tuple[Span, int] | None = None
    for start, end in pairwise(bounds):
        on = [trouble for trouble in troubles if trouble.start_ns <= start < trouble.end_ns]
        most = _largest(on, voters)
        if most >= quorum:
            if open_span is not None:
                yield open_span
            open_span = None
        elif open_span is None:
            open_span = Span(start, end), most
        else:
            open_span = Span(open_span[0].start_ns, end), max(most, open_span[1])
    if open_span is not None:
        yield open_span


def _largest(troubles: Sequence[_Trouble], voters: Sequence[str]) -> int:
    """How many voters the largest group has: those who are up, and in the same group of every split."""
    down = {name for trouble in troubles for name in trouble.down}
    unnamed = sum(name not in voters and name in {"leader", "follower"} for name in down)
    sizes: dict[tuple[int, ...], int] = {}
    for voter in voters:
        if voter in down:
            continue
        side = tuple(
            next((number for number, group in enumerate(trouble.groups) if voter in group), -1)
            for trouble in troubles
            if trouble.groups
        )
        sizes[side] = sizes.get(side, 0) + 1
    return max(sizes.values(), default=0) - unnamed


def _overlap(one: Span, other: Span) -> bool:
    return one.start_ns < other.end_ns and other.start_ns < one.end_ns


def _expectations_can_fail(scenario: Scenario) -> Iterator[Finding]:
    """An expectation that no run could ever miss says nothing."""
    for index, asked in enumerate(scenario.expect.metrics):
        path: Path = ("expect", "metrics", index)
        message = _never_fails(asked)
        if message:
            yield Finding(path, f"this expectation can never fail: {message}", Severity.WARNING)
        if asked.during is not None and asked.during.start_ns >= scenario.run.duration:
            yield Finding((*path, "during"), "begins after the run's duration: nothing is judged", Severity.WARNING)
        if asked.outside is not None and not scenario.faults:
            yield Finding((*path, "outside"), "there are no faults to be outside of", Severity.WARNING)
    liveness = scenario.expect.liveness
    for index, stall in enumerate(liveness.stalls_during):
        if stall.start_ns >= scenario.run.duration:
            path = ("expect", "liveness", "stalls_during", index)
            yield Finding(path, "this expectation can never fail: the run is over by then", Severity.WARNING)
    if liveness.recovers_within is not None and liveness.recovers_within >= scenario.run.duration:
        path = ("expect", "liveness", "recovers_within")
        yield Finding(path, "this expectation can never fail: the run does not last that long", Severity.WARNING)
    if "privacy" in scenario.expect.safety and not scenario.canaries:
        message = "`privacy` looks for canaries, and none are declared: nothing is judged"
        yield Finding(("expect", "safety"), message, Severity.WARNING)


def _never_fails(asked: MetricBound | Compared) -> str:
    if isinstance(asked, Compared):
        return _always(parse_comparison(asked.that))
    if asked.equals is not None:
        return ""
    if asked.max is None and asked.min is not None and asked.min.value <= 0 and asked.min.kind != "money":
        return "no measure is less than nothing"
    if asked.min is None and asked.max is not None and asked.max == Quantity(_SHARE_OF_ALL, "share"):
        return "no share is more than all"
    return ""


def _always(comparison: Comparison) -> str:
    """Why the comparison holds whatever is measured, or nothing."""
    if not comparison.names:
        return "it compares no measure"
    if comparison.left == comparison.right and comparison.sign in {"==", "<=", ">="}:
        return "both sides are the same"
    sides = {">=": (comparison.left, comparison.right), "<=": (comparison.right, comparison.left)}
    greater, less = sides.get(comparison.sign, (None, None))
    counts = not any(name.startswith(_MAY_BE_OWED) for name in comparison.names)
    if counts and isinstance(less, Constant) and not less.value.number and not isinstance(greater, Constant):
        return "no measure is less than nothing" if _grows(greater) else ""
    return ""


def _grows(expression: object) -> bool:
    """Is it made of measures by what never makes less than nothing of them?"""
    match expression:
        case ("-", _, _):
            return False
        case (_, left, right):
            return _grows(left) and _grows(right)
        case _:
            return True


def _loads_are_carried(scenario: Scenario) -> Iterator[Finding]:
    """More steps than could be decided, by the simplest of sums; and cases that begin once the run is over."""
    for path, message in too_much(scenario):
        yield Finding(path, message, Severity.WARNING)


def _privacy_is_kept(scenario: Scenario) -> Iterator[Finding]:
    """Modes of privacy are those of a story's payloads; who asks for one in a workload would believe to have it."""
    in_the_clear = any(flow.flow not in STORY_FLOWS for flow in scenario.workload)
    if in_the_clear and "privacy" in scenario.model_fields_set and scenario.privacy != "plain":
        message = "workloads are in the clear: this is for what a story's steps share; say `plain`, or leave it out"
        yield Finding(("privacy",), message, Severity.WARNING)


FORESEEN: tuple[Callable[[Scenario], Iterator[Finding]], ...] = (
    _a_quorum_is_missed,
    _expectations_can_fail,
    _loads_are_carried,
    _privacy_is_kept,
)
