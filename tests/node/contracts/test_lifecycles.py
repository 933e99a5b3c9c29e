import pytest

from node.contracts import Lifecycle, Refusal
from node.contracts.access import FILING
from node.contracts.adjustments import YEAR
from node.contracts.annuities import TRANSFER
from node.contracts.asset_plans import PLAN
from node.contracts.cards import CARD
from node.contracts.checks import CHECK
from node.contracts.claims import CLAIM
from node.contracts.coinsurance import SLIP
from node.contracts.consent import QUERY
from node.contracts.coordination.records import BILL
from node.contracts.deposits import DEPOSIT
from node.contracts.facultative import LINE
from node.contracts.facultative import SLIP as FACULTATIVE
from node.contracts.intermediaries import ITEM
from node.contracts.kyc import PROFILE
from node.contracts.netting import BALANCE, ROUND
from node.contracts.orders import ORDER
from node.contracts.policy import LIEN, POLICY
from node.contracts.property.cargo import DECLARATION
from node.contracts.property.cold_chain import SHIPMENT
from node.contracts.property.flights import FLIGHT
from node.contracts.property.livestock import ANIMAL
from node.contracts.property.mutual import MUTUAL_CLAIM
from node.contracts.property.receivables import RECEIVABLE
from node.contracts.property.repairs import ACCIDENT
from node.contracts.sales import DISCLOSURE
from node.contracts.sales_fees import PREMIUM
from node.contracts.statements import STATEMENT
from node.contracts.suspense import RECEIPT
from node.contracts.swaps import SWAP
from node.contracts.treaty import LOSS, TREATY
from node.contracts.underwriting import APPLICATION
from node.contracts.vouchers import VOUCHER

ALL = (
    *(APPLICATION, BILL, CARD, CHECK, CLAIM, DEPOSIT, DISCLOSURE, FILING, LIEN, LOSS, POLICY, PROFILE, QUERY, SLIP),
    *(ACCIDENT, ANIMAL, DECLARATION, FLIGHT, MUTUAL_CLAIM, RECEIVABLE, SHIPMENT),
    *(STATEMENT, TREATY, VOUCHER),
    *(BALANCE, FACULTATIVE, ITEM, LINE, ROUND, SWAP, YEAR),
    *(ORDER, PLAN, PREMIUM, RECEIPT, TRANSFER),
)


def events(lifecycle):
    return sorted({event for row in lifecycle.table.values() for event in row})


def refuses(lifecycle, state, event):
    try:
        lifecycle.next(state, event)
    except Refusal as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize("lifecycle", ALL, ids=lambda lifecycle: lifecycle.name)
def test_what_the_table_does_not_allow_is_refused(lifecycle):
    checked = 0
    for state, row in lifecycle.table.items():
        for event in (*events(lifecycle), "no-such-event"):
            checked += 1
            assert refuses(lifecycle, state, event) == (None if event in row else "illegal_transition")
    assert checked


@pytest.mark.parametrize("lifecycle", ALL, ids=lambda lifecycle: lifecycle.name)
def test_every_state_can_be_reached_from_the_first(lifecycle):
    first = next(iter(lifecycle.table))
    reached, waiting = {first}, [first]
    while waiting:
        for following in lifecycle.table[waiting.pop()].values():
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    assert reached == set(lifecycle.table)


def test_a_filing_takes_every_step_in_order_and_may_be_suspended():
    state = "NONE"
    for event in ("file", "approve", "deploy", "test", "go_live", "suspend", "resume"):
        state = FILING.next(state, event)
    assert state == "LIVE"


def test_only_what_was_withdrawn_is_final_and_a_dispute_leads_to_a_ruling_alone():
    assert [state for state in CLAIM.table if CLAIM.final(state)] == ["WITHDRAWN"]
    assert CLAIM.table["DISPUTED"] == {"award": "PAID", "dismiss": "DENIED"}


def test_a_transition_to_nowhere_is_refused_when_declared():
    with pytest.raises(ValueError, match="no state of the table"):
        Lifecycle("broken", {"A": {"go": "B"}})
