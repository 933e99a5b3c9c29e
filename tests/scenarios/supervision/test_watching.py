"""What a regulator costs and what it sees: nobody waits for it, and a smaller scope finds less, later."""

import pytest

from scenarios.dashboard import NoView
from scenarios.experiments.scope_of_view import FIELDS, by_worth, play
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.shipped import shipped


def played(name, *overrides):
    return run(load_scenario(shipped()[name], list(overrides)), view=NoView(), out=None, mode="virtual")


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_commit_latency_is_the_same_with_the_observer_dead(protocol):
    told = f"consensus.protocol={protocol}"
    alive = played("nobody_waits", told, "faults=[]").finished.metrics.summary()["commit_latency"]
    dead = played("nobody_waits", told, "faults=[{at: 1 ms, crash: regulator}]").finished.metrics
    assert dead.summary()["commit_latency"] == alive


def test_the_fields_in_either_order_are_the_fifteen():
    assert len({*FIELDS}) == len(FIELDS) == 15
    assert {*by_worth()} == {*FIELDS}


def test_a_wider_scope_finds_more_and_costs_more():
    none, nine, chosen, listed, everything = (
        play("listed", scope, "encrypted") for scope in ((), FIELDS[:9], by_worth()[:11], FIELDS[:14], FIELDS)
    )
    assert [point.found for point in (none, nine, chosen, listed, everything)] == [0, 4, 6, 6, 6]
    assert none.mean_days_milli > nine.mean_days_milli > chosen.mean_days_milli == everything.mean_days_milli
    assert [p.regulator for p in (none, nine, chosen, listed, everything)] == [0, 35, 40, 50, 53]
    assert {point.others for point in (nine, chosen, everything)} == {0}


def test_in_the_clear_everybody_holds_what_the_regulator_does():
    point = play("listed", FIELDS[:1], "plain")
    assert (point.regulator, point.others, point.bus) == (4, 12, 4)  # four policies; five nodes, reporter and regulator
