"""Asset-backed plans: instalments are the term's interest, whatever the dates, and look-through loses no fen."""

import datetime as dt
from fractions import Fraction
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from node.contracts.asset_plans import Plan, accrued, exposures, instalments

DAY = 86_400_000
principals = st.integers(1, 10**12)
rates = st.integers(0, 1_000_000)
starts = st.integers(0, 20_000 * DAY)


@st.composite
def terms(draw):
    """(start, dates): dates at least a day apart, not at full days after the start."""
    start = draw(starts)
    gaps = draw(st.lists(st.integers(DAY, 400 * DAY), min_size=1, max_size=8))
    return start, tuple(start + gap for gap in accumulate(gaps))


def by_hand(principal, rate, start, dates):
    """The term's interest with fractions, and each period's exact part of it by its days."""
    days = (dates[-1] - start) // DAY
    whole = int(Fraction(principal * rate * days, 365_000_000) + Fraction(1, 2))
    at = [0, *((date - start) // DAY for date in dates)]
    return whole, [Fraction(whole * (at[n + 1] - at[n]), max(days, 1)) for n in range(len(dates))]


@given(principals, rates, terms())
def test_instalments_add_up_to_the_interest_of_the_term(principal, rate, term):
    due = instalments(principal, rate, *term)
    whole, parts = by_hand(principal, rate, *term)
    assert sum(due) == whole
    assert all(abs(fen - part) < 1 for fen, part in zip(due, parts, strict=True))


@given(principals, rates, terms(), st.lists(st.integers(0, 3_500 * DAY), min_size=2, max_size=6))
def test_interest_accrues_and_never_falls(principal, rate, term, later):
    start, dates = term
    due = instalments(principal, rate, start, dates)
    course = [accrued(due, start, dates, start + since) for since in sorted(later)]
    assert course == sorted(course)
    assert accrued(due, start, dates, start) == 0
    for number, date in enumerate(dates):
        assert accrued(due, start, dates, date) == sum(due[: number + 1])
        before = accrued(due, start, dates, date - 1)
        assert sum(due[:number]) <= before <= sum(due[: number + 1])


def test_the_year_of_the_scenario():
    """366 days at 5.5 % on 1,000,000.00, each date counted by the calendar."""
    dates = [dt.date(2023, 3, 10), dt.date(2023, 6, 10), dt.date(2023, 9, 10), dt.date(2023, 12, 10)]
    dates.append(dt.date(2024, 3, 10))
    first, *rest = ((date - dt.date(1970, 1, 1)).days * DAY for date in dates)
    assert instalments(100_000_000, 55_000, first, rest) == (1_386_301, 1_386_301, 1_371_233, 1_371_233)


amounts = st.lists(st.integers(1, 10**10), min_size=1, max_size=6)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=5), amounts, st.lists(st.integers(1, 99), max_size=3))
def test_look_through_loses_no_fen(units, assets, cuts):
    investors = tuple((f"investor-{n}", count) for n, count in enumerate(units))
    first = units[0] + sum(cuts)
    investors = (("investor-0", first), *investors[1:])
    behind = (("investor-0", (*((f"h{n}", cut) for n, cut in enumerate(cuts)), ("h-rest", units[0]))),)
    plan = Plan(
        state="RUNNING",
        contract="0" * 64,
        manager="m",
        custodian="c",
        project="p",
        intermediary="i",
        target_fen=100,
        unit_fen=100,
        rate_ppm=0,
        dates_ms=(1,),
        investors=investors,
        behind=behind,
        assets=tuple((f"a{n}", amount) for n, amount in enumerate(assets)),
    )
    found = list(exposures(plan))
    assert sum(one.fen for one in found) == plan.raised_fen
    for investor, count in investors:
        assert sum(one.fen for one in found if one.investor == investor) == count * 100
    for number, amount in enumerate(assets):
        exact = Fraction(plan.raised_fen * amount, sum(assets))
        mine = [one for one in found if one.asset == f"a{number}"]
        assert abs(sum(one.fen for one in mine) - exact) < len(mine)
