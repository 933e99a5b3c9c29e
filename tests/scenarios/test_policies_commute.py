"""Policies that do not depend on each other commute: whatever order their steps come in, the business state is one."""

import random

import pytest

from node.contracts import business_entries
from node.ledger import business_root
from tests.scenarios.telling import Told, told


def ordered(steps, draw):
    """The steps in some order that keeps each after those that it waits for, and each client's numbers ascending."""
    left, done, found = list(steps), set(), []
    while left:
        numbers = {}
        for step in left:
            numbers[step.client] = min(step.number, numbers.get(step.client, step.number))
        ready = [s for s in left if done.issuperset(s.after) and numbers[s.client] == s.number]
        step = draw.choice(ready)
        left.remove(step)
        done.add(step.id)
        found.append(step)
    return found


def root(story):
    return business_root(business_entries(story.tree))


@pytest.mark.parametrize("name", ["cancelled", "pledged", "one_account_each"])
def test_any_order_that_keeps_causes_before_effects_gives_one_state(name):
    story = told(name)
    roots = set()
    for seed in range(8):
        order = ordered(story.plan.workload.steps, random.Random(seed))
        other = Told(story.plan, cut=1 + seed % 5, order=order)
        if name == "pledged":  # which bank is first is drawn as well
            codes = sorted(other.outcomes[bank].code for bank in ("bank-1", "bank-2"))
            assert codes == ["ok", "pledged_already"]
            roots.add(frozenset(("liens", key, record.owed_fen) for key, record in other.tree.items("liens")))
        else:
            assert all(other.outcomes[key].code == outcome.code for key, outcome in story.outcomes.items())
            roots.add(root(other))
    assert len(roots) == 1
