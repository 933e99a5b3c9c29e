"""Cold chain: spoilt to the second, and nothing counts but what the one device read in order."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.accounts import total_of_all_accounts
from node.contracts.property.cold_chain import InsureArgs, Reading, ReportArgs, ShipmentArgs, batch_hash
from tests.node.contracts.property.kit import CASH, balance, market

GOODS, SUM, PREMIUM = "ab" * 32, 5_000, 60
MOST, BREACH, GAP, ENDS = 80, 20, 15, 10_000


def shipped():
    network = market()
    terms = InsureArgs("shipper", "device-1", GOODS, ("ningbo",), MOST, BREACH, GAP, ENDS, SUM, PREMIUM)
    outcome = network.do("insurer-1", "cold-chain.insure", terms, cosigners=("shipper",))
    return network, outcome.output["shipment"]


def spoilt_at(readings):
    """When the goods are spoilt, or None: by every pair of readings with nothing cold or unknown between them."""
    found = []
    for first, (begins, _) in enumerate(readings):
        for last in range(first, len(readings)):
            row = readings[first : last + 1]
            warm = all(tenths > MOST for _, tenths in row)
            known = all(after - before <= GAP for (before, _), (after, _) in pairwise(row))
            if warm and known and readings[last][0] - begins >= BREACH:
                found.append(readings[last][0])
    return min(found, default=None)


batches = st.lists(
    st.lists(st.tuples(st.integers(1, 18), st.sampled_from([70, 80, 81, 90])), min_size=1, max_size=5),
    min_size=1,
    max_size=5,
)


@given(batches)
@settings(max_examples=40, deadline=None)
def test_it_pays_when_the_goods_were_warm_for_long_enough_however_readings_are_batched(drawn):
    network, shipment = shipped()
    now, head, taken, paid_at = 0, GOODS, [], None
    for batch in drawn:
        readings = []
        for wait, tenths in batch:
            now += wait
            readings.append(Reading(now, tenths, "ningbo"))
        args = ReportArgs(shipment, GOODS, head, tuple(readings))
        outcome = network.do("device-1", "cold-chain.report", args, at=now)
        if paid_at is not None:
            assert outcome.code == "illegal_transition"
            continue
        assert outcome.code == "ok", outcome
        taken += [(reading.at_ms, reading.tenths) for reading in readings]
        head, paid_at = outcome.output["head"], outcome.output["breached_ms"]
        assert paid_at == spoilt_at(taken)
    paid = SUM if paid_at is not None else 0
    assert balance(network, "shipper", "cash") == CASH - PREMIUM + paid
    assert balance(network, shipment, "cash") == SUM - paid
    assert total_of_all_accounts(network.tree) == 0


def report(network, shipment, *readings, who="device-1", goods=GOODS, previous=GOODS, at=100):
    args = ReportArgs(shipment, goods, previous, tuple(Reading(*reading) for reading in readings))
    return network.do(who, "cold-chain.report", args, at=at)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"who": "device-2"}, "not_the_device"),
        ({"goods": "cd" * 32}, "other_goods"),
        ({"previous": "cd" * 32}, "out_of_sequence"),
        ({"at": 49}, "not_happened_yet"),
    ],
)
def test_forged_batches_change_nothing(changed, code):
    network, shipment = shipped()
    before = network.tree.get("shipments", shipment)
    assert report(network, shipment, (50, 200, "ningbo"), **changed).code == code
    assert network.tree.get("shipments", shipment) == before


def test_the_head_is_a_chain_of_all_readings():
    network, shipment = shipped()
    one, two = (Reading(10, 1, "ningbo"),), (Reading(11, 2, "ningbo"),)
    first = report(network, shipment, (10, 1, "ningbo")).output["head"]
    assert first == batch_hash(GOODS, one)
    second = report(network, shipment, (11, 2, "ningbo"), previous=first).output["head"]
    assert second == batch_hash(first, two) != batch_hash(GOODS, two)


def test_what_was_set_aside_comes_back_by_whoever_may_say_so():
    network, shipment = shipped()
    which = ShipmentArgs(shipment)
    assert network.do("insurer-1", "cold-chain.deliver", which, at=ENDS - 1).code == "not_ended_yet"
    assert network.do("insurer-1", "cold-chain.deliver", which, at=ENDS).code == "ok"
    assert balance(network, "insurer-1", "cash") == CASH + PREMIUM
    assert balance(network, "insurer-1", "receivable") == 0
    assert network.do("shipper", "cold-chain.deliver", which, at=ENDS).code == "illegal_transition"


def test_an_insurer_without_the_money_promises_nothing():
    network = market()
    terms = InsureArgs("shipper", "device-1", GOODS, ("ningbo",), MOST, BREACH, GAP, ENDS, 2 * CASH, PREMIUM)
    assert network.do("insurer-1", "cold-chain.insure", terms, cosigners=("shipper",)).code == "insufficient_funds"
    assert balance(network, "shipper", "cash") == CASH
