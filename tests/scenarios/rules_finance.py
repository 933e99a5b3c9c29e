"""The rules of the scenarios on money between institutions, and what breaks them."""

from node.contracts.asset_plans.schedule import periods
from node.contracts.points import Exchange, exchanged
from tests.scenarios.rules import Replaced


def _rounded_down(premium, scheme):
    """As if nobody got the fen that are left over but head office."""
    parts = [premium * ppm // 1_000_000 for ppm in (scheme.agent_ppm, scheme.branch_ppm)]
    return (*parts, premium - sum(parts))


def _all_of_them(points, give_rate, take_rate):
    """As if whoever exchanges gave all points, whatever the others cost."""
    got = points * give_rate // take_rate
    return Exchange(used=points, got=got, owed=got * take_rate, kept=points * give_rate - got * take_rate)


def _nothing_kept(points, give_rate, take_rate):
    """As if what rounding keeps back were on nobody's books."""
    return exchanged(points, give_rate, take_rate)._replace(kept=0)


def _towards_nothing(positions):
    """As if each platform's part of a fen were left out."""
    return {name: (abs(position) // 1_000) * (1 if position > 0 else -1) for name, position in positions.items()}


def _rounded_units(amount, plan):
    """As if a fen that is left over stayed with the project."""
    whole = sum(units for _, units in plan.investors)
    return tuple(amount * units // whole for _, units in plan.investors)


def _each_rounded(principal, rate, starts_ms, dates_ms):
    """As if each instalment were worked out by itself and rounded up."""
    return tuple(-(-principal * rate * days // 365_000_000) for days in periods(starts_ms, dates_ms))


UNSIGNED = Replaced("node.contracts.endorsement:_Signed.missing", lambda *_: "")
"""As if it did not matter who signed besides the sender."""

RULES = {
    "asset_backed_plan": (
        *("all_interest_paid", "asset_backs_another", "beyond_the_target", "called_already", "dates_out_of_order"),
        *("forged_contract", "holder_twice", "illegal_transition", "interest_open", "look_through_incomplete"),
        *("named_already", "not_backed", "not_due_yet", "not_fully_raised", "units_not_whole"),
        UNSIGNED,
        Replaced("node.contracts.asset_plans.running:divided", _rounded_units),
        Replaced("node.contracts.asset_plans.raising:instalments", _each_rounded),
    ),
    "annuity_moved": (
        *("illegal_transition", "no_amount", "not_your_turn", "other_amount", "plan_exists", "same_plan"),
        *("under_way_already", "wrong_recipients"),
        UNSIGNED,
    ),
    "orders_on_chain": (
        *("illegal_transition", "not_a_trader", "not_the_receiver", "not_the_sender", "order_exists", "order_expired"),
        *("order_missing", "other_terms", "own_order", "terms_incomplete", "wrong_recipients"),
    ),
    "points_at_scale": (
        Replaced("node.contracts.points:in_fen", lambda positions: dict.fromkeys(positions, 1)),
        Replaced("node.contracts.points:exchanged", _nothing_kept),
    ),
    "points_exchanged": (
        *("beyond_the_line", "not_your_points", "nothing_to_settle", "points_short", "same_platform"),
        "too_few_points",
        Replaced("node.contracts.points:exchanged", _all_of_them),
        Replaced("node.contracts.points:in_fen", _towards_nothing),
    ),
    "unidentified_receipts": (
        *("illegal_transition", "not_aged_yet", "not_as_valued", "not_the_payee", "nothing_paid", "other_amount"),
        *("other_custodians", "own_account"),
        Replaced("node.contracts.suspense:aged", lambda receipts: (sum(fen for _, fen in receipts), 0, 0, 0)),
    ),
    "premium_split": (
        *("commission_above_cap", "cooling_off_over", "illegal_transition", "no_fees_due", "not_the_customer"),
        *("premium_split_already", "split_not_whole"),
        UNSIGNED,
        Replaced("node.contracts.sales_fees:divided", _rounded_down),
    ),
}

BROKEN = {
    "asset_backed_plan": ("story", "story.accrue.at=2023-07-09 09:00"),
    "annuity_moved": ("story", "settings={annuities: {within_ms: 5 days}}"),
    "unidentified_receipts": ("steps", "assumptions.return-after.value=61 days"),
    "orders_on_chain": ("drained", "faults.0.loss=90%", "run.duration=20s"),
    "points_at_scale": ("steps", "settings.points.platforms.1.line_fen=1 CNY"),
    "points_exchanged": ("story", "settings.points.platforms.1.rate=47_000"),
    "premium_split": ("steps", "assumptions.0.value=14 %"),
}
