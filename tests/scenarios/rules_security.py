"""The rules that the scenarios of ``library/security`` are about, and what breaks their expectations."""

from tests.scenarios.rules import Replaced

RULES = {}
"""Scenario: its rules, as in test_rules_off.py."""

BROKEN = {
    "two_conspire": ("diverges", "faults.1.does=[mute]"),
    "one_conspires": ("drained", "run.duration=2 s"),
}
"""Scenario: the expectation that fails, and with which values."""
