"""Personal accounts: what is left of earlier years, and whose cover it buys (row 42)."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.accounts import Opening, Settings, total_of_all_accounts
from node.contracts.inclusive import Enrol, EnrolByAccount, FilePlan, PlanTerms, member_key
from node.contracts.personal_accounts import CreditArgs, OpenArgs, RelateArgs, year_of
from tests.node.contracts.network import Network

YUAN = 100
FUND = 1_000_000 * YUAN
LIN, WU, SUN = "11" * 32, "22" * 32, "33" * 32
TERMS = PlanTerms(
    adult_premium=100 * YUAN,
    minor_premium=60 * YUAN,
    adult_age=18,
    deductible=0,
    ratio=1_000_000,
    cap=3_000_000 * YUAN,
)


def day(text):
    return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days


def at(text):
    return day(text) * 86_400_000


class City(Network):
    """The bureau's fund, accounts of lin and sun, and a plan that covers 2024; wu is lin's child."""

    def __init__(self):
        super().__init__(settings=(("accounts", Settings(openings=(Opening("bureau", FUND),))),))
        plan = FilePlan("plan", ("insurer-1",), TERMS, day("2024-01-01"), day("2025-01-01"))
        assert self.do("bureau", "inclusive.file-plan", plan, at=0, cosigners=("insurer-1",)).code == "ok"
        for person, wallet in ((LIN, "ann"), (SUN, "bob")):
            opened = self.do("bureau", "personal-accounts.open-account", OpenArgs(person, wallet), at=at("2022-01-01"))
            assert opened.output == {"person": person}
        assert self.do("bureau", "personal-accounts.relate", RelateArgs(LIN, WU, "child")).code == "ok"

    def credit(self, person, fen, when, who="bureau"):
        return self.do(who, "personal-accounts.credit", CreditArgs(person, fen), at=at(when))

    def enrol(self, person, age, holder, when="2023-11-01", signers=("bureau", "ann")):
        args = EnrolByAccount("plan", person, age, holder)
        return self.do("insurer-1", "inclusive.enrol-by-account", args, at=at(when), cosigners=signers)

    def prior(self, person):
        return self.tree.get("personal-accounts", person).as_of(2023).prior_fen

    def cash(self, owner):
        return self.tree.get("accounts", f"{owner}/cash").balance_fen


@pytest.fixture
def city():
    return City()


def test_this_years_balance_pays_nothing_and_an_earlier_years_does(city):
    city.credit(LIN, 100 * YUAN, "2023-06-01")
    assert city.enrol(LIN, 40, LIN, when="2023-12-31").code == "prior_balance_short"
    city = City()
    city.credit(LIN, 100 * YUAN, "2022-12-31")
    assert city.enrol(LIN, 40, LIN, when="2023-01-01").output == {"premium_fen": 100 * YUAN, "prior_fen": 0}


@pytest.mark.parametrize(("prior", "code"), [(9_999, "prior_balance_short"), (10_000, "ok"), (10_001, "ok")])
def test_a_debit_is_at_most_what_earlier_years_left(city, prior, code):
    city.credit(LIN, prior, "2022-06-01")
    city.credit(LIN, 500 * YUAN, "2023-06-01")  # this year's does not help
    assert city.enrol(LIN, 18, LIN).code == code
    assert (city.tree.get("inclusive-members", member_key("plan", LIN)) is not None) == (code == "ok")


def test_the_holder_pays_for_direct_relatives_and_nobody_else(city):
    city.credit(LIN, 300 * YUAN, "2022-06-01")
    assert city.enrol(SUN, 40, LIN).code == "not_a_relative"
    assert city.enrol(WU, 17, LIN).output == {"premium_fen": 60 * YUAN, "prior_fen": 240 * YUAN}
    assert city.enrol(WU, 17, LIN).code == "already_enrolled"
    assert city.enrol(LIN, 40, LIN).output["prior_fen"] == 140 * YUAN
    assert city.cash("insurer-1") == 160 * YUAN
    assert city.cash("residents") == 140 * YUAN
    assert total_of_all_accounts(city.tree) == 0


def test_a_relation_holds_both_ways(city):
    city.do("bureau", "personal-accounts.open-account", OpenArgs(WU, "ann"), at=at("2022-01-01"))
    city.credit(WU, 100 * YUAN, "2022-06-01")
    assert city.enrol(LIN, 40, WU).code == "ok"
    assert city.tree.get("relations", f"{WU}/{LIN}").kinship == "parent"
    assert city.do("bureau", "personal-accounts.relate", RelateArgs(LIN, LIN, "spouse")).code == "own_relative"


@pytest.mark.parametrize("signers", [(), ("bureau",), ("ann",), ("bureau", "bob")])
def test_bureau_and_the_holders_wallet_must_sign(city, signers):
    city.credit(LIN, 300 * YUAN, "2022-06-01")
    assert city.enrol(LIN, 40, LIN, signers=signers).code == "signature_missing"


def test_who_has_no_account_pays_by_none(city):
    assert city.enrol(WU, 17, WU).code == "unknown_personal_account"
    assert city.do("bureau", "personal-accounts.open-account", OpenArgs(LIN, "ann")).code == "account_exists"
    assert city.do("bureau", "personal-accounts.open-account", OpenArgs(WU, "nobody")).code == "unknown_wallet"


def test_only_the_bureau_credits_and_no_year_that_is_over(city):
    assert city.credit(LIN, 100, "2023-06-01", who="insurer-1").code == "role_not_allowed"
    assert city.credit(LIN, 0, "2023-06-01").code == "nothing_to_credit"
    assert city.credit(LIN, 100, "2023-06-01").code == "ok"
    assert city.credit(LIN, 100, "2022-12-31").code == "year_closed"


def test_bulk_and_single_enrolment_agree_on_who_is_a_member(city):
    city.credit(LIN, 300 * YUAN, "2022-06-01")
    city.do("insurer-1", "inclusive.enrol", Enrol("plan", ((LIN, 40),)), at=at("2023-11-01"), cosigners=("bureau",))
    assert city.enrol(LIN, 40, LIN).code == "already_enrolled"
    assert city.prior(LIN) == 300 * YUAN


events = st.lists(
    st.tuples(st.sampled_from(["credit", "draw"]), st.integers(0, 720), st.integers(1, 30_000)), max_size=20
)


@settings(max_examples=40, deadline=None)
@given(events)
def test_no_history_of_credits_and_debits_draws_more_than_earlier_years_were_credited(drawn):
    """The balance of earlier years, from the list of all that happened: credited before this year, less all debits."""
    city = City()
    credited, spent = [], 0
    for place, (what, days, fen) in enumerate(sorted(drawn, key=lambda event: event[1])):
        when = dt.date(2022, 1, 1) + dt.timedelta(days=days)
        if what == "credit":
            assert city.credit(LIN, fen, when.isoformat()).code == "ok"
            credited.append((when.year, fen))
            continue
        prior = sum(amount for year, amount in credited if year < when.year) - spent
        relative = f"{place:064x}"
        city.do("bureau", "personal-accounts.relate", RelateArgs(LIN, relative, "child"))
        outcome = city.enrol(relative, 10, LIN, when=when.isoformat())
        assert (outcome.code == "ok") == (prior >= 60 * YUAN)
        spent += 60 * YUAN * (outcome.code == "ok")
    assert city.cash("bureau") == FUND - sum(amount for _, amount in credited)
    assert total_of_all_accounts(city.tree) == 0


@given(st.dates(dt.date(1970, 1, 1), dt.date(2999, 12, 31)), st.integers(0, 86_399_999))
def test_the_year_is_the_calendars(date, rest):
    assert year_of((date - dt.date(1970, 1, 1)).days * 86_400_000 + rest) == date.year
