"""A budgeted slice of the campaigns; no seed is ever skipped. ``make soak`` runs many more."""

from __future__ import annotations

import pytest

from consensus.properties import Agreement
from network.virtual import Crash
from network.virtual.bare import bare_cast
from network.virtual.campaign import build_world, campaign, draw_case, run_case

SEEDS = 30
AIMED_SEEDS = 10
SOAK_SEEDS = 3000


@pytest.mark.timeout(600)
@pytest.mark.parametrize("protocol", ["solo", "raft", "pbft"])
def test_cores_stay_safe_under_random_faults_and_recover(protocol: str) -> None:
    summary = campaign(protocol, range(SEEDS), bare_cast)
    assert [outcome.seed for outcome in summary.outcomes] == list(range(SEEDS))
    for kind in ("crashed", "lost", "cut", "duplicated", "vanished", "synced"):
        assert summary.counts[kind] > 0, f"no message or node was ever {kind}: the campaign is too tame"
    if protocol == "raft":
        assert summary.counts["told raft.configuration"] > 100, "members must change"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_cores_stay_safe_under_aimed_faults(protocol: str) -> None:
    summary = campaign(protocol, range(AIMED_SEEDS), bare_cast, shots=3)
    assert len(summary.outcomes) == AIMED_SEEDS
    assert summary.counts[{"raft": "told raft.role", "pbft": "told pbft.new_view"}[protocol]] > AIMED_SEEDS


@pytest.mark.soak
@pytest.mark.timeout(24 * 3600)
@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_cores_stay_safe_for_a_long_time(protocol: str) -> None:
    assert len(campaign(protocol, range(SEEDS, SOAK_SEEDS), bare_cast).outcomes) == SOAK_SEEDS - SEEDS
    assert len(campaign(protocol, range(AIMED_SEEDS, SOAK_SEEDS), bare_cast, shots=4).outcomes) > 0


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_a_case_is_played_the_same_way_every_time(protocol: str) -> None:
    hashes = set()
    for _ in range(2):
        case = draw_case(protocol, 3)
        world = build_world(case, bare_cast(case), hashing=True)
        world.run(until_ns=case.heal_ns)
        hashes.add(world.event_sha256())
    assert len(hashes) == 1


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_a_fork_takes_cores_disks_and_oracles_along(protocol: str) -> None:
    case = draw_case(protocol, 3)
    world = build_world(case, bare_cast(case), hashing=True)
    world.run(until_ns=case.heal_ns // 2)
    fork = world.fork()
    for either in (fork, world):
        either.run(until_ns=case.heal_ns)
    assert fork.event_sha256() == world.event_sha256()
    mine, theirs = (next(o for o in w.observers if isinstance(o, Agreement)) for w in (world, fork))
    assert mine is not theirs
    assert mine.chain == theirs.chain


def test_too_many_dead_nodes_are_reported_as_a_lack_of_progress_with_the_case() -> None:
    case = draw_case("raft", 2)
    dead = tuple(Crash(at_ns=1, node=node) for node in case.voters)
    with pytest.raises(AssertionError, match="liveness: not finished") as caught:
        run_case(
            type(case)(**{name: getattr(case, name) for name in case.__struct_fields__} | {"plan": dead}), bare_cast
        )
    assert any(note.startswith("case: {") for note in caught.value.__notes__)
