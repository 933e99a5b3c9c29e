"""Tables of misbehaviour: every lie with its fate, and what was taken for one."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.results.detection import Score
from scenarios.results.exports.source import RunFiles
from scenarios.results.exports.tables import Row, Table, integer, text


def _lies(files: RunFiles) -> Iterator[Row]:
    for score in _scores(files):
        for lie in score.lies:
            yield score.kind, lie.by, lie.step, lie.subject, lie.fate, lie.told_ms, lie.caught_ms, lie.why


def _false_alarms(files: RunFiles) -> Iterator[Row]:
    for score in _scores(files):
        for alarm in score.false_alarms:
            yield score.kind, alarm.subject, alarm.at_ms, alarm.why


def _scores(files: RunFiles) -> tuple[Score, ...]:
    found: tuple[Score, ...] = files.document(files.folder.detection, tuple[Score, ...])
    return found


def _absent(files: RunFiles) -> str | None:
    return None if files.folder.detection.is_file() else "this scenario asks for no detection of misbehaviour"


LIES = Table(
    name="lies",
    meaning="What people lied about, a lie a row, and what became of it.",
    source="`detection.json`",
    columns=(
        text("kind", "of misbehaviour"),
        text("liar", "whose step it was"),
        text("step", "of the story or the flow"),
        text("subject", "the policy, claim or reading that an alarm had to name"),
        text("fate", "`prevented` by a contract, `detected` on the ledger, or `missed`"),
        integer("told_ms", "business time of the lie"),
        integer("caught_ms", "business time at which it was found; nothing where it was missed"),
        text("why", "what gave it away"),
    ),
    rows=_lies,
    absent=_absent,
)

FALSE_ALARMS = Table(
    name="false_alarms",
    meaning="Honest acts that a detector took for lies.",
    source="`detection.json`",
    columns=(
        text("kind", "of misbehaviour that it was taken for"),
        text("subject", "the policy, claim or reading"),
        integer("at_ms", "business time of the alarm"),
        text("why", "what made it look like one"),
    ),
    rows=_false_alarms,
    absent=_absent,
)
