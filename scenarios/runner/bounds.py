"""Judges what a scenario asks of measures: bounds, comparisons, and both over a part of the run.

A part of the run is a list of times, each from a start up to an end; what happened in it lies in one of them whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from node.contracts.accounts import Account
from node.contracts.fields import MILLION
from node.ledger.state_tree import StateTree
from scenarios.language.comparisons import (
    PER_SECOND,
    Dimension,
    Operation,
    UnmeasuredError,
    Value,
    evaluate,
    holds,
    parse_comparison,
)
from scenarios.language.models.expect import Compared, Measured, MetricBound
from scenarios.language.quantities import Quantity
from scenarios.results import STATISTICS, Expectation, Metrics
from scenarios.runner.record import FaultDone, RunRecord

Times = Sequence[tuple[int, int]]

_DAY_NS = 86_400 * 10**9
_UNITS = ((10**6, "ms", 1_000), (10**9, "s", 600), (60 * 10**9, "min", 600), (3_600 * 10**9, "h", 48))
"""Each up to so many of it."""


class Measures:
    """What a run measured, by the names that expectations use. ``known`` are counters that may well be at nothing."""

    def __init__(self, metrics: Metrics, record: RunRecord, tree: StateTree | None, known: Sequence[str] = ()) -> None:
        self._metrics = metrics
        self._record = record
        self._tree = tree
        self._known = known

    def judge(self, asked: MetricBound | Compared) -> Expectation:
        """Whether what is asked holds."""
        within = self._part(asked)
        return self._compared(asked, within) if isinstance(asked, Compared) else self._bounded(asked, within)

    def _part(self, asked: Measured) -> Times | None:
        """The part of the run that is asked about; None for all of it."""
        if asked.during is None and asked.outside is None:
            return None
        end = self._record.ended_ns
        start, stop = (0, end) if asked.during is None else (asked.during.start_ns, min(asked.during.end_ns, end))
        return calm_times(self._record, start, stop) if asked.outside is not None else [(start, max(start, stop))]

    def _bounded(self, bound: MetricBound, within: Times | None) -> Expectation:
        if "." not in bound.metric or bound.metric.rpartition(".")[2] not in STATISTICS:
            return Expectation(bound.metric, "inconclusive", f"is no measure: end it in .{', .'.join(STATISTICS)}")
        value = self._metrics.value(bound.metric, self._record.ended_ns, within)
        if value is None:
            return Expectation(bound.metric, "inconclusive", f"was never measured{_where(bound)}")
        checks: tuple[tuple[Quantity | None, Callable[[int, int], bool], str], ...] = (
            (bound.min, lambda v, b: v >= b, "at least"),
            (bound.max, lambda v, b: v <= b, "at most"),
            (bound.equals, lambda v, b: v == b, "exactly"),
        )
        kind = next(limit.kind for limit, _, _ in checks if limit is not None)
        for limit, is_met, words in checks:
            if limit is not None and not is_met(value, limit.value):
                detail = f"is {told(value, kind)}{_where(bound)}, should be {words} {told(limit.value, kind)}"
                return Expectation(bound.metric, bound.severity, detail)
        return Expectation(bound.metric, "pass", f"is {told(value, kind)}{_where(bound)}")

    def _compared(self, asked: Compared, within: Times | None) -> Expectation:
        comparison = parse_comparison(asked.that)
        try:
            left = evaluate(comparison.left, lambda name: self._value(name, within))
            right = evaluate(comparison.right, lambda name: self._value(name, within))
            held = holds(comparison, left, right)
        except UnmeasuredError as error:
            return Expectation(asked.that, "inconclusive", f"{error}{_where(asked)}")
        ratio = isinstance(comparison.left, Operation) and comparison.left.sign == "/"
        detail = f"{told_value(left, ratio=ratio)} {comparison.sign} {told_value(right, ratio=ratio)}{_where(asked)}"
        return Expectation(asked.that, "pass" if held else asked.severity, detail if held else f"not so: {detail}")

    def _value(self, name: str, within: Times | None) -> Value:
        """The value of a name; UnmeasuredError where the run has none."""
        head, _, last = name.rpartition(".")
        if name.startswith("accounts."):
            return self._balance(head.removeprefix("accounts."), last)
        if name.startswith("records."):
            return self._records(name.removeprefix("records."))
        if last not in STATISTICS:
            counted = self._metrics.value(f"{name}.count", self._record.ended_ns, within)
            if not counted and name not in self._known and not self._metrics.has(name):
                raise UnmeasuredError(f"{name} was never counted")
            return Value(Fraction(counted or 0))
        found = self._metrics.value(name, self._record.ended_ns, within)
        if found is None:
            raise UnmeasuredError(f"{name} was never measured")
        if last == "rate":
            return Value(Fraction(found, PER_SECOND), Dimension(time=-1))
        unit = "events" if last == "count" else self._metrics.unit(head)
        if unit == "ppm":
            return Value(Fraction(found, MILLION))
        return Value(Fraction(found), {"ns": Dimension(time=1), "fen": Dimension(money=1)}.get(unit, Dimension()))

    def _balance(self, owner: str, kind: str) -> Value:
        found = None if self._tree is None else self._tree.get(Account.namespace, f"{owner}/{kind}")
        if found is None:
            raise UnmeasuredError(f"{owner} has no account `{kind}`")
        return Value(Fraction(found.balance_fen), Dimension(money=1))

    def _records(self, namespace: str) -> Value:
        if self._tree is None:
            raise UnmeasuredError("the nodes have no common state, to count records in")
        return Value(Fraction(sum(1 for _ in self._tree.items(namespace))))


def calm_times(record: RunRecord, start: int, end: int) -> Times:
    """The parts of [``start``, ``end``) in which no fault was on."""
    found: list[tuple[int, int]] = []
    at = start
    for begins, over in fault_times(record):
        if begins > at:
            found.append((at, min(begins, end)))
        at = max(at, over)
        if at >= end:
            return [(a, b) for a, b in found if a < b]
    return [(a, b) for a, b in [*found, (at, end)] if a < b]


def fault_times(record: RunRecord) -> list[tuple[int, int]]:
    """When faults were on, in order; without an end of its own, until its node is back, or to the run's end."""
    times = []
    for fault in record.faults:
        who = fault.line.split(" ", 1)[0]
        back = [later.now_ns for later in record.faults if _ends(later) and later.line.startswith(f"{who} ")]
        over = min([at for at in back if at > fault.now_ns], default=record.ended_ns)
        times.append((fault.now_ns, over if fault.until_ns is None else fault.until_ns))
    return sorted(times)


