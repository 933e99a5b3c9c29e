"""What joining is worth, worked out a second time and plainly; and what must hold for any market."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scenarios.economics import Costed, Network, costed, economic_figures, measure_economics
from scenarios.language.models.economics import Economics
from scenarios.results import Metrics

FREE = Costed(Fraction(0))

NUMBERS = {
    "items": 1_000,
    "paper": "60 CNY",
    "chain": "10 CNY",
    "transactions": 4,
    "node": "1000 CNY",
    "platform": "3000 CNY",
    "joining": "5000 CNY",
    "over": 5,
    "storage": "20 CNY",
}


def terms(**other):
    return Economics.model_validate({"sizes": (1, 1, 1), **NUMBERS, **other})


def test_three_alike_by_hand():
    # 1,000 items over three pairs; with all joined each exchanges two thirds of them: 666 2/3 x 50.00 = 33,333.33
    network = Network(terms(), FREE)
    year = network.year(0, network.first(3))
    assert year.saving == Fraction(2 * 1_000 * 5_000, 3)
    assert (year.node, year.common, year.joining, year.storage) == (100_000, 100_000, 100_000, 0)
    assert year.net == year.saving - 300_000
    assert network.year(0, network.first(1)).net == -(100_000 + 300_000 + 100_000)


def test_shares_of_the_market_by_hand():
    # alone: -5,000; two: each saves 16,666.67 and pays 3,500; so the second always joins, and two cover their costs
    network = Network(terms(), FREE)
    assert (network.covered_from, network.worth_it_from, network.critical_mass) == (2, 2, 1)
    dear = Network(terms(node="40000 CNY"), FREE)
    assert (dear.covered_from, dear.worth_it_from, dear.critical_mass) == (None, None, None)
    # two save 16,666.67 each and pay 20,000 + 1,500 + 1,000; three save 33,333.33 and pay 22,000
    middling = Network(terms(node="20000 CNY"), FREE)
    assert (middling.covered_from, middling.worth_it_from, middling.critical_mass) == (3, 3, 2)


def test_storage_is_what_the_ledger_takes_at_every_member():
    network = Network(terms(), Costed(Fraction(1_000_000)))  # 1,000 items x 4 x 1 MB = 4 GB a year, kept for five
    assert network.year(2, network.first(3)).storage == 4 * 5 * 2_000
    assert network.year(0, network.first(2)).storage == Fraction(4 * 5 * 2_000, 3)


def test_who_leaves_takes_its_items_along_and_leaves_its_part_to_the_others():
    network = Network(terms(), FREE)
    lost = network.without(0, 500_000, 1_000_000)
    # half a year of 333 1/3 items less, half a year of a platform carried by two, and half of its unpaid half part
    each = Fraction(1_000 * 5_000, 3) / 2 + Fraction(300_000, 2) / 2 - Fraction(300_000, 3) / 2 + Fraction(50_000, 2)
    assert lost == {1: each, 2: each}
    assert network.without(0, 1_000_000, 0) == {1: 0, 2: 0}, "who pays up and stays to the end costs nobody anything"


MARKETS = st.builds(
    terms,
    sizes=st.lists(st.integers(1, 500), min_size=2, max_size=9).map(tuple),
    items=st.integers(1, 10**7),
    carried=st.sampled_from(("equally", "by_traffic")),
    **{name: st.integers(0, 10**8).map(lambda yuan: f"{yuan} CNY") for name in ("paper", "node", "platform")},
)


@given(MARKETS)
def test_items_add_up_and_common_costs_are_carried_whole(market):
    network = Network(market, FREE)
    everybody = network.first(network.size)
    assert sum(network.items(member, everybody) for member in everybody) == 2 * market.items
    for count in range(1, network.size + 1):
        joined = network.first(count)
        assert sum(network.year(member, joined).common for member in joined) == market.platform


@given(MARKETS)
def test_each_who_joins_is_worth_something_to_those_who_have(market):
    network = Network(market, FREE)
    if market.paper < market.chain or market.carried == "by_traffic":
        return
    nets = [network.year(0, network.first(count)).net for count in range(1, network.size + 1)]
    assert nets == sorted(nets)


@given(MARKETS, st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_a_year_with_a_leaver_is_carried_whole(market, after, unpaid):
    """A second way: what the others pay in common is the platform less what the leaver paid."""
    free = market.model_copy(update={"paper": 0, "chain": 0})
    network = Network(free, FREE)
    everybody = network.first(network.size)
    lost = network.without(0, after, unpaid)
    common = {member: network.year(member, everybody).common for member in everybody}
    paid_by_it = common[0] * Fraction(after, 10**6) * (1 - Fraction(unpaid, 10**6))
    assert sum(common[member] + lost[member] for member in lost) == market.platform - paid_by_it


def test_a_place_that_there_is_not_is_no_leaver():
    with pytest.raises(ValidationError, match=r"`leaving\.place` is 4, and `sizes` has 3"):
        terms(leaving={"place": 4, "after": "50 %"})


def test_measures_and_tables_tell_the_same():
    market, metrics = terms(leaving={"after": "50 %"}), Metrics()
    measure_economics(market, FREE, metrics, 7)
    assert metrics.value("economics.covered_from.max", 1) == 666_666
    assert metrics.value("economics.net.count", 1) == 3
    by_joined, shares, leaving = economic_figures(market, FREE)
    assert [row[0] for row in by_joined.rows] == [1, 2, 3]
    assert by_joined.rows[-1][4] == metrics.value("economics.net.mean", 1)
    assert [row[1] for row in shares.rows] == [2, 2, 1]
    assert [row[2] for row in leaving.rows] == [metrics.value("economics.lost.mean", 1)] * 2


def test_without_transactions_nothing_is_measured():
    assert costed([]) is None
