"""What was injected or went wrong in a run, put beside what found it, from the run's files alone.

A detector here is what a member has: a contract's refusal, an audit of the ledger, a signature that does not hold, a
timeout that gives up on a leader, two certificates for one height. Where none of them answered, slower answers while a
fault lasted are what clients *felt*; and what not even that shows is *unseen*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from scenarios.results.course import Entry, Fault, Standing
from scenarios.results.detection import Score
from scenarios.results.exports.source import RunFiles
from scenarios.results.incidents.classes import Risk, of_code, of_expectation, of_fault, of_lie
from scenarios.results.incidents.equivocation import Split, splits
from scenarios.results.metrics import Summary
from scenarios.results.numbers import Natural

Fate = Literal["prevented", "detected", "felt", "unseen", "false alarm"]
_GARBLING = frozenset({"hijack", "corrupt"})


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that went wrong. ``what``: injected, or observed without a cause known to the run.

    ``clock`` says of what ``at`` and ``after`` are: nanoseconds of "run" time, or milliseconds of "business" time; None
    where the run does not keep when it was, or how soon it was found.
    """

    risk: Risk
    what: str
    injected: bool
    fate: Fate
    found: str
    clock: Literal["run", "business"] = "run"
    at: int | None = None
    after: int | None = None


class _Asked(msgspec.Struct, frozen=True, rename={"return_": "return"}):
    """A line of the history, as far as it matters here."""

    key: str
    call: Natural
    return_: Natural | None
    out: Any = None

    @property
    def code(self) -> str:
        found = self.out.get("code") if isinstance(self.out, dict) else None
        return found if isinstance(found, str) else "ok"


class _Seen(NamedTuple):
    """What detectors have to go by. ``garbled``: messages of the whole run."""

    standings: tuple[Standing, ...]
    faults: tuple[Fault, ...]
    asked: tuple[_Asked, ...]
    splits: tuple[Split, ...]
    garbled: int


def incidents_of(folder: Path) -> tuple[Incident, ...]:
    """Of the run in ``folder``: faults, lies, refusals, ledgers apart, expectations that failed, false alarms.

    ExtractError where the folder is no run's, or a file of it is malformed.
    """
    files = RunFiles(folder)
    places = files.folder
    course: tuple[Entry, ...] = ()
    if places.course.exists():
        course = tuple(files.json_lines(places.course, Entry))  # type: ignore[arg-type] # a union is a type to msgspec
    scores = files.document(places.detection, tuple[Score, ...]) if places.detection.exists() else ()
    measures = files.document(places.metrics_summary, dict[str, Summary])
    garbled = measures.get("network.garbled")
    seen = _Seen(
        standings=tuple(entry for entry in course if isinstance(entry, Standing)),
        faults=tuple(e for e in course if isinstance(e, Fault) and e.kind and e.kind != "restart"),
        asked=tuple(files.json_lines(places.history, _Asked)),
        splits=splits(files),
        garbled=0 if garbled is None else garbled.count,
    )
    lied = {lie.step for score in scores for lie in score.lies}
    return (
        *(_fault(fault, seen) for fault in seen.faults),
        *_apart(seen),
        *_lies(scores),
        *_refused(seen.asked, lied),
        *_failed(files),
    )


def _fault(fault: Fault, seen: _Seen) -> Incident:
    fate, found, after = _finding(fault, seen)
    return Incident(
        risk=of_fault(fault.kind), what=fault.line, injected=True, fate=fate, found=found, at=fault.at_ns, after=after
    )


def _finding(fault: Fault, seen: _Seen) -> tuple[Fate, str, int | None]:
    """By the strongest evidence first."""
    if fault.kind == "byzantine":
        liar = fault.line.partition(" lies")[0]
        for split in seen.splits:
            if liar in split.convicted:
                told = f"{liar} signed two blocks of height {split.height}: {' and '.join(split.holders)} hold one each"
                return "detected", told, None
    if fault.kind in _GARBLING and seen.garbled:
        return "prevented", f"signatures that do not hold: {seen.garbled} messages refused in the run", None
    gave_up = _gave_up(fault, seen.standings)
    if gave_up is not None:
        return "detected", f"{gave_up.node} gave up on round {gave_up.round - 1}", gave_up.at_ns - fault.at_ns
    slower = _slower(fault, seen)
    return ("felt", slower, None) if slower else ("unseen", "no detector saw it", None)


