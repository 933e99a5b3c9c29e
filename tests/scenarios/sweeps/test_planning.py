import pytest

from scenarios.language import ScenarioInvalid, parse_scenario
from scenarios.sweeps.planning import plan_sweep
from tests.scenarios.sweeps.conftest import PARTLY_INVALID

MATRIX = "{repeat: 2, matrix: {consensus.protocol: [solo, raft], members.insurer.count: [2, 3]}}"


def labels(plan):
    return [(*dict(point.cell.settings).values(), point.cell.arm, point.seed) for point in plan.points]


def test_the_last_path_is_the_fastest_and_seeds_are_faster_still(planned):
    plan = planned("{repeat: 2, matrix: {consensus.protocol: [solo, raft], members.insurer.count: [2, 3]}}")
    assert labels(plan) == [
        ("solo", "2", "", 5), ("solo", "2", "", 6), ("solo", "3", "", 5), ("solo", "3", "", 6),
        ("raft", "2", "", 5), ("raft", "2", "", 6), ("raft", "3", "", 5), ("raft", "3", "", 6),
    ]  # fmt: skip


def test_excluded_cells_are_left_out(planned):
    plan = planned(MATRIX[:-1] + ", exclude: [{consensus.protocol: raft, members.insurer.count: 3}]}")
    assert len(plan.points) == 6
    assert ("raft", "3", "", 5) not in labels(plan)


def test_arms_have_the_same_seeds(planned):
    plan = planned("{repeat: 2, pair: {slow: {consensus.protocol: raft}, quick: {consensus.protocol: solo}}}")
    assert labels(plan) == [("slow", 5), ("slow", 6), ("quick", 5), ("quick", 6)]
    assert plan.arms == ("slow", "quick")


def test_a_point_holds_its_whole_scenario(planned):
    point = planned(MATRIX).points[-1]
    scenario = parse_scenario(point.document)
    assert (scenario.consensus.protocol, scenario.members["insurer"].count) == ("raft", 3)
    assert scenario.sweep is None


def test_a_wider_sweep_has_the_points_of_the_narrower_one(planned):
    narrow = planned(MATRIX)
    wide = planned(MATRIX.replace("repeat: 2", "repeat: 3").replace("[2, 3]", "[4, 3, 2]"))
    assert {point.sha256 for point in narrow.points} < {point.sha256 for point in wide.points}


def test_seed_and_document_both_decide_the_digest(planned):
    points = planned(MATRIX).points
    assert len({point.sha256 for point in points}) == len(points)


def test_overrides_hold_in_every_run(planned):
    plan = planned(MATRIX, "run.seed=90", "members.hospital.count=1")
    assert {point.seed for point in plan.points} == {90, 91}
    assert all("hospital" in parse_scenario(point.document).members for point in plan.points)


def test_an_invalid_cell_refuses_itself_alone(planned):
    plan = planned(*PARTLY_INVALID)
    assert [bool(point.invalid) for point in plan.points] == [False, True]
    assert "insurer-2" in plan.points[1].invalid
    assert any("members.insurer.count=1 is invalid" in warning for warning in plan.warnings)


def test_where_every_cell_is_invalid_there_is_no_plan(planned):
    with pytest.raises(ScenarioInvalid, match="insurer-2"):
        planned("{matrix: {members.insurer.count: [1]}}", PARTLY_INVALID[1])


def test_a_scenario_without_a_sweep_is_told_so(tmp_path, planned):
    planned("{repeat: 2}")
    path = tmp_path / "tiny.yaml"
    with pytest.raises(ScenarioInvalid, match="sweep: is missing: say what to run"):
        plan_sweep(path, ["sweep="])


def test_what_a_digest_is_does_not_depend_on_where_the_file_lies(tmp_path, planned):
    plan = planned(*PARTLY_INVALID)
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "elsewhere" / "another.yaml"
    other.write_text((tmp_path / "tiny.yaml").read_text())
    assert [p.sha256 for p in plan_sweep(other, PARTLY_INVALID[1:]).points] == [p.sha256 for p in plan.points]
