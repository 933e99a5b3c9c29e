"""Both clocks of a paid claim are measures of its run, and what the sweep of both compares."""

import msgspec

from scenarios.language import load_scenario, parse_scenario
from scenarios.results import Summary
from scenarios.runner.arms import paper_ns
from scenarios.shipped import find_scenario
from scenarios.sweeps.planning import plan_sweep


def test_both_clocks_of_the_paid_claim_are_measured(finished_run):
    found = msgspec.json.decode((finished_run / "metrics.json").read_bytes(), type=dict[str, Summary])
    scenario = load_scenario(find_scenario("one_claim"))
    assert found["arms.paper"].count == found["arms.chain"].count == 1
    assert found["arms.paper"].mean == paper_ns(scenario, scenario.run.seed, "claim-zhu")
    assert found["commit_latency"].mean < found["arms.chain"].mean < 8 * 60 * 10**9


def test_the_sweep_of_both_compares_them_over_twenty_seeds_of_the_same_story():
    plan = plan_sweep(find_scenario("chain_and_paper"))
    assert plan.differences == (("arms.paper.mean", "arms.chain.mean"),)
    assert len(plan.points) == 20
    assert parse_scenario(plan.points[0].document).story == load_scenario(find_scenario("one_claim")).story
