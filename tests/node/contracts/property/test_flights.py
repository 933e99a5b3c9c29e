"""Flight delay: priced by what was, paid by what two of three see, in whatever order they say so."""

from fractions import Fraction
from itertools import permutations
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.accounts import total_of_all_accounts
from node.contracts.oracle import ReadArgs
from node.contracts.property.flights import FlightArgs, HistoryArgs, LandArgs, OpenArgs, premium_fen
from tests.node.contracts.property.kit import CASH, balance, market

ORACLES = ("oracle-1", "oracle-2", "oracle-3")
BENEFIT, THRESHOLD, PREMIUM = 30_000, 120, 2_250


def sold(passengers=("passenger-1", "passenger-2")):
    network = market()
    past = HistoryArgs("mu5678", 200, ((60, 30), (120, 12)))
    assert network.do("oracle-1", "flights.history", past, cosigners=("oracle-2",)).code == "ok"
    terms = OpenArgs("mu5678", 100, THRESHOLD, BENEFIT, 250_000, ORACLES, 5, 200, 300)
    flight = network.do("insurer-1", "flights.open", terms).output["flight"]
    for name in passengers:
        assert network.do(name, "flights.buy", FlightArgs(flight), at=99).code == "ok"
    return network, flight


def land(network, flight, readings):
    return [network.do(name, "flights.land", LandArgs(flight, seen), at=200) for name, seen in readings]


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        ((119, 119, 119), "PUNCTUAL"),
        ((120, 120, 120), "PAID"),
        ((120, 120, -500), "PAID"),
        ((120, 120, 9_999), "PAID"),
        ((119, 119, 9_999), "PUNCTUAL"),
        ((119, 119, 120), "PUNCTUAL"),
        ((119, 120, 120), "PAID"),
        ((30, 150, 240), "SPLIT"),
        ((119, 125, 131), "SPLIT"),
    ],
)
def test_what_is_paid_does_not_depend_on_who_reads_first(seen, state):
    for readings in permutations(zip(ORACLES, seen, strict=True)):
        network, flight = sold()
        outcomes = land(network, flight, readings)
        assert [outcome.output["state"] for outcome in outcomes] == ["OPEN", "OPEN", state]
        paid = 2 if state == "PAID" else 0
        assert outcomes[-1].output["paid"] == paid
        assert balance(network, "passenger-1", "cash") == CASH - PREMIUM + (BENEFIT if paid else 0)
        aside = 2 * BENEFIT if state == "SPLIT" else 0
        assert balance(network, flight, "cash") == aside
        assert balance(network, "insurer-1", "cash") == CASH + 2 * PREMIUM - paid * BENEFIT - aside
        assert total_of_all_accounts(network.tree) == 0


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.data(), st.integers(0, 10**6))
def test_the_premium_is_the_expected_loss_with_its_loading_to_the_next_fen(benefit, flights, data, loading):
    late = data.draw(st.integers(0, flights))
    exact = Fraction(benefit * late, flights) * (1 + Fraction(loading, 10**6))
    assert premium_fen(benefit, late, flights, loading) == ceil(exact)
    if late < flights:
        assert premium_fen(benefit, late + 1, flights, loading) >= premium_fen(benefit, late, flights, loading)


def test_two_readings_are_enough_once_the_third_was_waited_for():
    network, flight = sold()
    land(network, flight, [("oracle-3", 180), ("oracle-1", 178)])
    assert network.do("passenger-1", "flights.close", FlightArgs(flight), at=299).code == "not_closed_yet"
    assert network.do("passenger-1", "flights.close", FlightArgs(flight), at=300).output == {"state": "PAID", "paid": 2}
    assert network.do("passenger-1", "flights.close", FlightArgs(flight), at=300).code == "illegal_transition"


def test_a_reading_that_was_stated_past_this_contract_still_pays():
    network, flight = sold()
    land(network, flight, [("oracle-3", 180), ("oracle-1", 178)])
    assert network.do("oracle-2", "oracle.read", ReadArgs(flight, 180), at=200).code == "ok"
    assert network.do("insurer-2", "flights.close", FlightArgs(flight), at=200).output == {"state": "PAID", "paid": 2}


@pytest.mark.parametrize("readings", [1, 2, 3])
def test_nobody_buys_under_an_earlier_date_once_an_oracle_has_read(readings):
    network, flight = sold(("passenger-1",))
    land(network, flight, list(zip(ORACLES, (150, 30, 270), strict=True))[:readings])
    assert network.do("passenger-2", "flights.buy", FlightArgs(flight), at=99).code == "landed_already"


def test_nobody_buys_under_an_earlier_date_once_the_oracles_were_waited_for():
    network, flight = sold(("passenger-1",))
    assert network.do("insurer-1", "flights.close", FlightArgs(flight), at=300).output["state"] == "SPLIT"
    assert network.do("passenger-2", "flights.buy", FlightArgs(flight), at=99).code == "landed_already"
    assert network.do("insurer-1", "flights.concede", FlightArgs(flight), at=301).output["paid"] == 1
