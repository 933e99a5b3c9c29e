"""Scores: what is counted is what was caught, against a count made another way."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.language.models.misbehaviour import Detection
from scenarios.results.detection import FalseAlarm, Rate, Score, Told, auc_ppm
from scenarios.runner.misbehaviour.scoring import judged, scores_of, told
from scenarios.runner.misbehaviour.telling import Lie
from scenarios.runner.misbehaviour.watching import Alarm, Watched

KIND = "silent-policy-edit"
DAY = 86_400_000


def lie(number, at_ms=0):
    return Lie(kind=KIND, by="insurer-1", step=f"deposit-{number}", subject=f"bind-{number}", at_ms=at_ms)


def alarm(number, at_ms=DAY, prevented=False):
    return Alarm(subject=f"insurer-1/{number}", at_ms=at_ms, why="seen", prevented=prevented)


def score(monkeypatch, lies, alarms):
    monkeypatch.setattr("scenarios.runner.misbehaviour.scoring.DETECTORS", {KIND: lambda *_: iter(alarms)})
    objects = {f"bind-{number}": f"insurer-1/{number}" for number in range(100)}
    (found,) = scores_of(Watched(seen=(), tree=None), lies, objects, {KIND: Detection(recall="0 ppm")})
    return found


def test_lies_are_prevented_detected_or_missed_and_others_are_false_alarms(monkeypatch):
    found = score(
        monkeypatch,
        [lie(1), lie(2), lie(3)],
        [alarm(2, 5 * DAY), alarm(2), alarm(1, prevented=True), alarm(7), alarm(7, 2 * DAY)],
    )
    assert [one.fate for one in found.lies] == ["prevented", "detected", "missed"]
    assert [one.subject for one in found.false_alarms] == ["insurer-1/7"]
    assert (found.recall_ppm, found.precision_ppm, found.delays_ms) == (666_666, 666_666, (DAY, DAY))
    assert told(found) == (
        "3 lies: 1 prevented, 1 detected, 1 missed; 1 false alarm; recall 66.6 %, precision 66.6 %; "
        "caught after 24 h (median), 24 h at most"
    )


def test_nobody_lied(monkeypatch):
    found = score(monkeypatch, [], [])
    assert (found.recall_ppm, found.precision_ppm, told(found)) == (None, None, "nobody lied, 0 false alarms")


def one_score(prevented=1, detected=1, missed=0, false_alarms=0, delay_ms=DAY):
    fates = ["prevented"] * prevented + ["detected"] * detected + ["missed"] * missed
    return Score(
        kind=KIND,
        lies=tuple(
            Told(
                by="a",
                step=str(n),
                subject=str(n),
                fate=fate,
                told_ms=0,
                caught_ms=None if fate == "missed" else delay_ms,
                why="",
            )
            for n, fate in enumerate(fates)
        ),
        false_alarms=tuple(FalseAlarm(subject=f"x{n}", at_ms=0, why="") for n in range(false_alarms)),
    )


def test_what_is_asked_is_judged_at_its_bound():
    cases = [
        (Detection(recall="50%"), one_score(1, 0, 1), one_score(1, 0, 2)),
        (Detection(precision="50%"), one_score(1, 0, 0, 1), one_score(1, 0, 0, 2)),
        (Detection(prevented=1), one_score(1, 1), one_score(2, 0)),
        (Detection(false_alarms=1), one_score(false_alarms=1), one_score(false_alarms=2)),
        (Detection(within="1 day"), one_score(), one_score(delay_ms=DAY + 1)),
        (Detection(recall="0 ppm"), one_score(0, 0, 1), one_score(0, 0, 0)),
    ]
    for asked, right, wrong in cases:
        assert (judged(right, asked).verdict, judged(wrong, asked).verdict) == ("pass", "fail"), asked


@settings(deadline=None)  # a busy machine
@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.lists(st.integers(0, 9), min_size=1, max_size=20))
def test_the_area_is_the_chance_that_a_lie_scores_above_an_honest_act(lied, honest):
    """Mann and Whitney's count of pairs, ties as halves."""
    rates = [
        Rate(
            threshold=limit,
            caught=sum(value >= limit for value in lied),
            lies=len(lied),
            false_alarms=sum(value >= limit for value in honest),
            honest=len(honest),
        )
        for limit in range(11)
    ]
    pairs = sum(Fraction(1) if a > b else Fraction(a == b, 2) for a in lied for b in honest)
    assert auc_ppm(rates) == pairs * 1_000_000 // (len(lied) * len(honest))
