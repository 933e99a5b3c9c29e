"""Adjustments: each year by another computation, deficits over any number of years, and the order of stating."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import accounts
from node.contracts.accounts import total_of_all_accounts
from node.contracts.adjustments import AdjustedTerms, AgreeArgs, Agreement, AnswerArgs, StateArgs, YearFigures
from node.contracts.reinsurance import Layer, ProfitCommission, SlidingScale
from tests.node.contracts.network import Network

CASH = 10**12
KEY = "insurer-1/1"
SCALE = SlidingScale(((350_000, 400_000), (550_000, 250_000), (650_000, 200_000)))


class Market(Network):
    """A cedent, its reinsurer, and what they agree."""

    def __init__(self, **terms):
        openings = tuple(accounts.Opening(name, CASH) for name in ("insurer-1", "reinsurer"))
        super().__init__(settings=[("accounts", accounts.Settings(openings))])
        self.act("insurer-1", "agree", AgreeArgs("reinsurer", "quota", AdjustedTerms(**terms)), "reinsurer")

    def act(self, who, action, args, *cosigners, code="ok"):
        outcome = self.do(who, f"adjustments.{action}", args, cosigners=cosigners)
        assert outcome.code == code, outcome.detail
        return outcome.output

    def year(self, figures, **more):
        """State a year and confirm it."""
        stated = self.act("insurer-1", "state", StateArgs(KEY, figures, **more))
        self.act("reinsurer", "confirm", AnswerArgs(KEY, stated["balance_fen"]))
        return stated


def nearest(value):
    """To the nearest whole, halves up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 10**9), st.integers(0, 2 * 10**9)), min_size=1, max_size=6))
def test_a_deficit_is_carried_until_profits_have_made_it_good(years):
    market, deficit = Market(profit=ProfitCommission(share=200_000, expenses=50_000)), 0
    for premium, paid in years:
        stated = market.year(YearFigures(premium=premium, commission=premium // 4, paid=paid))
        balance = premium - premium // 4 - nearest(Fraction(premium, 20)) - paid - deficit
        assert stated["profit_fen"] == (nearest(Fraction(balance, 5)) if balance > 0 else 0)
        deficit = -min(balance, 0)
        assert stated["deficit_fen"] == deficit == market.tree.get(Agreement.namespace, KEY).deficit_fen
    assert total_of_all_accounts(market.tree) == 0


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 10**9), st.integers(0, 2 * 10**9), st.integers(0, 10**8))
def test_a_scale_slides_by_the_loss_ratio_of_what_is_earned_and_incurred(premium, paid, unearned):
    unearned = min(unearned, premium - 1)
    market = Market(scale=SCALE)
    stated = market.year(YearFigures(premium=premium, unearned_out=unearned, paid=paid))
    earned = premium - unearned
    ratio = Fraction(nearest(Fraction(paid * 10**6, earned)), 10**6)
    rate = min(
        Fraction(40, 100), max(Fraction(20, 100), Fraction(40, 100) - (ratio - Fraction(35, 100)) * Fraction(3, 4))
    )
    if ratio > Fraction(55, 100):
        rate = max(Fraction(20, 100), Fraction(25, 100) - (ratio - Fraction(55, 100)) / 2)
    assert abs(stated["commission_fen"] - earned * rate) <= 1 + Fraction(earned, 10**6)
    assert stated["balance_fen"] == -stated["commission_fen"]


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 3 * 10**6))
@settings(deadline=None, max_examples=40)
def test_a_corridor_takes_back_no_more_than_its_width(width, start, paid):
    market = Market(corridor=Layer(limit=width, attachment=start))
    back = market.year(YearFigures(premium=10**6, paid=paid))["taken_back_fen"]
    assert back == len(range(start, start + width)[: max(paid - start, 0)])


def test_a_disputed_year_is_stated_anew_and_leaves_no_deficit():
    market = Market(profit=ProfitCommission(share=200_000, expenses=0))
    market.act("insurer-1", "state", StateArgs(KEY, YearFigures(premium=100, paid=500)))
    market.act("reinsurer", "dispute", AnswerArgs(KEY, -1))
    assert market.tree.get(Agreement.namespace, KEY).deficit_fen == 0
    assert market.year(YearFigures(premium=100, paid=50))["profit_fen"] == 10


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        (YearFigures(premium=10, unearned_out=11), "year_negative"),
        (YearFigures(premium=10, outstanding_in=1), "year_negative"),
        (YearFigures(premium=0), "ok"),
    ],
)
def test_a_year_of_less_than_nothing_is_none(figures, code):
    market = Market(scale=SCALE)
    market.act("insurer-1", "state", StateArgs(KEY, figures), code=code)


def test_only_the_two_take_part_in_turn():
    market = Market(participation=250_000)
    state = StateArgs(KEY, YearFigures(premium=100, paid=200))
    market.act("reinsurer", "confirm", AnswerArgs(KEY, 25), code="nothing_stated")
    market.act("insurer-2", "state", state, code="not_your_agreement")
    market.act("insurer-1", "state", state)
    market.act("insurer-1", "state", state, code="year_unconfirmed")
    market.act("reinsurer", "confirm", AnswerArgs(KEY, 24), code="balance_differs")
    market.act("reinsurer", "dispute", AnswerArgs(KEY, 25), code="nothing_disputed")
    assert market.act("reinsurer", "confirm", AnswerArgs(KEY, 25)) == {"years": 1, "balance_fen": 25}
