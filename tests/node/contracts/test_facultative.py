"""Facultative slips: lines are signed down to the whole, and what a risk brings and costs is somebody's to the fen."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from node.contracts import accounts
from node.contracts.accounts import total_of_all_accounts
from node.contracts.facultative import Slip, signed_down
from node.contracts.facultative.leaving import CommuteArgs, TransferArgs
from node.contracts.facultative.losses import AdviseArgs
from node.contracts.facultative.placing import OfferArgs, WriteArgs
from node.contracts.facultative.records import LossArgs, SlipArgs
from node.contracts.reinsurance import Surplus
from tests.node.contracts import network
from tests.node.contracts.network import Network

WHOLE = 1_000_000
DAY = 86_400_000
REINSURERS = ("re-1", "re-2", "re-3")
SLIP = "insurer-1/1"


@pytest.fixture(autouse=True, scope="module")
def with_reinsurers():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "ROLES", {**network.ROLES, **dict.fromkeys(REINSURERS, "reinsurer")})
        yield


class Market(Network):
    """A network with money, and a risk on offer to three."""

    def __init__(self, premium=1_000_003, surplus=None, invited=REINSURERS):
        names = ("insurer-1", *REINSURERS)
        openings = tuple(accounts.Opening(name, 10**12) for name in names)
        super().__init__(settings=[("accounts", accounts.Settings(openings))])
        surplus = surplus or Surplus(retention=100, lines=5, facultative=400)
        self.act("insurer-1", "offer", OfferArgs("mill", 1_000, surplus, premium, 190_000, 0, 365 * DAY, DAY, invited))

    def act(self, who, action, args, *cosigners, at=1, code="ok"):
        outcome = self.do(who, f"facultative.{action}", args, at=at, cosigners=cosigners)
        assert outcome.code == code, outcome.detail
        return outcome.output

    def bound(self, *written):
        for name, ppm in zip(REINSURERS, written, strict=False):
            self.act(name, "write", WriteArgs(SLIP, 1, ppm))
        self.act("insurer-1", "bind", SlipArgs(SLIP))
        return self

    def of(self, owner, kind):
        found = self.tree.get("accounts", f"{owner}/{kind}")
        return found.balance_fen if found else 0

    def records(self):
        spaces = ("fac_slips", "fac_losses", "fac_departures", "accounts", "postings")
        return {space: dict(self.tree.items(space)) for space in spaces}

    @property
    def slip(self) -> Slip:
        return self.tree.get(Slip.namespace, SLIP)


@given(st.lists(st.integers(1, WHOLE), min_size=1, max_size=12))
def test_lines_are_signed_as_written_or_pro_rata_to_exactly_the_whole(written):
    signed = signed_down(written)
    assert sum(signed) == min(sum(written), WHOLE)
    scale = Fraction(WHOLE, max(WHOLE, sum(written)))
    assert all(abs(have - asked * scale) < 1 for have, asked in zip(signed, written, strict=True))
    assert all(have <= asked for have, asked in zip(signed, written, strict=True))


amounts = st.lists(st.integers(1, 400), min_size=1, max_size=4)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, WHOLE), min_size=1, max_size=3), amounts)
def test_however_a_loss_is_paid_the_lines_bear_their_shares_of_the_sum(written, paid):
    market = Market().bound(*written)
    total = min(sum(paid), 1_000)
    market.act("insurer-1", "advise", AdviseArgs(SLIP, "fire", 1, total))
    leader, left = market.slip.leader, total
    for amount in paid:
        if left:
            market.act("insurer-1", "settle", LossArgs(SLIP, "fire", min(amount, left)), leader)
            left -= min(amount, left)
    signed = [line.signed_ppm for line in market.slip.lines]
    for name, ppm in zip(REINSURERS, signed, strict=False):
        due = Fraction(total * 400 * ppm, 1_000 * WHOLE)
        assert abs(market.of(name, "recoveries-paid") - due) < 2
        assert market.of(name, "reserve") == 0
    recovered = sum(market.of(name, "recoveries-paid") for name in REINSURERS)
    assert -market.of("insurer-1", "recoveries") == recovered <= total
    assert total_of_all_accounts(market.tree) == 0


def test_what_nobody_writes_stays_with_the_cedent():
    market = Market(premium=1_000_000).bound(250_000)
    assert market.of("re-1", "premium-assumed") == -100_000
    assert market.of("re-1", "commission-paid") == 19_000
    market.act("insurer-1", "advise", AdviseArgs(SLIP, "fire", 1, 1_000))
    assert market.of("re-1", "reserve") == -100
    market.act("insurer-1", "settle", LossArgs(SLIP, "fire", 1_000), "re-1")
    assert market.of("insurer-1", "recoveries") == -100


def test_whoever_takes_the_leaders_line_leads_and_pays():
    market = Market().bound(600_000, 400_000)
    moved = TransferArgs(SLIP, "re-3", WHOLE)
    market.act("insurer-1", "advise", AdviseArgs(SLIP, "fire", 1, 1_000))
    out = market.act("re-1", "transfer", moved, "insurer-1", "re-3", at=100 * DAY)
    # 240,000.72 of premium less 19 %: 264 of 365 days have not begun
    net = 240_001 - 45_600
    assert out == {"unearned_fen": round(net * 264 / 365), "loss_portfolio_fen": 240, "reserve_fen": 240}
    assert market.slip.leader == "re-3"
    assert [market.of(name, "reserve") for name in REINSURERS] == [0, -160, -240]
    market.act("re-1", "transfer", moved, "insurer-1", "re-3", code="not_on_the_slip")
    market.act("re-2", "transfer", moved, "insurer-1", "re-3", code="on_the_slip_already")
    market.act("insurer-1", "settle", LossArgs(SLIP, "fire", 1_000), "re-3", at=101 * DAY)
    assert market.of("re-1", "recoveries-paid") == 240  # the portfolio that it gave up
    assert market.of("re-3", "recoveries-paid") == 0  # got as much as it then paid


def test_after_the_last_line_is_commuted_the_cedent_signs_for_itself():
    market = Market().bound(600_000, 400_000)
    market.act("insurer-1", "advise", AdviseArgs(SLIP, "fire", 1, 1_000))
    market.act("re-1", "commute", CommuteArgs(SLIP, 0), "insurer-1")
    assert market.slip.leader == "re-2"
    market.act("insurer-1", "settle", LossArgs(SLIP, "fire", 10), "re-1", code="signature_missing")
    market.act("re-2", "commute", CommuteArgs(SLIP, 7), "insurer-1")
    out = market.act("insurer-1", "settle", LossArgs(SLIP, "fire", 1_000))
    assert out == {"recovered_fen": (0, 0), "net_fen": 1_000}
    assert [market.of(name, "reserve") for name in REINSURERS] == [0, 0, 0]
    assert market.of("insurer-1", "recoveries") == -7


@pytest.mark.parametrize(
    ("who", "action", "args", "code"),
    [
        ("re-2", "advise", AdviseArgs(SLIP, "fire", 1, 10), "not_your_slip"),
        ("insurer-1", "advise", AdviseArgs(SLIP, "fire", 2, 10), "not_happened_yet"),
        ("insurer-1", "withdraw", SlipArgs(SLIP), "illegal_transition"),
        ("re-3", "write", WriteArgs(SLIP, 1, 10), "not_on_offer"),
        ("re-3", "commute", CommuteArgs(SLIP, 0), "not_on_the_slip"),
    ],
)
def test_a_bound_slip_is_for_its_parties(who, action, args, code):
    market = Market().bound(600_000, 400_000)
    before = market.records()
    market.act(who, action, args, "insurer-1" if who != "insurer-1" else "re-1", code=code)
    assert market.records() == before


def test_a_loss_keeps_its_day():
    market = Market().bound(WHOLE)
    market.act("insurer-1", "advise", AdviseArgs(SLIP, "fire", 1, 10), at=3)
    market.act("insurer-1", "advise", AdviseArgs(SLIP, "fire", 2, 10), at=3, code="other_loss")


def test_nobody_is_asked_twice_or_to_cover_itself():
    market = Market()
    offer = OfferArgs("mill", 1_000, Surplus(100, 5, 400), 1, 0, 0, 365 * DAY, DAY, ("re-2", "re-2"))
    market.act("insurer-1", "offer", offer, code="invited_twice")
    market.act("re-2", "offer", replace(offer, invited=("re-2",)), code="own_reinsurer")


def test_a_cedents_own_risk_does_not_come_back_to_it_by_a_transfer():
    market = Market()
    offer = OfferArgs("mill", 1_000, Surplus(100, 5, 400), 0, 0, 0, 365 * DAY, DAY, ("re-2",))
    slip = market.act("re-3", "offer", offer)["slip"]
    market.act("re-2", "write", WriteArgs(slip, 1, WHOLE))
    market.act("re-3", "bind", SlipArgs(slip))
    market.act("re-2", "transfer", TransferArgs(slip, "re-3", WHOLE), "re-3", code="own_reinsurer")


def test_who_writes_first_plays_no_part():
    one, other = Market(), Market()
    written = list(zip(REINSURERS, (500_000, 500_000, 250_000), strict=True))
    for market, order in ((one, written), (other, written[::-1])):
        for name, ppm in order:
            market.act(name, "write", WriteArgs(SLIP, 1, ppm))
        market.act("insurer-1", "bind", SlipArgs(SLIP))
    assert one.records() == other.records()
    assert one.slip.leader == "re-1"


def test_who_wrote_a_line_is_not_bound_under_an_earlier_date():
    market = Market()
    market.act("re-1", "write", WriteArgs(SLIP, 1, WHOLE))
    market.act("re-1", "lapse", SlipArgs(SLIP), at=DAY - 1, code="offer_not_over")
    market.act("re-2", "lapse", SlipArgs(SLIP), at=DAY, code="nothing_written")
    market.act("re-1", "lapse", SlipArgs(SLIP), at=DAY)
    market.act("insurer-1", "bind", SlipArgs(SLIP), at=DAY - 1, code="illegal_transition")
    assert market.of("re-1", "cash") == 10**12
