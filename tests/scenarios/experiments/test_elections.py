from __future__ import annotations

import pytest

from consensus.vocabulary import MILLISECOND
from scenarios.experiments import Elections, load_elections, measure, table
from scenarios.language.problems import ScenarioInvalid
from scenarios.shipped import find_experiment


def figure_16(*timeouts_ms: tuple[int, int]) -> Elections:
    """The shipped experiment, of the lines with these timeouts alone."""
    whole = load_elections(find_experiment("raft_figure_16"))
    wanted = [(low * MILLISECOND, high * MILLISECOND) for low, high in timeouts_ms]
    return whole.model_copy(update={"ranges": tuple(line for line in whole.ranges if line.timeout in wanted)})


def test_wider_timeouts_split_fewer_votes_and_shorter_ones_lose_less_time_as_in_the_paper() -> None:
    narrow, wide, short = measure(figure_16((150, 155), (150, 300), (12, 24)), trials=16)
    assert narrow.mean_ns > 1.5 * wide.mean_ns > 3 * short.mean_ns
    assert narrow.worst_ns > wide.worst_ns > short.worst_ns


def test_nobody_leads_before_a_follower_can_have_lost_patience() -> None:
    (line,) = measure(figure_16((150, 200)), trials=20)
    assert line.downtimes_ns[0] > (150 - 75) * MILLISECOND
    assert list(line.downtimes_ns) == sorted(line.downtimes_ns)


def test_the_same_experiment_gives_the_same_numbers_and_another_seed_others() -> None:
    one, again = (next(iter(measure(figure_16((25, 50)), trials=5))) for _ in range(2))
    assert one == again
    other = figure_16((25, 50)).model_copy(update={"seed": 2})
    assert next(iter(measure(other, trials=5))) != one


def test_the_table_shows_what_the_paper_printed_beside_ours() -> None:
    (line,) = measure(figure_16((12, 24)), trials=2)
    assert "12-24 ms" in table(line)
    assert "(35)" in table(line)
    assert "(152)" in table(line)


def test_what_is_wrong_in_an_experiment_s_file_is_told_at_its_place(tmp_path) -> None:
    path = tmp_path / "elections.yaml"
    path.write_text("nodes: 2\ntrials: 10\nseed: 1\nlink: 1 ms\ndisk: 1 ms\nranges: [{timeout: [1 ms, 2 ms]}]\n")
    with pytest.raises(ScenarioInvalid, match=r"elections\.yaml:1"):
        load_elections(path)
    with pytest.raises(ScenarioInvalid, match="raft_figure_16"):
        find_experiment("nothing")