def _ends(fault: FaultDone) -> bool:
    return fault.until_ns == fault.now_ns


def _where(asked: Measured) -> str:
    """Over which part of the run, for people."""
    parts = []
    if asked.during is not None:
        parts.append(f"from {asked.during.start_ns / 1e9:g} s to {asked.during.end_ns / 1e9:g} s")
    if asked.outside is not None:
        parts.append("outside faults")
    return f" ({', '.join(parts)})" if parts else ""


def told(value: int, kind: str) -> str:
    """A measured value for people: ``kind`` as the bound's quantity has it."""
    match kind:
        case "duration":
            return _lasting(value)
        case "rate":
            return f"{value / 1e6:.3g}/s"
        case "share":
            return f"{value / 1e4:g} %"
        case "money":
            return f"{value / 100:,.2f} CNY"
        case _:
            return f"{value:,}"


def _lasting(ns: int) -> str:
    """A duration in the unit that suits it: claims take minutes on the chain and days on paper."""
    for unit_ns, word, most in _UNITS:
        if ns < most * unit_ns:
            return f"{ns / unit_ns:.3g} {word}"
    return f"{ns / _DAY_NS:.4g} days"


def told_value(value: Value, *, ratio: bool) -> str:
    """A value for people; a ``ratio`` as a percentage."""
    number = value.number
    match value.dimension:
        case Dimension(1, 0):
            return told(round(number), "duration")
        case Dimension(-1, 0):
            return told(round(number * PER_SECOND), "rate")
        case Dimension(0, 1):
            return told(round(number), "money")
        case Dimension(0, 0) if ratio:
            return f"{float(number * 100):.6g} %"
    return f"{float(number):.6g}"
