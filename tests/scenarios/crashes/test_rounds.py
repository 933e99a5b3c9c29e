"""Rounds of killing: how they add up, and where they stop. Nobody is killed here."""

import msgspec
import pytest

from scenarios.crashes import Reckoning, kill
from scenarios.crashes.campaign import keep_sums, read_sums
from scenarios.crashes.kill import ROUND, Killed, run_rounds, told


def outcome(instants, *, lost=0, contradictions=()):
    return Killed(
        protocol="raft",
        instants=instants,
        kills=instants + 1,
        starting=1,
        lives=[instants, 2],
        frames=100,
        reckoning=Reckoning(acknowledged=50, lost=lost, told=["lost"] * lost),
        votes={"vote": 3, "receipt": 50},
        contradictions=list(contradictions),
        seconds=7,
    )


@pytest.fixture
def rounds(monkeypatch):
    """(what was asked of each round, what each gives)."""
    asked, given = [], []

    def run(protocol, *, instants, seed, out):  # noqa: ARG001 - as the real one
        asked.append((instants, seed))
        return given.pop(0) if given else outcome(instants)

    monkeypatch.setattr(kill, "run_kills", run)
    return asked, given


def test_rounds_of_different_seeds_add_up(rounds, tmp_path):
    seen = []
    found = run_rounds(
        "raft", instants=2 * ROUND + 3, seed=5, out=tmp_path, progress=lambda at: seen.append(at.instants)
    )
    assert rounds[0] == [(ROUND, 5), (ROUND, 5 + ROUND), (3, 5 + 2 * ROUND)]
    assert seen == [ROUND, 2 * ROUND, 2 * ROUND + 3]
    assert (found.kills, found.starting, found.lives) == (2 * ROUND + 6, 3, [2 * ROUND + 3, 6])
    assert (found.reckoning.acknowledged, found.votes, found.faults) == (150, {"vote": 9, "receipt": 150}, 0)


def test_a_fault_ends_them_and_is_told(rounds, tmp_path):
    rounds[1].extend([outcome(ROUND), outcome(ROUND, lost=1, contradictions=["vote of 1, 4: 2, and then 1"])])
    found = run_rounds("raft", instants=1000, seed=0, out=tmp_path)
    assert (found.instants, found.faults) == (2 * ROUND, 2)
    assert told(found)[-2:] == ["FAULT vote of 1, 4: 2, and then 1", "FAULT lost"]


def test_rounds_go_on_from_what_was_kept(rounds, tmp_path):
    keep_sums(outcome(ROUND), tmp_path / "sums.json")
    begun = read_sums(tmp_path / "sums.json", Killed)
    assert msgspec.structs.asdict(run_rounds("raft", instants=ROUND + 2, seed=1, out=tmp_path, begun=begun)) == {
        **msgspec.structs.asdict(outcome(ROUND)),
        "instants": ROUND + 2,
        "kills": ROUND + 4,
        "starting": 2,
        "lives": [ROUND + 2, 4],
        "frames": 200,
        "reckoning": Reckoning(acknowledged=100),
        "votes": {"vote": 6, "receipt": 100},
        "seconds": 14,
    }
    assert rounds[0] == [(2, 1 + ROUND)]


def test_rounds_that_bring_nothing_more_are_given_up(rounds, tmp_path):
    rounds[1].extend([outcome(ROUND), outcome(0)])
    assert run_rounds("raft", instants=1000, seed=0, out=tmp_path).instants == ROUND
