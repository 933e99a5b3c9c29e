"""The contract "programme": signed by all, kept by the cedent, called upon, closed, and confirmed by the figure."""

from __future__ import annotations

import pytest

from node.contracts.accounts import total_of_all_accounts
from node.contracts.reinsurance import Layer
from node.contracts.reinsurance.programmes import CatastropheExcess, Price, QuotaShareCover, Section, contract
from node.contracts.reinsurance.programmes.books import BookEvent, Booking, BookPremiums, OfEvent
from node.contracts.reinsurance.programmes.calls import Call, PayCall
from node.contracts.reinsurance.programmes.closing import Close, Confirm, Release
from node.contracts.reinsurance.programmes.signing import Sign
from tests.node.contracts.inclusive.bench import Bench
from tests.node.contracts.reinsurance.programmes import DAY_MS

YUAN = 100  # fen
SECTIONS = (
    Section(
        "quota", 1, QuotaShareCover(400_000, 300_000, reserve=400_000), (("reinsurer", 600_000), ("re-2", 400_000))
    ),
    Section(
        "cat",
        2,
        CatastropheExcess(Layer(100_000 * YUAN, 60_000 * YUAN), Price(10_000 * YUAN, rate=20_000), (1_000_000,)),
        (("re-2", 900_000),),
    ),
)
TERM = (10 * DAY_MS, 375 * DAY_MS)
SIGN = Sign("property", *TERM, 3 * DAY_MS, 20_000 * YUAN, SECTIONS, 740 * DAY_MS)
PROGRAMME = "insurer-1/1"


def act(bench: Bench, who: str, action: str, args, day: int = 20, *cosigners: str):
    return bench.do(who, f"programme.{action}", args, at=day * DAY_MS, cosigners=cosigners)


def signed(sign: Sign = SIGN) -> Bench:
    bench = Bench({"re-2": "reinsurer"})
    assert act(bench, "insurer-1", "sign", sign, 10, "reinsurer", "re-2").code == "ok"
    return bench


def loss(yuan: int, risk: str = "mill", day: int = 20) -> Booking:
    return Booking(risk, 500_000 * YUAN, yuan * YUAN, day * DAY_MS)


def with_storm() -> Bench:
    """1,000,000 yuan of premium, and a storm of 200,000: 80,000 of it are the quota share's, 60,000 of 120,000 the
    layer's, of which 54,000 are placed."""
    bench = signed()
    rows = BookPremiums(PROGRAMME, ((500_000 * YUAN, 1_000_000 * YUAN),))
    assert act(bench, "insurer-1", "book-premiums", rows).code == "ok"
    storm = BookEvent(PROGRAMME, "storm", 20 * DAY_MS, (loss(150_000), loss(50_000, "barn", 22)))
    assert act(bench, "insurer-1", "book-event", storm, 22).code == "ok"
    return bench


def test_a_year_of_a_programme():
    bench = with_storm()
    stated = act(bench, "re-2", "state-event", OfEvent(PROGRAMME, "storm"))
    assert stated.output == {
        "gross_fen": 200_000 * YUAN,
        "kept_fen": 66_000 * YUAN,
        "recovered": {"cat": 54_000 * YUAN, "quota": 80_000 * YUAN},
        "reinstatements": {"cat": 7_200 * YUAN},
    }
    called = act(bench, "insurer-1", "call", Call(PROGRAMME, "cat", 27_000 * YUAN), 30)
    # half of what the layer owes, at 60,000 of 100,000 on a deposit of 10,000: 3,000, placed 90 %
    assert called.output == {"called_fen": 27_000 * YUAN, "reinstatement_fen": 2_700 * YUAN}
    assert act(bench, "re-2", "pay-call", PayCall("insurer-1/5", 24_300 * YUAN), 31).code == "ok"
    closed = act(bench, "insurer-1", "close", Close(PROGRAMME), 375)
    # the premium is 2 % of the 600,000 that the quota share leaves; a year's reinstatement is 7,200, placed 6,480
    balances = {
        "re-2": (160_000 - 48_000 - 32_000 - 64_000) + (10_800 - 9_000) + (6_480 - 2_700) - (54_000 - 27_000),
        "reinsurer": 240_000 - 72_000 - 48_000 - 96_000,
    }
    assert closed.output["balances"] == {name: yuan * YUAN for name, yuan in balances.items()}
    assert closed.output["retained_fen"] == 66_000 * YUAN
    for name, yuan in balances.items():
        assert act(bench, name, "confirm", Confirm(PROGRAMME, yuan * YUAN), 376).code == "ok"
    for name in balances:
        assert act(bench, "insurer-1", "release", Release(PROGRAMME, name), 740).code == "ok"
    assert bench.balance("insurer-1", "recoveries") == -(80_000 + 54_000) * YUAN
    assert bench.balance("insurer-1", "premium-ceded") == (400_000 + 10_800 + 6_480) * YUAN
    assert bench.balance("insurer-1", "commission-income") == -120_000 * YUAN
    assert bench.balance("insurer-1", "payable") == bench.balance("re-2", "receivable") == 0
    assert total_of_all_accounts(bench.tree) == 0


