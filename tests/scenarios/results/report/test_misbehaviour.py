"""The report's section on people who lie: every lie with its fate, and the curve of a detector with a threshold."""

import msgspec
import pytest

from scenarios.results.detection import FalseAlarm, Rate, Score, Told, detection_json
from scenarios.results.report import read_facts
from scenarios.results.report.misbehaviour import misbehaviour, roc
from scenarios.results.run_folder import RunFolder

pytestmark = pytest.mark.xdist_group("report")  # the run is made once

SCORE = Score(
    kind="colluding-hospital",
    lies=(
        Told(by="h", step="a", subject="h/1", fate="detected", told_ms=0, caught_ms=7_200_000, why="dear"),
        Told(by="h", step="b", subject="h/2", fate="missed", told_ms=0, caught_ms=None, why=""),
    ),
    false_alarms=(FalseAlarm(subject="g/1", at_ms=0, why="<b>dear</b>"),),
    threshold=300,
    rates=(
        Rate(threshold=200, caught=2, lies=2, false_alarms=3, honest=4),
        Rate(threshold=300, caught=1, lies=2, false_alarms=1, honest=4),
    ),
)


def test_a_run_that_asks_for_no_detection_says_so(folder):
    section = misbehaviour(read_facts(RunFolder(folder)))
    assert section.absent == "its scenario asks for no detection of misbehaviour"


def test_every_lie_is_there_with_its_fate(folder):
    run = RunFolder(folder)
    run.write(run.detection, detection_json([SCORE]))
    facts = read_facts(run)
    assert facts.scores == (SCORE,)
    scores, lies, suspected, rates = misbehaviour(facts).tables
    assert scores.rows == [
        ("colluding-hospital", "2", "0", "1", "1", "1", "50.0 %", "50.0 %", "2 h 0 min", "2 h 0 min")
    ]
    assert [(row[3], row[5].text, row[6]) for row in lies.rows] == [
        ("h/1", "detected", "2 h 0 min"),
        ("h/2", "missed", "–"),
    ]
    assert [row[1] for row in suspected.rows] == ["g/1"]
    assert [row[2] for row in rates.rows] == ["100.0 %", "50.0 %"]


def test_the_curve_goes_from_corner_to_corner_and_marks_the_threshold_in_force():
    drawn = str(roc(SCORE, 500))
    assert "M 52,232 161,122 379,12 488,12" in drawn
    assert drawn.count('class="dot"') == 1
    assert "threshold 300" in drawn


def test_a_score_that_is_none_is_refused():
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'[{"kind":"k","lies":[{"fate":"forgotten"}],"false_alarms":[]}]', type=tuple[Score, ...])
