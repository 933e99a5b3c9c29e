"""The rules that the scenarios of ``library/health`` are about, and what breaks their expectations."""

from tests.scenarios.rules import Replaced

UNSIGNED = Replaced("node.contracts.endorsement:_Signed.missing", lambda *_: "")
"""As if it did not matter who signed besides the sender."""


def _never_a_warning(_again, _batch, _time_ms):
    """As if every package were in order."""
    return ""


def _without_limit(total_fen, ratio_ppm, _left_fen):
    """As if a cover had no limit."""
    return total_fen * ratio_ppm // 1_000_000


RULES = {
    "own_records": (
        *("field_not_covered", "not_as_written", "not_the_subject", "voucher_revoked", "wrong_reader"),
        "wrong_recipients",
    ),
    "health_steward": (
        *("illegal_transition", "more_than_needed", "not_the_subject", "too_little_shown", "voucher_revoked"),
        UNSIGNED,
    ),
    "drugstore": (
        *("invoice_reused", "not_covered_then", "not_prescribed", "not_your_cover", "not_your_receipt"),
        *("receipt_exists", "voucher_revoked"),
        Replaced("node.contracts.endorsement:_OfRole.missing", lambda *_: ""),
        Replaced("node.contracts.health.pharmacy:reimbursed_fen", _without_limit),
    ),
    "gene_wallet": (
        *("cell_too_small", "does_not_add_up", "illegal_transition", "joined_already", "markers_not_counted"),
        *("not_the_subject", "wrong_reader", "wrong_role"),
        Replaced("node.contracts.health.genes:_still_agrees", lambda *_: True),
    ),
    "drug_label": (
        *("counterfeit", "expired_when_made", "illegal_transition", "label_exists", "not_your_batch"),
        Replaced("node.contracts.health.labels:_warning", _never_a_warning),
    ),
}
"""Scenario: its rules, as in test_rules_off.py."""

BROKEN = {
    "own_records": ("steps", "story.grant.for=6 h"),
    "health_steward": ("steps", "world.cash.patient-1=479 CNY"),
    "drugstore": ("story", "assumptions.share.value=70 %"),
    "gene_wallet": ("steps", "assumptions.least-cell.value=4"),
    "drug_label": ("story", "story.make.expires_ms=2023-03-21"),
}
"""Scenario: the expectation that fails, and with which values."""