@pytest.mark.parametrize(
    ("changed", "cosigners", "day", "code"),
    [
        ({}, ("reinsurer",), 10, "signature_missing"),
        ({}, ("reinsurer", "re-2"), 11, "inception_in_the_past"),
        ({"until_ms": 10 * DAY_MS}, ("reinsurer", "re-2"), 10, "term_empty"),
        ({"sections": (SECTIONS[0], SECTIONS[0])}, ("reinsurer", "re-2"), 10, "section_named_twice"),
        (
            {"sections": (Section("q", 1, QuotaShareCover(1), (("broker", 1),)),)},
            ("broker",),
            10,
            "wrong_role",
        ),
    ],
)
def test_what_is_no_programme_is_not_signed(changed, cosigners, day, code):
    terms = {name: getattr(SIGN, name) for name in SIGN.__struct_fields__} | changed
    bench = Bench({"re-2": "reinsurer"})
    assert act(bench, "insurer-1", "sign", Sign(**terms), day, *cosigners).code == code


def booking(*losses: Booking, at: int = 20, event: str = "storm") -> BookEvent:
    return BookEvent(PROGRAMME, event, at * DAY_MS, losses)


@pytest.mark.parametrize(
    ("args", "day", "code"),
    [
        (booking(loss(1, day=9), at=9), 20, "outside_the_term"),
        (booking(loss(1, day=375), at=375), 375, "outside_the_term"),
        (booking(loss(1, day=21), at=21), 20, "not_happened_yet"),
        (booking(loss(1, day=21), at=21), 22, "another_event"),
        (booking(loss(1, day=23)), 30, "outside_the_event"),
        (booking(loss(1, day=19)), 30, "outside_the_event"),
        (booking(loss(-150_001)), 30, "below_nothing"),
        (booking(loss(-150_000)), 30, "ok"),
        (booking(Booking("mill", 1, 1, 20 * DAY_MS)), 30, "sum_insured_differs"),
        (booking(Booking("mill", 500_000 * YUAN, 2**53 - 1, 20 * DAY_MS)), 30, "amount_too_large"),
        (booking(*(loss(1, f"risk-{number}") for number in range(63))), 30, "too_many_losses"),
    ],
)
def test_what_is_no_loss_of_the_event_is_not_booked(args, day, code):
    assert act(with_storm(), "insurer-1", "book-event", args, day).code == code


def kept(bench: Bench) -> dict:
    """All that the contract and the accounts keep."""
    spaces = (*(kind.namespace for kind in contract.records), "accounts", "postings")
    return {space: dict(bench.tree.items(space)) for space in spaces}


