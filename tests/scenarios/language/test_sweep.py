"""``sweep``: which cells there are, and which blocks are refused."""

from decimal import Decimal

import pytest

from scenarios.language import ScenarioInvalid, parse_scenario
from scenarios.language.models.sweep import Sweep, as_yaml, override
from scenarios.language.reading import read_text

PLAIN = "version: 1\nname: swept\nmembers: {insurer: {count: 4}}\n"


def sweep_of(text: str) -> Sweep:
    scenario = parse_scenario(f"{PLAIN}sweep: {text}")
    assert scenario.sweep is not None
    return scenario.sweep


def test_cells_come_in_the_order_written_without_the_excluded() -> None:
    swept = sweep_of(
        "{repeat: 3, matrix: {consensus.protocol: [raft, pbft], members.insurer.count: [4, 7]},"
        " exclude: [{consensus.protocol: raft, members.insurer.count: 7}]}"
    )
    assert [tuple(cell.values()) for cell in swept.cells()] == [("raft", 4), ("pbft", 4), ("pbft", 7)]
    assert swept.runs == 9


def test_without_a_matrix_there_is_one_cell() -> None:
    assert list(sweep_of("{repeat: 5}").cells()) == [{}]


def test_two_arms_double_the_runs() -> None:
    swept = sweep_of("{repeat: 5, pair: {ours: {consensus.protocol: pbft}, theirs: {consensus.protocol: raft}}}")
    assert list(swept.arms) == ["ours", "theirs"]
    assert swept.runs == 10


@pytest.mark.parametrize("value", ["5%", 3, True, None, Decimal("0.1"), (1, "a: b"), {"dist": "constant", "x": (1,)}])
def test_a_setting_reads_back_as_what_it_was(value: object) -> None:
    text = override("a.b", value)
    assert text == f"a.b={as_yaml(value)}"
    assert read_text(text.partition("=")[2], "here").root == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{repeat: 0}", "must be at least 1"),
        ("{matrix: {run.duration: []}}", "needs at least 1"),
        ("{matrix: {run.duration: [5s, 5s]}}", "takes the value"),
        ("{matrix: {run.duration: [5s]}, exclude: [{run.duratoin: 5s}]}", "did you mean `run.duration`"),
        ("{matrix: {run.duration: [5s]}, exclude: [{run.duration: 6s}]}", "a value that it never takes"),
        ("{matrix: {run.duration: [5s]}, exclude: [{run.duration: 5s}]}", "nothing would be run"),
        ("{matrix: {run.duration: [5s]}, pair: {a: {run.duration: 5s}, b: {}}}", "by the arm `a` and by the matrix"),
        ("{pair: {a: {run.duration: 5s}}}", "needs at least 2"),
        ("{repeat: 10_000, matrix: {members.insurer.count: [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]}}", "are more than"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, said: str) -> None:
    with pytest.raises(ScenarioInvalid, match=said):
        sweep_of(text)
