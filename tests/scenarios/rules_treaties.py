"""The rules of what happens under sealed treaties: bordereaux, notices, reserves, cash calls."""

from msgspec.structs import replace

from tests.scenarios.rules import Replaced


def _always_alike(_ctx, _bordereau, _reference, line):
    """As if no line were ever compared."""
    return replace(line, broken_ms=0), False


UNSIGNED = Replaced("node.contracts.endorsement:_Signed.missing", lambda *_: "")
"""As if it did not matter who signed besides the sender."""

RULES = {
    "ceded_under_seal": (
        *("booked_already", "illegal_transition", "line_stated", "stated_already", "treaty_not_signed"),
        "wrong_recipients",
    ),
    "one_fen": (
        *("breaks_open", "witnessed_already"),
        Replaced("node.contracts.bordereaux.breaks:_as_witnessed", lambda *_: True),
        Replaced("node.contracts.bordereaux.books:was_broken", _always_alike),
    ),
    "seventeen_breaks": (
        *("book_closed", "breaks_open", "not_a_break", "not_a_party", "opened_already", "stated_already"),
        "too_many_lines",
        Replaced("node.contracts.bordereaux.books:was_broken", _always_alike),
        Replaced("node.contracts.bordereaux.books:broken_lines", lambda *_: ()),
        Replaced("node.contracts.bordereaux.breaks:_agree", lambda *_: False),
    ),
    "reserves_in_time": (
        *("illegal_transition", "not_the_cedent", "noticed_already", "opening_does_not_match", "reserve_left"),
        Replaced("node.contracts.losses.reserves:plus", lambda one, _: one),
    ),
    "told_to_all_tiers": ("noticed_already", "not_the_reinsurer"),
}

BROKEN = {
    "ceded_under_seal": ("story", "story.18.sealed.reinsurer.policyholder=nobody"),
    "one_fen": ("story", "story.10.output.breaks=[no-9999]"),
    "reserves_in_time": ("records.late_notices == 1", "assumptions.2.value=73 h"),
    "seventeen_breaks": ("story", "story.7.lines=1..249"),
    "told_to_all_tiers": (
        "notices.flat.tier-4.latency.p95 <= 60 h",
        "assumptions.4.value={low: 70 h, likely: 80 h, high: 90 h}",
    ),
}
"""Scenario: the expectation that fails, and with which values."""