@pytest.mark.parametrize(
    ("who", "action", "args", "day", "code"),
    [
        ("insurer-2", "book-event", booking(loss(1)), 20, "not_your_programme"),
        ("insurer-2", "state-event", OfEvent(PROGRAMME, "storm"), 20, "not_your_programme"),
        ("insurer-1", "state-event", OfEvent(PROGRAMME, "flood"), 20, "unknown_loss_event"),
        ("insurer-1", "call", Call(PROGRAMME, "flood", 20_000 * YUAN), 30, "unknown_section"),
        ("insurer-1", "call", Call(PROGRAMME, "cat", 20_000 * YUAN - 1), 30, "below_the_cash_limit"),
        ("insurer-1", "call", Call(PROGRAMME, "cat", 54_000 * YUAN + 1), 30, "beyond_the_recovery"),
        ("insurer-1", "close", Close(PROGRAMME), 374, "term_not_over"),
        ("re-2", "confirm", Confirm(PROGRAMME, 0), 376, "unknown_programme_account"),
        ("insurer-1", "release", Release(PROGRAMME, "re-2"), 739, "reserve_not_due"),
        ("insurer-2", "release", Release(PROGRAMME, "re-2"), 740, "not_your_programme"),
    ],
)
def test_what_is_refused_with_an_open_programme(who, action, args, day, code):
    bench = with_storm()
    before = kept(bench)
    assert act(bench, who, action, args, day).code == code
    assert kept(bench) == before


def test_a_call_is_paid_once_by_the_figure_and_before_the_close():
    bench = with_storm()
    call, pay = Call(PROGRAMME, "cat", 27_000 * YUAN), PayCall("insurer-1/4", 24_300 * YUAN)
    assert act(bench, "insurer-1", "call", call, 30).code == "ok"
    assert act(bench, "insurer-1", "call", Call(PROGRAMME, "cat", 27_000 * YUAN + 1), 30).code == "beyond_the_recovery"
    assert act(bench, "reinsurer", "pay-call", pay, 31).code == "unknown_cash_call"
    assert act(bench, "re-2", "pay-call", PayCall("insurer-1/4", 24_300 * YUAN - 1), 31).code == "amount_differs"
    assert act(bench, "re-2", "pay-call", pay, 31).code == "ok"
    assert act(bench, "re-2", "pay-call", pay, 31).code == "illegal_transition"
    assert act(bench, "insurer-1", "call", call, 32).code == "ok"
    assert act(bench, "insurer-1", "close", Close(PROGRAMME), 375).code == "ok"
    assert act(bench, "re-2", "pay-call", PayCall("insurer-1/10", 24_300 * YUAN), 376).code == "programme_closed"


def test_after_the_close_nothing_is_booked_and_accounts_are_confirmed_once():
    bench = with_storm()
    assert act(bench, "insurer-1", "close", Close(PROGRAMME), 375).code == "ok"
    for action, args in (("book-event", booking(loss(1))), ("close", Close(PROGRAMME))):
        assert act(bench, "insurer-1", action, args, 376).code == "programme_closed"
    assert act(bench, "reinsurer", "confirm", Confirm(PROGRAMME, 24_000 * YUAN + 1), 376).code == "balance_differs"
    assert act(bench, "reinsurer", "confirm", Confirm(PROGRAMME, 24_000 * YUAN), 376).code == "ok"
    assert act(bench, "reinsurer", "confirm", Confirm(PROGRAMME, 24_000 * YUAN), 376).code == "illegal_transition"
    assert act(bench, "insurer-1", "release", Release(PROGRAMME, "re-2"), 740).code == "illegal_transition"


def test_the_order_in_which_the_books_are_kept_does_not_matter():
    storm, flood = booking(loss(300_000)), booking(loss(100_000, day=25), at=25, event="flood")
    found = []
    for order in ((storm, flood), (flood, storm)):
        bench = signed()
        for args in order:
            assert act(bench, "insurer-1", "book-event", args, 40).code == "ok"
        found.append(act(bench, "insurer-1", "close", Close(PROGRAMME), 375).output)
    assert found[0] == found[1]


def test_the_largest_amounts_still_close():
    most = 2**53 - 1
    cover = CatastropheExcess(Layer(most, 0), Price(0, rate=1_000_000), (2_000_000,) * 16)
    sections = tuple(Section(f"s{place}", place, cover, (("reinsurer", 1_000_000),)) for place in range(1, 13))
    bench = signed(Sign("property", *TERM, 1, 0, sections))
    assert act(bench, "insurer-1", "book-premiums", BookPremiums(PROGRAMME, ((most, most),))).code == "ok"
    assert act(bench, "insurer-1", "book-event", booking(Booking("r", most, most, 20 * DAY_MS))).code == "ok"
    closed = act(bench, "insurer-1", "close", Close(PROGRAMME), 375)
    assert (closed.code, closed.output["retained_fen"]) == ("ok", 0)
