"""Two channels at once: one charge, one voucher, one enrolment for each resident, in every order that there can be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import execute_block
from node.contracts.contributions import Contribution
from node.contracts.runtime import genesis_state
from node.ledger.transaction import decode_transaction
from node.membership import Directory
from scenarios.language.loader import load_scenario
from scenarios.language.problems import ScenarioInvalid
from scenarios.runner.flows import flow_differences, flow_problems
from scenarios.runner.plan import make_plan
from scenarios.shipped import shipped
from tests.scenarios.rules import waived
from tests.scenarios.telling import any_causal_order

PAIRS = 5


def told(*overrides):
    return load_scenario(shipped()["two_channels"], [f"workload.0.pairs={PAIRS}", *overrides])


PLAN = make_plan(told())


def played(steps):
    """The state after ``steps``, each in a block of its own, and how often each answer was given."""
    directory, tree = Directory(PLAN.genesis), genesis_state(PLAN.genesis)
    codes = {}
    for step in steps:
        execution = execute_block(tree, directory, [decode_transaction(step.raw)])
        tree = execution.tree
        codes[step.id] = execution.outcomes[0].code
    return tree, codes


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_in_every_order_each_resident_is_charged_once_and_one_channel_is_refused_thrice(seed):
    tree, codes = played(any_causal_order(PLAN.workload.steps, seed))
    assert not flow_differences(PLAN.scenario, tree, PLAN.seed)
    assert sum(code != "ok" for code in codes.values()) == 3 * PAIRS
    for step in PLAN.workload.steps:
        assert codes[step.id] in step.expect.split("|"), step.id


def test_either_channel_can_win():
    """Which does, is the order of blocks alone."""
    for channel in ("channel-1", "channel-2"):
        steps = sorted(PLAN.workload.steps, key=lambda step: step.client != channel)
        tree, _ = played(sorted(steps, key=lambda step: step.id not in {"levy", "register-0"}))
        assert {paid.channel for _, paid in tree.items(Contribution.namespace)} == {channel}


def test_what_was_not_paid_or_not_booked_is_told():
    steps = [step for step in PLAN.workload.steps if not step.id.startswith(("pay/channel-1/0/", "pay/channel-2/0/"))]
    tree, _ = played(steps)
    lines = flow_differences(PLAN.scenario, tree, PLAN.seed)
    assert any("4 contributions of 5 residents" in line for line in lines), lines
    assert any("4 charges" in line for line in lines)
    assert any("152000 fen booked" in line for line in lines)


def test_no_rule_alone_stands_between_a_resident_and_a_second_charge(monkeypatch):
    """Lock, enrolment and a journal that books each contribution once: without the first two the third is left."""
    let_through = waived(monkeypatch, "already_paid", "no_information", "not_queried", "record_locked")
    tree, _ = played(PLAN.workload.steps)
    assert {"already_paid", "record_locked"} <= set(let_through)
    assert len([key for key, _ in tree.items("postings") if key.startswith("contributions/")]) == PAIRS


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("workload.0.pairs=0", "pairs"),
        ("workload.0.amount=0 CNY", "amount"),
        ("members.channel.count=1", "2 of role `channel`"),
        ("workload.0.year=1999", "year"),
    ],
)
def test_a_flow_that_cannot_be_is_refused_with_the_place(override, words):
    try:
        problems = flow_problems(told(override))
    except ScenarioInvalid as invalid:
        problems = invalid.problems
    assert any(words in f"{problem.path} {problem.message}" for problem in problems), problems
