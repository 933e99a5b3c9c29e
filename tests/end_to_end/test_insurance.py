"""One scenario of each line of business with real processes: it passes, and comes to the virtual world's state."""

import pytest

from scenarios.both_worlds import INSURANCE, insurance, play

PLAYED = {
    "cover_summary": "raft",
    "red_seal": "pbft",
    "card_passed_on": "raft",
    "contested": "pbft",
    "reads_off_the_log": "raft",
    "own_product": "pbft",
    "silent_policy_edit": "raft",
    "flight_delay": "pbft",
    "ceded_under_seal": "pbft",
    "booked_with_both": "raft",
    "premium_split": "pbft",
    "drug_label": "raft",
    "frozen": "pbft",
    "left_in_mid_year": "raft",
}
"""Scenario: the protocol with real processes; the other one orders in virtual time."""


def test_every_line_of_business_is_played():
    assert sorted(insurance()[name].parent.name for name in PLAYED) == sorted(INSURANCE)


@pytest.mark.parametrize("name", PLAYED)
def test_both_worlds_come_to_one_state(name):
    path, other = insurance()[name], {"raft": "pbft", "pbft": "raft"}[PLAYED[name]]
    real, virtual = play(path, "processes", PLAYED[name]), play(path, "virtual", other)
    assert (real.verdict, virtual.verdict) == ("pass", "pass")
    assert real.root == virtual.root is not None
