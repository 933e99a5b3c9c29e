"""Reserves for the unreported: held to the losses that were told, whatever order they were told in."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.accounts import Account, total_of_all_accounts
from node.contracts.accounts import Opening as Cash
from node.contracts.accounts import Settings as Accounts
from node.contracts.reserving import (
    AgreeArgs,
    Basis,
    BasisArgs,
    BookArgs,
    Development,
    Estimate,
    LossRow,
    PaidRow,
    RecoverArgs,
    ReportArgs,
    ReviewArgs,
    data_digest,
    estimated_share,
)
from tests.node.contracts import network
from tests.node.contracts.network import Network

PERIODS = 4
LENGTH = 100
BASIS = "actuary/1"
MODEL = "ab" * 32
SHARE = 400_000


@pytest.fixture(scope="module")
def world():
    """A network with an actuary: basis agreed on, and how to begin anew."""
    roles = network.ROLES
    network.ROLES = {**roles, "actuary": "actuary", "actuary-2": "actuary"}
    told = Network(settings=[("accounts", Accounts((Cash("reinsurer", 10**12),)))])
    network.ROLES = roles
    args = AgreeArgs("reinsurer", ("insurer-1", "insurer-2"), MODEL, 0, LENGTH, PERIODS, PERIODS, SHARE)
    code = told.do("actuary", "reserving.agree", args, cosigners=("reinsurer", "insurer-1", "insurer-2")).code
    assert code == "ok"
    return told


@pytest.fixture
def agreed(world):
    return anew(world)


def anew(world):
    """The same network as just agreed on."""
    copy = object.__new__(Network)
    copy.__dict__.update(world.__dict__)
    copy._numbers = dict(world._numbers)
    return copy


def balance(state, owner, kind):
    found = state.tree.get(Account.namespace, f"{owner}/{kind}")
    return found.balance_fen if found else 0


def cells(state, which):
    return state.tree.get(Development.namespace, f"{BASIS}/{which}").cells


def report(state, who, *losses, at):
    return state.do(who, "reserving.report", ReportArgs(BASIS, tuple(LossRow(*loss) for loss in losses)), at=at).code


def booking(state, valuation, **other):
    """What the actuary books if it is right, but for what is said otherwise."""
    known = cells(state, "reported")
    ibnr_fen, error_fen = estimated_share(known, valuation, SHARE)
    right = {"model": MODEL, "data": data_digest(known, valuation), "ibnr_fen": ibnr_fen}
    return BookArgs(**{"basis": BASIS, "valuation": valuation, "standard_error_fen": error_fen, **right, **other})


def book(state, valuation, at, **other):
    args = booking(state, valuation, **other)
    return state.do("actuary", "reserving.book", args, at=at, cosigners=("reinsurer",)).code


losses = st.lists(
    st.tuples(
        st.sampled_from(["insurer-1", "insurer-2"]),
        st.integers(0, PERIODS * LENGTH - 1),  # when it occurs
        st.integers(0, PERIODS * LENGTH - 1),  # how much later it is told
        st.integers(1, 10**7),
        st.integers(0, 100),  # the share in per cent that is paid at once
    ),
    max_size=12,
)


@given(losses)
@settings(max_examples=25, deadline=None)
def test_accounts_and_triangles_are_what_was_told(world, told):
    """Against sums over the losses themselves, each put into its cell by hand."""
    state = anew(world)
    expected = [[0] * PERIODS for _ in range(PERIODS)]
    ceded = paid_back = 0
    for place, (who, occurs, delay, fen, percent) in enumerate(sorted(told, key=lambda one: one[1] + one[2])):
        at = occurs + delay
        code = report(state, who, (f"r{place}", occurs, fen), at=at)
        in_time = at // LENGTH - occurs // LENGTH < PERIODS
        assert code == ("ok" if in_time else "too_late")
        if not in_time:
            continue
        expected[occurs // LENGTH][at // LENGTH - occurs // LENGTH] += fen
        share = int(Fraction(fen * SHARE, 10**6) + Fraction(1, 2))
        ceded += share
        paid = fen * percent // 100
        if paid:
            args = RecoverArgs(BASIS, (PaidRow(f"r{place}", paid),))
            assert state.do(who, "reserving.recover", args, at=at, cosigners=("reinsurer",)).code == "ok"
            paid_back += int(Fraction(paid * SHARE, 10**6) + Fraction(1, 2))
    assert cells(state, "reported") == tuple(map(tuple, expected))
    assert -balance(state, "reinsurer", "reserve") == ceded - paid_back
    assert balance(state, "reinsurer", "recoveries-paid") == paid_back
    assert total_of_all_accounts(state.tree) == 0


def test_the_reserve_moves_from_estimate_to_estimate_and_ends_at_nothing(agreed):
    state = agreed
    assert report(state, "insurer-1", ("a", 10, 100_000), at=20) == "ok"
    assert report(state, "insurer-1", ("b", 30, 50_000), at=150) == "ok"
    assert report(state, "insurer-2", ("a", 160, 60_000), at=190) == "ok"
    assert book(state, 2, at=200) == "ok"
    assert -balance(state, "reinsurer", "ibnr") == 60_000 * 50 // 100 * 4 // 10
    assert report(state, "insurer-2", ("b", 170, 10_000), at=250) == "ok"
    assert book(state, 3, at=300) == "ok"
    basis = state.tree.get(Basis.namespace, BASIS)
    assert -balance(state, "reinsurer", "ibnr") == basis.ibnr_fen
    assert basis.case_fen == -balance(state, "reinsurer", "reserve") == 220_000 * 4 // 10
    end = (2 * PERIODS - 1) * LENGTH
    for valuation, came in ((2, 4_000), (3, 0)):
        assert state.do("actuary", "reserving.review", ReviewArgs(BASIS, valuation), at=end).code == "ok"
        estimate = state.tree.get(Estimate.namespace, f"{BASIS}|{valuation}")
        assert (estimate.emerged_fen, estimate.error_fen) == (came, estimate.ibnr_fen - came)
    assert state.do("actuary", "reserving.close", BasisArgs(BASIS), at=end, cosigners=("reinsurer",)).code == "ok"
    assert balance(state, "reinsurer", "ibnr") == 0


def test_what_is_told_after_the_valuation_does_not_change_what_was_known(agreed):
    """An estimate may be booked later than its day, and is the same."""
    state = agreed
    assert report(state, "insurer-1", ("a", 10, 100_000), at=20) == "ok"
    assert report(state, "insurer-1", ("b", 30, 50_000), at=150) == "ok"
    assert report(state, "insurer-2", ("a", 160, 60_000), at=190) == "ok"
    before = booking(state, 2)
    assert report(state, "insurer-2", ("b", 170, 10_000), at=250) == "ok"
    assert booking(state, 2) == before
    assert book(state, 2, at=260) == "ok"


def test_less_than_nothing_is_never_reserved(agreed):
    """Losses that shrink: the factor is below one, and the reserve is none."""
    state = agreed
    assert report(state, "insurer-1", ("a", 10, 100_000), at=20) == "ok"
    assert report(state, "insurer-1", ("a", 10, 70_000), at=150) == "ok"
    assert report(state, "insurer-2", ("a", 160, 60_000), at=190) == "ok"
    assert cells(state, "reported")[0][:2] == (100_000, -30_000)
    assert (booking(state, 2).ibnr_fen, book(state, 2, at=200)) == (0, "ok")


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"model": "cd" * 32}, "another_model"),
        ({"data": "cd" * 32}, "other_data"),
        ({"ibnr_fen": 1}, "estimate_differs"),
        ({"standard_error_fen": 1}, "standard_error_differs"),
    ],
)
def test_a_wrong_booking_changes_nothing(agreed, other, code):
    state = agreed
    assert report(state, "insurer-1", ("a", 10, 100_000), at=20) == "ok"
    before = list(state.tree.items(Basis.namespace)), balance(state, "reinsurer", "ibnr")
    assert book(state, 1, at=100, **other) == code
    assert (list(state.tree.items(Basis.namespace)), balance(state, "reinsurer", "ibnr")) == before


def test_cedents_are_insurers_and_the_reinsurer_is_one(agreed):
    args = AgreeArgs("reinsurer", ("bank-1",), MODEL, 0, LENGTH, 2, 2, SHARE)
    assert agreed.do("actuary", "reserving.agree", args, cosigners=("reinsurer", "bank-1")).code == "wrong_role"
    args = AgreeArgs("bank-1", ("insurer-1",), MODEL, 0, LENGTH, 2, 2, SHARE)
    assert agreed.do("actuary", "reserving.agree", args, cosigners=("bank-1", "insurer-1")).code == "wrong_role"
