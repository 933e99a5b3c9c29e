"""The rules of the actuary's scenarios, and what breaks them."""

from tests.scenarios.rules import Replaced

UNSIGNED = Replaced("node.contracts.endorsement:_Signed.missing", lambda *_: "")
"""As if it did not matter which names signed besides the sender."""

WITHOUT_THE_BUREAU = Replaced("node.contracts.endorsement:_OfRole.missing", lambda *_: "")
"""As if it did not matter whether a bureau signed."""


def _louder(_desk, _platform, _about, most):
    """As if amounts were told with twice the noise that is stated."""
    return 2 * most


def _of_the_whole_triangle(cells, *_):
    """As if what is told later were known already."""
    return cells


RULES = {
    "booked_with_both": (
        *("another_model", "cedent_twice", "estimate_differs", "has_not_occurred", "has_not_run_off"),
        *("illegal_transition", "less_than_paid", "more_than_reported", "not_a_cedent", "not_your_basis"),
        *("occurred_otherwise", "other_data", "outside_the_basis", "paid_already", "period_not_over"),
        *("standard_error_differs", "too_late", "valued_already"),
        UNSIGNED,
    ),
    "data_lab": (
        *("cell_too_small", "differencing", "does_not_add_up", "model_not_approved", "pool_ended", "pool_used_up"),
    ),
    "rated_together": (
        *("bands_out_of_order", "illegal_transition", "in_another_pool", "model_not_approved", "shares_missing"),
        *("supplied_already", "wrong_recipients"),
        WITHOUT_THE_BUREAU,
        Replaced("scenarios.roles.estimation:_noise", _louder),
    ),
    "reserved_late": (Replaced("node.contracts.reserving.valuing:known", _of_the_whole_triangle),),
}

BROKEN = {
    "booked_with_both": ("story", "assumptions.0.value=40 %"),
    "data_lab": ("steps", "assumptions.people-min.value=40"),
    "rated_together": ("steps", "story.ask-unapproved.expect=ok"),
    "reserved_late": ("records.reserve_estimates == 9", "workload.0.values_every=5"),
}