def _gave_up(fault: Fault, standings: Sequence[Standing]) -> Standing | None:
    """The first to enter a later round while the fault lasted, which is what a timeout does."""
    rounds: dict[str, int] = {}
    for standing in standings:
        before = rounds.get(standing.node)
        rounds[standing.node] = standing.round
        if fault.until_ns is not None and standing.at_ns > fault.until_ns:
            return None
        if standing.at_ns > fault.at_ns and before is not None and standing.round > before:
            return standing
    return None


def _slower(fault: Fault, seen: _Seen) -> str:
    """The slowest answer of those that the fault touched, where it is slower than any that no fault touched."""
    mine = [asked.return_ - asked.call for asked in seen.asked if asked.return_ is not None and _touches(fault, asked)]
    calm = [
        asked.return_ - asked.call
        for asked in seen.asked
        if asked.return_ is not None and not any(_touches(other, asked) for other in seen.faults)
    ]
    if not mine or not calm or max(mine) <= max(calm):
        return ""
    return f"clients: an answer took {max(mine) // 1_000_000} ms, otherwise {max(calm) // 1_000_000} ms at most"


def _touches(fault: Fault, asked: _Asked) -> bool:
    ended = asked.return_ is not None and asked.return_ < fault.at_ns
    return not ended and (fault.until_ns is None or asked.call <= fault.until_ns)


def _apart(seen: _Seen) -> Iterator[Incident]:
    """Ledgers that are not one, whoever is behind it."""
    for split in seen.splits:
        convicted = f"convicts {', '.join(split.convicted)}" if split.convicted else "convicts nobody"
        yield Incident(
            risk="technology",
            what=f"height {split.height} fell apart: {' and '.join(split.holders)} hold different blocks",
            injected=False,
            fate="detected",
            found=f"ledgers held against each other after the run; what is signed twice {convicted}",
        )


def _lies(scores: Sequence[Score]) -> Iterator[Incident]:
    for score in scores:
        for lie in score.lies:
            yield Incident(
                risk=of_lie(score.kind),
                what=f"{score.kind} by {lie.by}: {lie.step}",
                injected=True,
                fate="unseen" if lie.fate == "missed" else lie.fate,
                found=lie.why or "no detector saw it",
                clock="business",
                at=lie.told_ms,
                after=None if lie.caught_ms is None else lie.caught_ms - lie.told_ms,
            )
        for alarm in score.false_alarms:
            yield Incident(
                risk=of_lie(score.kind),
                what=f"{score.kind} suspected of {alarm.subject}, which is honest",
                injected=False,
                fate="false alarm",
                found=alarm.why,
                clock="business",
                at=alarm.at_ms,
            )


def _refused(asked: Sequence[_Asked], lied: set[str]) -> Iterator[Incident]:
    """What contracts refused of what is not known to be a lie: mistakes, or attempts; a line for each code."""
    others = [one for one in asked if one.code != "ok" and one.key not in lied]
    for code, number in sorted(Counter(one.code for one in others).items()):
        first = next(one for one in others if one.code == code)
        yield Incident(
            risk=of_code(code),
            what=f"{number} refused as {code}, {first.key} first",
            injected=False,
            fate="prevented",
            found="contracts, as they were executed: no effect",
            at=first.call,
            after=None if first.return_ is None else first.return_ - first.call,
        )


def _failed(files: RunFiles) -> Iterator[Incident]:
    """Expectations of safety and secrecy that did not hold."""
    for one in files.manifest.expectations:
        risk = of_expectation(one.name)
        if risk is not None and one.verdict == "fail":
            yield Incident(
                risk=risk,
                what=f"{one.name} does not hold",
                injected=False,
                fate="detected",
                found=f"judged after the run: {one.detail}" if one.detail else "judged after the run",
            )
