"""The tables of misbehaviour hold what detection.json does, and are absent where nothing was asked of it."""

import pytest

from scenarios.results.detection import FalseAlarm, Score, Told, detection_json
from scenarios.results.exports.detection import FALSE_ALARMS, LIES
from scenarios.results.exports.source import ExtractError, RunFiles

LIE = Told(by="i", step="deposit", subject="i/3", fate="missed", told_ms=5, caught_ms=None, why="")
ALARM = FalseAlarm(subject="i/4", at_ms=7, why="looked like one")


@pytest.fixture
def files(folder):
    return RunFiles(folder)


def test_every_lie_and_every_false_alarm_is_a_row(files):
    score = Score(kind="silent-policy-edit", lies=(LIE,), false_alarms=(ALARM,))
    files.folder.write(files.folder.detection, detection_json([score]))
    assert LIES.absent(files) is FALSE_ALARMS.absent(files) is None
    assert list(LIES.rows(files)) == [("silent-policy-edit", "i", "deposit", "i/3", "missed", 5, None, "")]
    assert list(FALSE_ALARMS.rows(files)) == [("silent-policy-edit", "i/4", 7, "looked like one")]


def test_a_run_without_is_said_to_have_none(files):
    assert LIES.absent(files) == "this scenario asks for no detection of misbehaviour"


def test_a_file_that_is_none_is_named(files):
    files.folder.write(files.folder.detection, b"{}")
    with pytest.raises(ExtractError, match=r"detection\.json"):
        list(LIES.rows(files))
