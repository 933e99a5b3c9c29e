"""Raising a plan: who is no party does nothing, calls end, and units are what was paid."""

import pytest

from node.contracts.asset_plans.raising import (
    BackArgs,
    BehindArgs,
    CallArgs,
    ConfirmArgs,
    EstablishArgs,
    UnderArgs,
)
from node.contracts.asset_plans.records import INVESTORS_MAX
from node.contracts.asset_plans.running import PlanArgs
from tests.node.contracts.inclusive.bench import OPENING_FEN, Bench

DAY = 86_400_000
DOCUMENT, OTHER = "a" * 64, "b" * 64
INVESTORS = tuple(f"investor-{n}" for n in range(INVESTORS_MAX + 1))
ROLES = {
    **dict.fromkeys(("manager-1", "manager-2"), "manager"),
    **dict.fromkeys(("custodian-1", "custodian-2"), "custodian"),
    **dict.fromkeys(("project-1", "project-2"), "project"),
    "intermediary": "intermediary",
    **dict.fromkeys(INVESTORS, "investor"),
}
UNIT = 100


class Raising:
    """A plan of one unit for each of thirteen investors, interest due on day 10."""

    def __init__(self):
        self.bench = Bench(ROLES)
        parties = ("custodian-1", "project-1", "intermediary")
        args = EstablishArgs(DOCUMENT, *parties, UNIT * len(INVESTORS), UNIT, 50_000, (10 * DAY,))
        self.plan = self.bench.do("manager-1", "asset-plans.establish", args, at=0, cosigners=parties).output["plan"]

    def do(self, who, what, args, at=1, cosigners=()):
        return self.bench.do(who, f"asset-plans.{what}", args, at=at, cosigners=cosigners).code

    def call(self, investor, who="manager-1", until=DAY):
        args = CallArgs(self.plan, DOCUMENT, investor, UNIT, until)
        return self.do(who, "call", args, cosigners=(investor,))

    @property
    def state(self):
        return self.bench.tree.get("asset_plans", self.plan)


@pytest.mark.parametrize(
    ("who", "what", "cosigners"),
    [
        ("manager-2", "call", ("investor-0",)),
        ("manager-2", "lapse", ()),
        ("custodian-2", "confirm", ()),
        ("custodian-2", "accrue", ()),
        ("project-2", "back", ("intermediary",)),
        ("project-2", "draw", ("custodian-1",)),
        ("project-2", "pay-interest", ()),
        ("project-2", "redeem", ()),
    ],
)
def test_another_of_the_same_role_is_no_party(who, what, cosigners):
    found = Raising()
    found.call("investor-0")
    before = found.state
    args = {
        "call": CallArgs(found.plan, DOCUMENT, "investor-0", UNIT, DAY),
        "back": BackArgs(found.plan, (("asset", OTHER, UNIT),)),
        "draw": UnderArgs(found.plan, DOCUMENT),
    }.get(what, ConfirmArgs(found.plan, "investor-0") if what in {"lapse", "confirm"} else PlanArgs(found.plan))
    assert found.do(who, what, args, at=2 * DAY, cosigners=cosigners) == "not_a_party"
    assert found.state == before


def test_a_call_ends_and_its_amount_is_free_again():
    found = Raising()
    found.call("investor-0")
    pay, which = UnderArgs(found.plan, DOCUMENT), ConfirmArgs(found.plan, "investor-0")
    assert found.do("manager-1", "lapse", which, at=DAY) == "call_not_over"
    assert found.do("investor-0", "pay", pay, at=DAY + 1) == "call_is_over"
    assert found.do("manager-1", "lapse", which, at=DAY + 1) == "ok"
    assert found.state.called_fen == 0
    assert found.call("investor-0", until=5 * DAY) == "ok"
    assert found.do("investor-0", "pay", pay, at=5 * DAY) == "ok"
    assert found.do("manager-1", "lapse", which, at=6 * DAY) == "paid_already"


def test_units_are_what_was_paid_and_there_is_room_for_twelve():
    found = Raising()
    for investor in INVESTORS[:-1]:
        assert found.call(investor) == "ok"
        assert found.do(investor, "pay", UnderArgs(found.plan, DOCUMENT)) == "ok"
        assert found.do("custodian-1", "confirm", ConfirmArgs(found.plan, investor)) == "ok"
    assert found.call(INVESTORS[-1]) == "too_many_investors", "none pays who could not be registered"
    assert found.state.raised_fen == UNIT * INVESTORS_MAX
    assert found.bench.balance("custodian-1", "cash") == UNIT * INVESTORS_MAX
    nobody = BehindArgs(found.plan, (("somebody", 1),))
    assert found.do(INVESTORS[-1], "name-holders", nobody) == "look_through_incomplete"


def test_what_is_drawn_on_the_last_day_would_bear_no_interest():
    bench = Bench(ROLES)
    parties = ("custodian-1", "project-1", "intermediary")
    args = EstablishArgs(DOCUMENT, *parties, UNIT, UNIT, 50_000, (10 * DAY,))
    plan = bench.do("manager-1", "asset-plans.establish", args, at=0, cosigners=parties).output["plan"]

    def do(who, what, given, *cosigners, at=1):
        return bench.do(who, f"asset-plans.{what}", given, at=at, cosigners=cosigners).code

    under = UnderArgs(plan, DOCUMENT)
    do("manager-1", "call", CallArgs(plan, DOCUMENT, "investor-0", UNIT, DAY), "investor-0")
    do("investor-0", "pay", under)
    do("custodian-1", "confirm", ConfirmArgs(plan, "investor-0"))
    do("project-1", "back", BackArgs(plan, (("asset", OTHER, UNIT),)), "intermediary")
    assert do("project-1", "draw", under, "custodian-1", at=9 * DAY + 1) == "drawn_too_late"
    assert do("project-1", "draw", under, "custodian-1", at=9 * DAY) == "ok"
    assert do("project-1", "pay-interest", PlanArgs(plan), at=10 * DAY) == "ok"
    assert do("project-1", "redeem", PlanArgs(plan), at=10 * DAY) == "ok"
    cash = sum(bench.balance(name, "cash") for name in ROLES)
    assert cash == 0
    assert bench.tree.get("accounts", "investor-0/cash").balance_fen == OPENING_FEN
    assert do("project-2", "back", BackArgs(plan, (("asset", OTHER, UNIT),)), "intermediary") == "not_a_party"
