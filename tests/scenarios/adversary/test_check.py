"""The search for violations, the file it keeps, and the replay of it."""

import msgspec
import pytest

from consensus.properties import Observer, Violation
from scenarios.adversary import FailureError, check, keep, play, read_failure, replica_cast
from scenarios.cli import invoke


class NoFifthBlock(Observer):
    """A property that every run breaks: nobody may decide height 5."""

    def on_commit(self, now, node, _incarnation, commit):
        if commit.height == 5:
            raise Violation("no fifth block", f"node {node} decides height 5 at {now} ns", "nobody may")


@pytest.fixture
def planted(monkeypatch):
    def cast(case):
        honest = replica_cast(case)
        return msgspec.structs.replace(honest, observers=(*honest.observers, NoFifthBlock()))

    monkeypatch.setattr("scenarios.adversary.search.replica_cast", cast)


def test_a_sound_protocol_passes_and_what_was_injected_is_counted():
    search = check("raft", seed=0, runs=3, budget_s=None)
    assert (search.runs, search.failure) == (3, None)
    assert search.counts["delivered"] > 0
    assert any(name.startswith("fault ") for name in search.counts)


@pytest.mark.usefixtures("planted")
def test_the_first_violation_ends_the_search_and_plays_again_event_for_event(tmp_path):
    search = check("pbft", seed=1, runs=10, budget_s=None)
    assert search.runs == 1
    path = keep(search.failure, tmp_path)
    kept = read_failure(path)
    assert kept == search.failure
    assert play(kept.case) == kept


def test_a_budget_of_nothing_plays_nothing():
    assert check("raft", seed=0, runs=3, budget_s=0).runs == 0


@pytest.mark.usefixtures("planted")
def test_the_command_names_property_facts_and_replay(tmp_path, capsys):
    assert invoke(["check", "--protocol", "raft", "--runs", "4", "--out", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "no fifth block" in told
    assert "nobody may" in told
    assert f"consortium replay {tmp_path / 'raft-0.json'}" in told
    assert invoke(["replay", str(tmp_path / "raft-0.json")]) == 1
    assert "the very same run" in capsys.readouterr().err


def test_a_failure_that_no_longer_fails_is_told(tmp_path, capsys, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(
            "scenarios.adversary.search.replica_cast",
            lambda case: msgspec.structs.replace(replica_cast(case), observers=(NoFifthBlock(),)),
        )
        path = keep(check("raft", seed=0, runs=1, budget_s=None).failure, tmp_path)
    assert invoke(["replay", str(path)]) == 0
    assert "holds now" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": 1}', "\x00"])
def test_a_file_that_is_no_failure_is_refused_in_one_line(content, tmp_path, capsys):
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(FailureError):
        read_failure(path)
    assert invoke(["replay", str(path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
