"""The files that a report is drawn from: the course of a run, and what virtual time makes of them."""

import json

import pytest

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.results.course import Course, Fault, course_lines
from scenarios.runner import run
from scenarios.shipped import find_scenario

FILES = ("course.jsonl", "exchanges.jsonl", "funnel.json", "metrics.json", "metrics.csv")


def test_a_standing_is_noted_where_it_differs_from_the_one_before():
    course = Course()
    course.stands(1, "insurer", "up", "follower", 0)
    course.stands(2, "insurer", "up", "follower", 0)
    course.stands(2, "hospital", "up", "follower", 0)
    course.stands(3, "insurer", "up", "leader", 1)
    assert [(s.at_ns, s.node) for s in course.standings] == [(1, "insurer"), (2, "hospital"), (3, "insurer")]


def test_lines_are_in_order_of_time():
    course = Course()
    course.stands(5, "insurer", "up", "follower", 0)
    lines = [json.loads(line) for line in course_lines([*course.standings, Fault(at_ns=3, line="a cut")])]
    assert [(line["what"], line["at_ns"]) for line in lines] == [("fault", 3), ("standing", 5)]


@pytest.mark.xdist_group("report")
def test_a_run_tells_its_course_and_tells_it_the_same_again_traced_or_not(tmp_path):
    scenario = load_scenario(find_scenario("reads_while_leaders_fall"))
    first, second = (
        run(scenario, view=NoView(), out=tmp_path / name, trace=name == "traced").folder for name in ("plain", "traced")
    )
    for name in FILES:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    lines = [json.loads(line) for line in (first / "course.jsonl").read_text().splitlines()]
    assert {line["what"] for line in lines} == {"fault", "standing"}
    assert {line["duty"] for line in lines if line["what"] == "standing"} >= {"leader", "follower"}
    reasons = [json.loads(line)["reason"] for line in (first / "exchanges.jsonl").read_text().splitlines()]
    assert "round" in reasons
    assert "change" in reasons
