"""``consortium explore`` says what it searched, and how it ended by its exit code."""

from __future__ import annotations

import pytest

from scenarios.adversary.explore import explore, scenes, summary
from scenarios.cli import invoke
from tests.scenarios.adversary.explore.planting import plant


def run(capsys, *arguments):
    code = invoke(["explore", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_sound_protocol_passes(capsys):
    code, out, _ = run(capsys, "--protocol", "raft", "--depth", "2")
    assert code == 0
    assert "election" in out
    assert out.splitlines()[-1] == "raft, 3 nodes: 148 states, no violation"


def test_a_depth_that_is_not_reached_is_inconclusive(capsys):
    code, out, err = run(capsys, "--protocol", "pbft", "--depth", "40", "--budget", "0")
    assert code == 3
    assert "no violation" in out
    assert "depth 40 was not reached" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--protocol", "solo"), "no scenes to explore"),
        (("--protocol", "pbft", "--nodes", "3"), "4 to 7 nodes"),
        (("--protocol", "raft", "--depth", "0"), "depth"),
    ],
)
def test_what_cannot_be_explored_is_refused(capsys, arguments, says):
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert says in err


def test_a_broken_protocol_fails_with_the_shortest_way(capsys, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})  # in this process, which has the bug
    plant(monkeypatch, "consensus.raft", "majority", lambda n: n // 2)
    code, out, err = run(capsys, "--protocol", "raft")
    assert code == 1
    assert "> raft.election 0\n" in out
    assert "# broken: election safety" in out
    assert "a property is broken" in err


def test_side_by_side_is_the_same_as_one_after_the_other(monkeypatch):
    chosen = scenes("raft")
    together = explore(chosen, depth=3)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    alone = explore(chosen, depth=3)
    assert [(one.states, one.transitions) for one in together] == [(one.states, one.transitions) for one in alone]
    assert len(list(summary("raft", chosen, alone))) == 4


def test_an_interrupted_search_tells_how_far_it_came(capsys, monkeypatch):
    from scenarios.dashboard.explore_progress import ExploreProgress  # noqa: PLC0415

    def interrupted(_progress, tallies):
        if any(tally.depth >= 2 for tally in tallies):
            raise KeyboardInterrupt

    monkeypatch.setattr(ExploreProgress, "show", interrupted)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    assert invoke(["explore", "--protocol", "raft", "--budget", "60"]) == 3
    told = capsys.readouterr()
    assert "no violation" in told.out
    assert told.err.strip().endswith("interrupted")
