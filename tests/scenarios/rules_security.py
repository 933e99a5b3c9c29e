"""The rules that the scenarios of ``library/security`` are about, and what breaks their expectations."""

from node.contracts.risk import Inquiry
from tests.scenarios.rules import Replaced


def _by_year_of_birth(_keyring, _bureau, identity):
    """As if a token were of the year of birth alone."""
    return identity[6:10].rjust(64, "0")


RULES = {
    "illegal_upload": ("content_blocked", "file_too_large", "not_listed", "type_not_allowed"),
    "asked_before_bound": (
        Replaced("node.contracts.risk:Inquiry", lambda **facts: Inquiry(**facts | {"duplicate": False})),
        Replaced("scenarios.runner.duplicate_questions:pseudonym", _by_year_of_birth),
    ),
}
"""Scenario: its rules, as in test_rules_off.py."""

BROKEN = {
    "flooded": ("commit_latency.max", "faults.0.throttle=200 kB"),
    "name_hijacked": ("network.garbled.count", "faults.0={at: 1 s, cut: [hospital], for: 3 s}"),
    "illegal_upload": ("detection.illegal-upload", "expect.detection.illegal-upload.within=1 h"),
    "stolen_key": ("steps", "misbehaviour.0.key=2"),
    "asked_before_bound": ("records.covers == 1_000", "assumptions.people.value=999"),
    "two_conspire": ("diverges", "faults.1.does=[mute]"),
    "one_conspires": ("drained", "run.duration=2 s"),
}
"""Scenario: the expectation that fails, and with which values."""
