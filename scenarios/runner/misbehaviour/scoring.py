"""The score of detection: what detectors said beside who lied. Here alone the two meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from scenarios.language.models.misbehaviour import Detection, Kind
from scenarios.results import Expectation
from scenarios.results.detection import FATES, FalseAlarm, Rate, Score, Told
from scenarios.runner.misbehaviour.detectors import DETECTORS
from scenarios.runner.misbehaviour.detectors.bills import THRESHOLD_PERCENT, bills_of
from scenarios.runner.misbehaviour.telling import Lie
from scenarios.runner.misbehaviour.watching import Alarm, Watched
from scenarios.runner.words import counted

THRESHOLDS_PERCENT = (125, 150, 200, 250, 300, 400, 500, 700, 1_000)
"""At which the rates of a comparison of bills are told, besides its own."""

_COLLUSION = "colluding-hospital"


def scores_of(
    ledger: Watched, lies: Sequence[Lie], objects: Mapping[str, str], wanted: Mapping[Kind, Detection]
) -> tuple[Score, ...]:
    """One score for each kind of ``wanted``, in its order. ``objects``: the object that each step makes."""
    return tuple(
        _score(ledger, kind, asked, [lie for lie in lies if lie.kind == kind], objects)
        for kind, asked in wanted.items()
    )


def _score(ledger: Watched, kind: str, asked: Detection, lies: Sequence[Lie], objects: Mapping[str, str]) -> Score:
    alarms = _first_of_each(DETECTORS[kind](ledger, asked.threshold))
    truth = {objects[lie.subject]: lie for lie in lies}
    rates: tuple[Rate, ...] = ()
    threshold = asked.threshold
    if kind == _COLLUSION:
        threshold = THRESHOLD_PERCENT if threshold is None else threshold
        rates = _rates(ledger, frozenset(truth), threshold)
    return Score(
        kind=kind,
        lies=tuple(_told(lie, subject, alarms.get(subject)) for subject, lie in truth.items()),
        false_alarms=tuple(
            FalseAlarm(subject=subject, at_ms=alarm.at_ms, why=alarm.why)
            for subject, alarm in alarms.items()
            if subject not in truth
        ),
        threshold=threshold,
        rates=rates,
    )


def _first_of_each(alarms: Iterable[Alarm]) -> dict[str, Alarm]:
    """By subject, the earliest: what was refused, before what was found."""
    found: dict[str, Alarm] = {}
    for alarm in sorted(alarms, key=lambda alarm: (alarm.at_ms, not alarm.prevented, alarm.subject)):
        found.setdefault(alarm.subject, alarm)
    return found


def _told(lie: Lie, subject: str, alarm: Alarm | None) -> Told:
    return Told(
        by=lie.by,
        step=lie.step,
        subject=subject,
        fate="missed" if alarm is None else "prevented" if alarm.prevented else "detected",
        told_ms=lie.at_ms,
        caught_ms=None if alarm is None else max(alarm.at_ms, lie.at_ms),  # the ledger's own time lags behind
        why="" if alarm is None else alarm.why,
    )


def _rates(ledger: Watched, lies: frozenset[str], own: int) -> tuple[Rate, ...]:
    bills = bills_of(ledger)
    lied = [bill.percent for bill in bills if bill.claim in lies]
    honest = [bill.percent for bill in bills if bill.claim not in lies]
    return tuple(
        Rate(
            threshold=limit,
            caught=sum(percent >= limit for percent in lied),
            lies=len(lied),
            false_alarms=sum(percent >= limit for percent in honest),
            honest=len(honest),
        )
        for limit in sorted({*THRESHOLDS_PERCENT, own})
    )


def judged(score: Score, asked: Detection) -> Expectation:
    """Whether the detection of one kind comes to what is asked of it."""
    name = f"detection.{score.kind}"
    wrong = [text for text in _wrong(score, asked) if text]
    detail = told(score)
    return Expectation(name, "fail" if wrong else "pass", f"{'; '.join(wrong)}: {detail}" if wrong else detail)


def told(score: Score) -> str:
    """A score in one line."""
    if not score.lies:
        return f"nobody lied, {counted(len(score.false_alarms), 'false alarm')}"
    fates = ", ".join(f"{score.count(fate)} {fate}" for fate in FATES)
    parts = [
        f"{counted(len(score.lies), 'lie')}: {fates}; {counted(len(score.false_alarms), 'false alarm')}",
        f"recall {_percent(score.recall_ppm)}, precision {_percent(score.precision_ppm)}",
    ]
    if delays := score.delays_ms:
        parts.append(f"caught after {lasting(delays[(len(delays) - 1) // 2])} (median), {lasting(delays[-1])} at most")
    return "; ".join(parts)


def _wrong(score: Score, asked: Detection) -> Iterable[str]:
    for name, least, found in (
        ("recall", asked.recall, score.recall_ppm),
        ("precision", asked.precision, score.precision_ppm),
    ):
        if least is not None and (found is None or found < least):
            yield f"{name} is {_percent(found)}, should be at least {_percent(least)}"
    if asked.prevented is not None and score.count("prevented") != asked.prevented:
        yield f"{score.count('prevented')} prevented, should be {asked.prevented}"
    if asked.false_alarms is not None and len(score.false_alarms) > asked.false_alarms:
        yield f"{counted(len(score.false_alarms), 'false alarm')}, should be at most {asked.false_alarms}"
    if asked.within is not None and any(delay * 1_000_000 > asked.within for delay in score.delays_ms):
        yield f"{lasting(score.delays_ms[-1])} until the last was caught, should be {lasting(asked.within // 10**6)}"


def _percent(ppm: int | None) -> str:
    return "none" if ppm is None else f"{ppm // 10_000}.{ppm // 1_000 % 10} %"


def lasting(ms: int) -> str:
    """A length of business time, in the unit that leaves a few digits."""
    for unit, size in (("days", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if abs(ms) >= 2 * size:
            return f"{ms // size} {unit}"
    return f"{ms // 1000} s"
