import pytest

from scenarios.language import ScenarioInvalid, load_scenario

BASE = """\
version: 1
name: base
members: {insurer: {count: 4}}
run: {seed: 3, duration: 1 min}
assumptions:
  - {id: one, value: 1, row: 1, reason: told in the base}
"""
OWN = """\
extends: base.yaml
version: 1
name: own
run: {seed: 4}
assumptions:
  - {id: two, value: 2, row: 1, reason: told here}
"""


@pytest.fixture
def written(tmp_path):
    def write(own=OWN, base=BASE):
        (tmp_path / "base.yaml").write_text(base)
        (tmp_path / "own.yaml").write_text(own)
        return tmp_path / "own.yaml"

    return write


def test_mappings_are_merged_lists_continued_and_other_values_replaced(written):
    scenario = load_scenario(written())
    assert (scenario.name, scenario.run.seed, scenario.run.duration) == ("own", 4, 60 * 10**9)
    assert [assumption.id for assumption in scenario.assumptions] == ["one", "two"]
    assert len(scenario.member_names) == 4


def test_what_a_run_keeps_is_the_whole(written, tmp_path):
    resolved = load_scenario(written()).origin.resolved
    assert "extends" not in resolved
    (tmp_path / "elsewhere.yaml").write_text(resolved)
    assert load_scenario(tmp_path / "elsewhere.yaml").assumption("one") == 1


def test_overrides_reach_what_is_extended(written):
    scenario = load_scenario(written(), ("run.duration=2 min", "run.seed=9"))
    assert (scenario.run.duration, scenario.run.seed) == (120 * 10**9, 9)


def test_an_override_s_place_in_a_list_is_one_in_the_whole_list(written):
    scenario = load_scenario(written(), ("assumptions.0.value=7", "assumptions.1.value=8"))
    assert [assumption.value for assumption in scenario.assumptions] == [7, 8]


def test_what_is_extended_cannot_be_overridden(written):
    with pytest.raises(ScenarioInvalid, match="`extends` stands in the file, and cannot be set"):
        load_scenario(written(), ("extends=other.yaml",))


@pytest.mark.parametrize(
    ("own", "base", "file", "line"),
    [
        (OWN.replace("id: two,", "id: two, colour: red,"), BASE, "own.yaml", 5),
        (OWN, BASE.replace("id: one,", "id: one, colour: red,"), "base.yaml", 5),
    ],
)
def test_a_mistake_is_shown_in_the_file_that_it_is_in(written, own, base, file, line):
    with pytest.raises(ScenarioInvalid) as caught:
        load_scenario(written(own, base))
    mark = caught.value.problems[0].mark
    assert (mark.label.rpartition("/")[2], mark.line) == (file, line)


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (OWN.replace("base.yaml", "nowhere.yaml"), "nowhere.yaml"),
        (OWN.replace("base.yaml", "own.yaml"), "more than 4 files"),
        (OWN.replace("base.yaml", "[base.yaml]"), "names the file"),
    ],
)
def test_a_file_that_cannot_be_extended_is_told(written, own, message):
    with pytest.raises(ScenarioInvalid, match=message):
        load_scenario(written(own))
