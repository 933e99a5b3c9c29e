import csv
from io import StringIO

from scenarios.sweeps.planning import Cell
from scenarios.sweeps.table import Table

MATRIX = "{repeat: 2, matrix: {consensus.protocol: [solo, raft]}}"


def test_a_line_a_run_in_the_plans_order_whatever_order_they_came_in(planned, rows):
    plan = planned(MATRIX)
    found = rows(plan, lambda number: {"height": number, "measures": {"blocks.count": number}})
    table = Table(plan, dict(reversed(found.items())))
    assert table.complete
    assert table.csv() == (
        "consensus.protocol,seed,outcome,why,height,virtual_ns,event_sha256,blocks.count\n"
        "solo,5,pass,,0,,,0\nsolo,6,pass,,1,,,1\nraft,5,pass,,2,,,2\nraft,6,pass,,3,,,3\n"
    )


def test_runs_that_are_not_finished_have_no_line(planned, rows):
    plan = planned(MATRIX)
    found = rows(plan, lambda _: {})
    del found[plan.points[1].sha256]
    table = Table(plan, found)
    assert not table.complete
    assert [record["seed"] for record in table.records()] == [5, 5, 6]


def test_what_never_happened_was_counted_nought_times_and_has_no_mean(planned, rows):
    plan = planned(MATRIX)
    some = {"measures": {"refused.count": 3, "wait.mean": 7}}
    table = Table(plan, rows(plan, lambda number: some if number else {}))
    first = next(table.records())
    assert (first["refused.count"], first["wait.mean"]) == (0, None)


def test_measures_of_a_run_without_a_verdict_are_left_out(planned, rows):
    plan = planned(MATRIX)
    half = {"outcome": "inconclusive", "measures": {"blocks.count": 1}}
    whole = {"measures": {"blocks.count": 9}}
    table = Table(plan, rows(plan, lambda number: half if number == 0 else whole))
    assert table.samples(plan.points[0].cell, "blocks.count") == {6: 9}
    assert next(table.records())["blocks.count"] is None
    assert table.outcomes() == {"inconclusive": 1, "pass": 3}


def test_texts_with_commas_and_quotes_come_back_as_they_were(planned, rows):
    plan = planned(MATRIX)
    why = 'agreement: "a", then b'
    text = Table(plan, rows(plan, lambda _: {"outcome": "fail", "why": why})).csv()
    assert [record["why"] for record in csv.DictReader(StringIO(text))] == [why] * 4


def test_arms_have_a_column(planned, rows):
    plan = planned("{pair: {one: {consensus.protocol: solo}, other: {consensus.protocol: raft}}}")
    table = Table(plan, rows(plan, lambda number: {"measures": {"blocks.count": number}}))
    assert [record["arm"] for record in table.records()] == ["one", "other"]
    assert table.samples(Cell((), "other"), "blocks.count") == {5: 1}
