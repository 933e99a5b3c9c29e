"""The rules of the scenarios on money between institutions, and what breaks them."""

from tests.scenarios.rules import Replaced


def _rounded_down(premium, scheme):
    """As if nobody got the fen that are left over but head office."""
    parts = [premium * ppm // 1_000_000 for ppm in (scheme.agent_ppm, scheme.branch_ppm)]
    return (*parts, premium - sum(parts))


UNSIGNED = Replaced("node.contracts.endorsement:_Signed.missing", lambda *_: "")
"""As if it did not matter who signed besides the sender."""

RULES = {
    "premium_split": (
        *("commission_above_cap", "cooling_off_over", "illegal_transition", "no_fees_due", "not_the_customer"),
        *("premium_split_already", "split_not_whole"),
        UNSIGNED,
        Replaced("node.contracts.sales_fees:divided", _rounded_down),
    ),
}

BROKEN = {
    "premium_split": ("steps", "assumptions.0.value=14 %"),
}
