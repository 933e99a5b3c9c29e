"""A programme's year, worked out: every fen is borne by somebody, order is data, and rounding makes nothing."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings

from node.contracts.reinsurance import WHOLE, Layer
from node.contracts.reinsurance.programmes import (
    AggregateExcess,
    CatastropheExcess,
    Corridor,
    Event,
    Price,
    QuotaShareCover,
    RiskExcess,
    RiskLoss,
    StopLossCover,
    SurplusCover,
    Year,
    lines,
    work_out,
)
from tests.node.contracts.reinsurance.programmes import DAY_MS, flaw_in, programmes, section, year_of, years

FREE = Price(0)


@given(programmes(), years())
@settings(max_examples=60)
def test_everything_that_was_lost_is_borne_by_somebody(sections, year):
    assert flaw_in(sections) == ""
    worked = work_out(sections, year)
    theirs = lines(worked, {})
    assert worked.gross == sum(loss.amount for event in year.events for loss in event.losses)
    assert worked.retained + sum(line.loss for one in theirs.values() for line in one) == worked.gross
    assert worked.retained >= 0
    assert all(line.loss >= 0 and line.premium >= 0 for one in theirs.values() for line in one)
    ceded = sum(one.premium for one in worked.sections)
    assert 0 <= ceded <= sum(premium for _, premium in year.premiums)
    for one in worked.sections:
        each = [line.premium for own in theirs.values() for line in own if line.section == one.section.name]
        assert sum(each) == one.premium or one.price


@given(programmes(), years())
@settings(max_examples=40)
def test_each_sections_parts_add_up_and_each_keeps_its_limits(sections, year):
    for one in work_out(sections, year).sections:
        cover, placed = one.section.cover, one.section.placed
        assert sum(one.by_event) in (0, one.loss)
        assert 0 <= one.taken_back <= one.loss
        if isinstance(cover, RiskExcess | CatastropheExcess) and cover.rates is not None:
            assert one.touched <= (len(cover.rates) + 1) * cover.layer.limit
            most = sum(cover.rates) * one.price // WHOLE + 1
            assert 0 <= one.reinstatement <= most
        if isinstance(cover, AggregateExcess):
            assert one.touched <= cover.layer.limit
        assert one.loss <= one.touched * placed // WHOLE + 1


@given(years())
@settings(max_examples=20)
def test_a_layer_added_to_a_stage_changes_nothing_for_the_others(year):
    low, high = (
        section(name, RiskExcess(Layer(10**6, at), FREE)) for name, at in (("low", 10**6), ("high", 2 * 10**6))
    )
    alone, both = work_out([high], year), work_out([low, high], year)
    assert alone.of("high") == both.of("high")


@given(years())
@settings(max_examples=20)
def test_the_order_of_writing_sections_down_does_not_matter_where_layers_do_not_meet(year):
    sections = [section(f"l{place}", RiskExcess(Layer(10**6, place * 10**6), FREE)) for place in range(3)]
    found = {work_out(order, year).retained for order in permutations(sections)}
    assert len(found) == 1


def test_two_halves_of_a_fen_are_one_fen_and_not_two():
    halves = [section(name, QuotaShareCover(cession=500_000)) for name in "ab"]
    worked = work_out(halves, year_of(1))
    assert [one.loss for one in worked.sections] == [1, 0]
    assert worked.retained == 0


def test_a_share_is_of_the_years_sum_however_it_is_cut():
    quota = [section("q", QuotaShareCover(cession=400_000))]
    assert work_out(quota, year_of(*[1] * 100)).of("q").loss == 40


def test_risks_of_an_event_share_its_limit():
    cover = RiskExcess(Layer(limit=500, attachment=100), FREE, event_limit=600)
    losses = tuple(RiskLoss(name, 1_000, amount) for name, amount in (("a", 400), ("b", 700), ("c", 50)))
    worked = work_out([section("x", cover)], Year(0, DAY_MS, (), (Event("fire", 0, losses),)))
    assert worked.of("x").by_event == (600,)  # 300 and 500 of the layer, 600 of the event
    assert worked.retained == 1_150 - 600


def test_what_a_risk_excess_leaves_of_an_event_is_what_a_catastrophe_cover_sees():
    risk = section("risk", RiskExcess(Layer(limit=300, attachment=100), FREE))
    cat = section("cat", CatastropheExcess(Layer(limit=500, attachment=250), FREE), priority=2)
    losses = tuple(RiskLoss(name, 1_000, 350) for name in "abc")
    worked = work_out([risk, cat], Year(0, DAY_MS, (), (Event("storm", 0, losses),)))
    assert [one.loss for one in worked.sections] == [750, 50]  # 100 are left of each, 300 of the storm
    assert worked.retained == 250


def test_a_stop_loss_sees_the_income_that_the_quota_share_leaves():
    quota = section("quota", QuotaShareCover(cession=400_000))
    stop = section("stop", StopLossCover(limit=400_000, attachment=800_000, price=FREE), priority=2)
    worked = work_out([quota, stop], year_of(9_500, premium=10_000))
    assert worked.of("stop").income == 6_000
    assert worked.of("stop").loss == 900  # 95 % of 6,000 less 80 %


def test_what_a_cedent_takes_back_of_a_bad_year_it_keeps():
    cover = QuotaShareCover(cession=WHOLE, corridor=Corridor(width=350_000, start=350_000), participation=250_000)
    worked = work_out([section("q", cover)], year_of(1_650, premium=1_000))
    # 350 of corridor leave 1,300, and a quarter of what exceeds the premium is the cedent's as well
    assert worked.of("q").taken_back == worked.retained == 350 + 75


@pytest.mark.parametrize(
    ("sections", "code"),
    [
        ([section("a", QuotaShareCover(1)), section("a", QuotaShareCover(1))], "section_named_twice"),
        ([section("a", QuotaShareCover(1), takers=(("r", 1), ("r", 1)))], "taker_named_twice"),
        ([section("a", QuotaShareCover(1), takers=(("r", 600_000), ("s", 400_001)))], "overplaced"),
        (
            [section("a", CatastropheExcess(Layer(1, 1), FREE)), section("b", RiskExcess(Layer(1, 1), FREE), 2)],
            "inuring_order_unclear",
        ),
        (
            [section("a", CatastropheExcess(Layer(1, 1), FREE)), section("b", RiskExcess(Layer(1, 1), FREE))],
            "inuring_order_unclear",
        ),
        ([section("a", QuotaShareCover(500_001)), section("b", QuotaShareCover(500_000))], "covers_overlap"),
        (
            [section("a", RiskExcess(Layer(10, 0), FREE)), section("b", RiskExcess(Layer(10, 9), FREE))],
            "covers_overlap",
        ),
        ([section("a", SurplusCover(10, 5)), section("b", SurplusCover(10, 5))], "covers_overlap"),
        ([section("a", SurplusCover(10, 5)), section("b", SurplusCover(10, 4, above=5))], ""),
        ([section("a", RiskExcess(Layer(10, 0), FREE)), section("b", RiskExcess(Layer(10, 10), FREE))], ""),
    ],
)
def test_what_is_wrong_with_a_programme_is_told(sections, code):
    assert flaw_in(sections) == code


def test_whoever_is_placed_for_less_leaves_the_rest_with_the_cedent():
    worked = work_out([section("q", QuotaShareCover(WHOLE), takers=(("r", 900_000),))], year_of(100, premium=1_000))
    assert (worked.of("q").loss, worked.retained, worked.of("q").premium) == (90, 10, 900)
    assert [line.loss for line in lines(worked, {})["r"]] == [90]
