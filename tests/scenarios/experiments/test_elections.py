from __future__ import annotations

import pytest

from consensus.vocabulary import MILLISECOND, SECOND
from scenarios.experiments import Elections, load_elections, measure
from scenarios.experiments.curves import curves
from scenarios.experiments.page import page, table
from scenarios.language.problems import ScenarioInvalid
from scenarios.shipped import find_experiment


def figure_16(*labels: str) -> Elections:
    """The shipped experiment, of the lines with these timeouts alone."""
    whole = load_elections(find_experiment("raft_figure_16"))
    return whole.model_copy(update={"ranges": tuple(line for line in whole.ranges if line.label in labels)})


def test_every_line_of_the_figure_has_a_thousand_trials_and_one_model():
    whole = load_elections(find_experiment("raft_figure_16"))
    trials = {line.label: whole.trials_of(line) for line in whole.ranges}
    assert trials.pop("150-150") == 100, "as many as in the figure"
    assert set(trials.values()) == {1000}
    assert set(trials) == {
        *("150-151", "150-155", "150-175", "150-200", "150-300"),
        *("12-24", "25-50", "50-100", "100-200"),
    }


def test_a_slice_of_every_line_comes_near_to_what_was_published():
    lines = measure(figure_16("150-155", "150-175", "150-200", "150-300", "100-200", "50-100", "12-24"), trials=150)
    for line in lines:
        published = line.range.printed.median or line.range.drawn.median
        assert published is not None
        assert abs(line.median_ns - published) < published * 15 // 100, line.range.label


def test_wider_timeouts_split_fewer_votes_and_shorter_ones_lose_less_time():
    short, narrow, wide = sorted(measure(figure_16("150-151", "150-300", "12-24"), trials=25), key=lambda m: m.mean_ns)
    assert [line.range.label for line in (short, narrow, wide)] == ["12-24", "150-300", "150-151"]
    assert wide.median_ns > 3 * narrow.median_ns > 9 * short.median_ns


def test_where_all_timeouts_are_the_same_nobody_is_ever_elected():
    (line,) = measure(figure_16("150-150"), trials=2)
    assert line.downtimes_ns == (10 * SECOND, 10 * SECOND)
    assert line.capped == 2
    assert "> 10000" in table([line])


def test_nobody_leads_before_a_follower_can_have_lost_patience():
    (line,) = measure(figure_16("150-200"), trials=20)
    assert line.least_ns > (150 - 75) * MILLISECOND
    assert list(line.downtimes_ns) == sorted(line.downtimes_ns)


def test_the_same_experiment_gives_the_same_numbers_and_another_seed_others():
    one, again = (measure(figure_16("25-50"), trials=5) for _ in range(2))
    assert one == again
    assert measure(figure_16("25-50").model_copy(update={"seed": 2}), trials=5) != one


def test_what_was_kept_is_not_played_again_and_changes_no_number(tmp_path):
    kept = tmp_path / "trials.jsonl"
    told: list[int] = []
    part = measure(figure_16("25-50"), trials=30, kept=kept, played=told.append)
    assert told == [25, 5]
    size = kept.stat().st_size
    assert measure(figure_16("25-50"), trials=30, kept=kept) == part
    assert kept.stat().st_size == size, "nothing was played"
    more = measure(figure_16("25-50"), trials=40, kept=kept)
    assert more == measure(figure_16("25-50"), trials=40)
    with pytest.raises(ScenarioInvalid, match="another experiment"):
        measure(figure_16("25-50").model_copy(update={"seed": 2}), trials=30, kept=kept)
    kept.write_text("{}\n")
    with pytest.raises(ScenarioInvalid, match="another experiment"):
        measure(figure_16("25-50"), trials=30, kept=kept)


def test_several_processes_measure_what_one_does():
    experiment = figure_16("25-50", "12-24")
    assert measure(experiment, trials=26, jobs=2) == measure(experiment, trials=26)


def test_table_page_and_figure_show_what_was_published_beside_ours():
    experiment = figure_16("12-24", "50-100")
    lines = measure(experiment, trials=4)
    assert "(35)" in table(lines)
    assert "(~30)" in table(lines)
    text = page(experiment, lines, "figure.svg", "consortium experiment x")
    assert f"| 12-24 | 4 | {lines[1].least_ns / MILLISECOND:.1f} (~15) |" in text
    assert "![" in text
    picture = curves(lines)
    assert picture.count("<polyline") == 2
    assert "12-24 ms" in picture


def test_what_is_wrong_in_an_experiment_s_file_is_told_at_its_place(tmp_path):
    path = tmp_path / "elections.yaml"
    path.write_text("kind: elections\nnodes: 2\ntrials: 10\nseed: 1\nlink: 1 ms\ndisk: 1 ms\nranges: []\n")
    with pytest.raises(ScenarioInvalid, match=r"elections\.yaml:2"):
        load_elections(path)
    with pytest.raises(ScenarioInvalid, match="raft_figure_16"):
        find_experiment("nothing")
