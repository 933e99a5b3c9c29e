import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.language.models.world import Stage
from scenarios.runner.arms import chain_quantiles, paper_ns, paper_quantiles
from scenarios.runner.draws import keyed_draw, stage_ns
from tests.scenarios.telling import one_claim

RANGE = 1 << 48
DAY = 86_400 * 10**9
MINUTE = 60 * 10**9


def stage(low, likely, high):
    return Stage.model_construct(low=low, likely=likely, high=high)


@given(st.lists(st.integers(0, 10**15), min_size=3, max_size=3).map(sorted), st.integers(0, RANGE - 1))
def test_a_draw_lies_within_its_stage(bounds, draw):
    assert bounds[0] <= stage_ns(stage(*bounds), draw) <= bounds[2]


@given(st.lists(st.integers(0, 10**12), min_size=3, max_size=3).map(sorted), st.integers(0, RANGE - 1000))
def test_a_greater_draw_never_takes_less_time(bounds, draw):
    assert stage_ns(stage(*bounds), draw) <= stage_ns(stage(*bounds), draw + 999)


def test_the_distribution_is_triangular():
    drawn = [stage_ns(stage(0, 300, 1000), index * RANGE // 10_000) for index in range(10_000)]
    mean, below = sum(drawn) / len(drawn), sum(value < 300 for value in drawn) / len(drawn)
    assert mean == pytest.approx((0 + 300 + 1000) / 3, rel=0.01)
    assert below == pytest.approx(0.3, abs=0.01)


def test_draws_are_keyed_by_seed_and_names_and_fixed_for_ever():
    assert keyed_draw(1, "paper", "7", "review") == 239_561_311_110_633
    assert len({keyed_draw(seed, *names) for seed in (1, 2) for names in (("a", "b"), ("a/b",), ("b", "a"))}) == 6


def test_the_paper_arm_lies_within_7_to_15_days_and_the_chain_within_8_minutes():
    scenario = one_claim().scenario
    paper, chain = paper_quantiles(scenario, seed=1), chain_quantiles(scenario, seed=1)
    assert 7 * DAY <= paper.p5_ns < paper.p50_ns < paper.p95_ns <= 15 * DAY
    assert chain.p95_ns <= 8 * MINUTE
    assert len(scenario.arms.paper) == 18


def test_one_claims_paper_clock_is_one_of_the_many():
    scenario = one_claim().scenario
    low = sum(link.low for link in scenario.arms.paper.values())
    high = sum(link.high for link in scenario.arms.paper.values())
    assert low <= paper_ns(scenario, 1, "claim-zhu") <= high
    assert paper_ns(scenario, 1, "claim-zhu") != paper_ns(scenario, 2, "claim-zhu")
