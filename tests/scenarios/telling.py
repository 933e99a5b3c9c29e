"""Tells a story in this process: builds its steps and executes them one block after the other."""

from __future__ import annotations

import random
import re
from functools import cache
from importlib.resources import files

from node.contracts import execute_block, genesis_state
from node.ledger.transaction import decode_transaction
from node.membership import Directory
from node.privacy import open_for
from scenarios.language.loader import load_scenario, parse_scenario
from scenarios.runner.plan import make_plan
from scenarios.shipped import shipped

LIBRARY = files("scenarios").joinpath("library")


class Told:
    """A story told: its plan, outcomes by step, the state at the end."""

    def __init__(self, plan, cut=1, order=None):
        self.plan = plan
        self.scenario = plan.scenario
        self.steps = {step.id: step for step in plan.workload.steps}
        directory = Directory(plan.genesis)
        steps = [step for step in order or plan.workload.steps if step.query is None]
        self.tree = genesis_state(plan.genesis)
        self.outcomes = {}
        self.trees = []
        for start in range(0, len(steps), cut):
            block = steps[start : start + cut]
            execution = execute_block(self.tree, directory, [decode_transaction(step.raw) for step in block])
            self.tree = execution.tree
            self.trees.append(execution.tree)
            self.outcomes.update(zip((step.id for step in block), execution.outcomes, strict=True))

    @property
    def envelopes(self):
        return [envelope for outcome in self.outcomes.values() for envelope in outcome.envelopes]

    def object(self, step):
        return f"{self.steps[step].client}/{self.steps[step].number}"

    def vault(self, name):
        return open_for(self.envelopes, name, self.plan.keyring.seal_secret(name))

    def opened(self, name, step):
        """What ``name`` finds in the envelope of ``step``, or None."""
        found = [record for record in self.vault(name) if record.record == self.object(step)]
        return dict(found[0].fields) if found else None


def any_causal_order(steps, seed: int):
    """The steps in a random order in which each comes after those that it waits for."""
    rng = random.Random(seed)
    waiting = {step.id: len(step.after) for step in steps}
    followers: dict[str, list] = {step.id: [] for step in steps}
    for step in steps:
        for name in step.after:
            followers[name].append(step)
    ready = [step for step in steps if not step.after]
    ordered = []
    while ready:
        place = rng.randrange(len(ready))
        ready[place], ready[-1] = ready[-1], ready[place]
        step = ready.pop()
        ordered.append(step)
        for follower in followers[step.id]:
            waiting[follower.id] -= 1
            if not waiting[follower.id]:
                ready.append(follower)
    assert len(ordered) == len(steps)
    return ordered


@cache
def told(name):
    """The shipped story of that name."""
    return Told(make_plan(load_scenario(shipped()[name])))


@cache
def one_claim(*overrides):
    return Told(make_plan(load_scenario(str(LIBRARY.joinpath("stories", "one_claim.yaml")), overrides)))


def retold(*changes):
    """The story with its text changed: pairs of (pattern, replacement), each of which must be found once."""
    text = LIBRARY.joinpath("stories", "one_claim.yaml").read_text(encoding="utf-8")
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text)
        assert count == 1, f"{pattern!r} was found {count} times"
    return make_plan(parse_scenario(text))
