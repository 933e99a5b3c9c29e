"""Twins: scenarios by number, and the members without a twin agree whatever the twins do."""

import msgspec
import pytest

from scenarios.adversary import draw_trial, play
from scenarios.adversary.bugs import planted
from scenarios.adversary.twins import VIEWS, scenario, scenario_count, with_twins


def trial_of(number, seed=1):
    trial = draw_trial("pbft", seed, nodes=4, liars=0, network="cores", operations=30)
    case = with_twins(msgspec.structs.replace(trial.case, heal_ns=5_000_000_000), 1)
    return msgspec.structs.replace(trial, case=case, twins=number, ambush=False)


def test_every_number_is_a_scenario_of_its_own():
    assert scenario_count(4, 1) == 4 * 16**VIEWS
    numbers = (0, 1, 17, 16**VIEWS - 1, 16**VIEWS, scenario_count(4, 1) - 1)
    assert len({scenario(number, 4, 1) for number in numbers}) == len(numbers)
    assert [scenario(place * 16**VIEWS, 4, 1).twinned for place in range(4)] == [(0,), (1,), (2,), (3,)]
    for wrong in (-1, scenario_count(4, 1)):
        with pytest.raises(ValueError, match="numbered from 0"):
            scenario(wrong, 4, 1)


def test_parts_identities_and_instances():
    plan = scenario(0b1010, 4, 1)
    assert plan.instances == 5
    assert (plan.identity(4), plan.instances_of(0), plan.instances_of(2)) == (0, (0, 4), (2,))
    assert plan.joined(0, 0, 2)
    assert not plan.joined(0, 0, 1)
    assert plan.joined(99, 1, 2) == plan.joined(VIEWS - 1, 1, 2)


@pytest.mark.parametrize("number", [0, 4660, 99_999, 200_003, 262_143])
def test_members_without_a_twin_agree_and_get_on(number):
    played = play(trial_of(number), hashing=True)
    assert played.broken is None
    assert played.event_sha256 == play(trial_of(number), hashing=True).event_sha256


def test_the_strategy_draws_a_scenario_for_each_seed():
    trials = [draw_trial("pbft", seed, strategy="twins") for seed in range(40)]
    twins = [trial for trial in trials if trial.twins is not None]
    assert all((trial.twins is None) == (len(trial.case.voters) < 4) for trial in trials)
    assert all(trial.network == "cores" and not trial.case.plan and not trial.liars for trial in twins)
    assert len({trial.twins for trial in twins}) > 20
    with pytest.raises(ValueError, match="raft tolerates no lie"):
        draw_trial("raft", 1, strategy="twins")


def test_a_swarm_has_twins_now_and_then_unless_nobody_lies():
    drawn = {seed for seed in range(60) if draw_trial("pbft", seed, network="cores").twins is not None}
    assert 5 < len(drawn) <= 10
    assert not any(draw_trial("pbft", seed, network="cores", liars=0).twins for seed in drawn)
    assert not any(draw_trial("pbft", seed, network="replicas").twins for seed in drawn)


def test_twins_bring_out_a_quorum_that_is_too_small():
    for number in range(0, 4000, 37):
        with planted("pbft-quorum-too-small"):
            if play(trial_of(number)).broken is not None:
                return
    pytest.fail("twins never split a network of too small quorums")
