"""The rules of the scenarios on whole reinsurance programmes, and what breaks them."""

from node.contracts.reinsurance.layers import in_layer
from node.contracts.reinsurance.premium import MinimumAndDeposit
from node.contracts.reinsurance.programmes import shares
from node.contracts.reinsurance.programmes.sections import Stage, stages
from tests.scenarios.rules import Replaced

YEAR = "node.contracts.reinsurance.programmes.year"


def _each_for_itself(sections):
    """As if every section saw what the one before it left, whatever its priority (a published package's mistake)."""
    return [Stage((section,), stage.basis) for stage in stages(sections) for section in stage.sections]


def _all_at_once(sections):
    """As if no section inured to the benefit of another."""
    ordered = stages(sections)
    return [Stage(tuple(section for stage in ordered for section in stage.sections), ordered[0].basis)]


def _never_used_up(_book, _cover, touched, _at_ms):
    """As if a layer were filled up for ever, and for nothing."""
    return touched


def _at_one_price(rates, limit, recovered):
    """As if every reinstatement cost what the last one costs."""
    return in_layer(recovered, 0, len(rates) * limit) * (rates[-1] if rates else 0)


def _nothing_back(_book):
    """As if nothing of a bad year fell back on the cedent."""
    return 0


def _as_adjusted(price, income, _loss):
    """As if no premium swung."""
    return MinimumAndDeposit(price.deposit, price.rate).adjusted(income)


def _deposit_only(price, income, loss):
    """As if a deposit were never adjusted."""
    return price.swing.premium(income, loss) if price.swing else price.deposit


def _on_gross(_book, _unit, _left):
    """As if no premium were ceded."""
    return 0


def _rounded_down(total, weights):
    """As if nobody got the fen that are left over."""
    return tuple(total * weight // sum(weights) for weight in weights)


def _twice(worked, _paid, found=shares.lines):
    """As if what cash calls paid were not credited."""
    return found(worked, {})


RULES = {
    "tower_and_reinstatements": (
        *("another_event", "below_nothing", "not_happened_yet", "not_your_programme", "outside_the_event"),
        *("outside_the_term", "sum_insured_differs"),
        Replaced(f"{YEAR}:stages", _each_for_itself),
        Replaced(f"{YEAR}:_Book._reinstating", _never_used_up),
        Replaced(f"{YEAR}:weighted_to_date", _at_one_price),
        Replaced(f"{YEAR}:Year.days_left", lambda year, *_: year.days),
        Replaced(f"{YEAR}:allocate", lambda _, touched: touched),
    ),
    "cash_call": (
        *("amount_differs", "balance_differs", "below_the_cash_limit", "beyond_the_recovery", "illegal_transition"),
        *("not_your_programme", "programme_closed", "reserve_not_due", "term_not_over"),
        Replaced("node.contracts.reinsurance.programmes.calls:allocate", _rounded_down),
        Replaced("node.contracts.reinsurance.programmes.closing:lines", _twice),
        Replaced("node.contracts.reinsurance.programmes.covers:Price.final", _deposit_only),
    ),
    "whole_programme": (
        *("covers_overlap", "inception_in_the_past", "inuring_order_unclear", "not_your_programme", "overplaced"),
        *("section_named_twice", "signature_missing", "taker_named_twice", "term_empty", "wrong_role"),
        Replaced(f"{YEAR}:stages", _each_for_itself),
        Replaced(f"{YEAR}:stages", _all_at_once),
        Replaced(f"{YEAR}:_Book.take_premium", _on_gross),
    ),
    "good_and_bad_years": (
        Replaced(f"{YEAR}:_Book._taken_back", _nothing_back),
        Replaced("node.contracts.reinsurance.programmes.covers:Price.final", _as_adjusted),
        Replaced("node.contracts.reinsurance.programmes.covers:Price.final", _deposit_only),
        Replaced(
            "node.contracts.reinsurance.programmes.shares:of_placed", lambda section, _: (0,) * len(section.takers)
        ),
    ),
}

BROKEN = {
    "tower_and_reinstatements": ("story", "assumptions.cat-premium.value=6_000_001 CNY"),
    "cash_call": ("steps", "assumptions.cash-limit.value=50_000.01 CNY"),
    "whole_programme": ("steps", "assumptions.hours.value=24 h"),
    "good_and_bad_years": ("steps", "world.cash.insurer-1=171_499.99 CNY"),
}
