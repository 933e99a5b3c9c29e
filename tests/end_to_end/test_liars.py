"""Byzantine nodes in a scenario: they really lie, up to f are borne, and beyond f only accountability is asked."""

from __future__ import annotations

import pytest

from consensus.properties import standard_oracles
from scenarios.adversary.byzantine import BEHAVIOURS
from scenarios.dashboard import NoView
from scenarios.language import load_scenario, parse_scenario
from scenarios.runner import run, virtual
from scenarios.runner.plan import make_plan
from scenarios.runner.virtual import VirtualRun
from scenarios.shipped import find_scenario

SECOND = 10**9


def told(*faults, more=""):
    return parse_scenario(f"""
version: 1
name: liars
run: {{duration: 30 s}}
consensus: {{pbft: {{view_change_timeout: 300 ms}}}}
members: {{insurer: {{count: 4}}}}
faults: [{", ".join(faults)}]
workload: [{{flow: transfers, transfers: 40, amount_max: 400 CNY, opening: 10_000 CNY, spread: 4 days}}]
expect: {{safety: [agreement, durability, conservation]{more}}}
""")


def judged(scenario, tmp_path):
    result = run(scenario, view=NoView(), out=tmp_path)
    return result.verdict, {one.name: one.detail for one in result.finished.expectations}


def lie(*lies, at="0 s", node="insurer-1", **also):
    more = "".join(f", {key}: {value}" for key, value in also.items())
    return f"{{at: {at}, byzantine: {node}, does: [{', '.join(lies)}]{more}}}"


def test_one_liar_of_four_is_borne_however_it_lies(tmp_path):
    in_turn = [lie(name, at=f"{300 * place} ms", **{"for": "300 ms"}) for place, name in enumerate(BEHAVIOURS)]
    verdict, details = judged(told(*in_turn), tmp_path)
    assert verdict == "pass", details
    assert details["agreement"].endswith("at 3 nodes"), "nobody believes the liar's own ledger"
    assert "accountability" not in details


def believing(monkeypatch):
    """Have the oracles take every node for a correct one."""

    def gullible(**facts):
        return standard_oracles(**{**facts, "liars": frozenset()})

    monkeypatch.setattr(virtual, "standard_oracles", gullible)


@pytest.mark.parametrize(("at", "caught"), [("0 s", True), ("29 s", False)])
def test_a_liar_lies_from_its_hour_on_and_not_before(at, caught, tmp_path, monkeypatch):
    believing(monkeypatch)
    verdict, details = judged(told(lie("equivocate", "forge", at=at)), tmp_path)
    assert (verdict == "fail") == caught, details


def test_lies_end_and_overlap():
    scenario = told(lie("mute", **{"for": "1 s"}), lie("mute", "delay", at="500 ms"))
    liars = VirtualRun(make_plan(scenario), NoView())._liars
    liars.begin(SECOND, 0, ("mute",), SECOND)
    assert [liars.behaviours(now, 0) for now in (SECOND, 2 * SECOND - 1, 2 * SECOND)] == [("mute",), ("mute",), ()]
    liars.begin(SECOND, 0, ("mute", "delay"), None)
    assert [liars.behaviours(now, 0) for now in (SECOND, 9 * SECOND)] == [("mute", "delay")] * 2
    assert liars.behaviours(SECOND, 1) == ()


def test_beyond_f_nothing_but_accountability_is_asked(tmp_path):
    two = lie("equivocate"), lie("lying-checkpoint", "lying-reply", node="insurer-2", beyond="true")
    verdict, details = judged(told(*two), tmp_path)
    assert (verdict, list(details)) == ("pass", ["accountability"])
    assert "insurer-1, insurer-2" in details["accountability"]
    assert "more than f = 1 lied" in details["accountability"]


def test_the_shipped_liars_are_borne(tmp_path):
    verdict, details = judged(load_scenario(find_scenario("two_liars")), tmp_path)
    assert verdict == "pass", details
    assert {"linearizable", "recovers_within", "converges_within"} <= set(details)
