"""The same search without any of its tricks: no numbers, no bits, no remembered steps. For comparison, slowly."""

from __future__ import annotations

import msgspec

from scenarios.adversary.explore import machine
from scenarios.adversary.explore.model import Letter

_encode = msgspec.msgpack.Encoder().encode


def key_of(item):
    if isinstance(item, Letter):
        return item.sender, item.to, type(item.message).__name__, _encode(item.message)
    return item


class Naive:
    """States are (machines, items, budgets); ``layers`` are the numbers of new states at each depth."""

    def __init__(self, scene):
        self.scene = scene
        self.items = {}
        outcomes = [machine.started(scene, me, {}) for me in scene.correct]
        said = self.closed(self.note(*scene.opening(), *(one for outcome in outcomes for one in outcome.letters)))
        self.layer = [(tuple(outcome.machine for outcome in outcomes), said, dict(scene.budget))]
        self.seen = {self.mark(*self.layer[0])}
        self.layers = []

    def note(self, *items):
        for item in items:
            self.items.setdefault(key_of(item), item)
        return frozenset(map(key_of, items))

    @staticmethod
    def mark(machines, items, budgets):
        return tuple(one.name() for one in machines), items, tuple(sorted(budgets.items()))

    def expand(self):
        layer, self.layer = self.layer, []
        for state in layer:
            for successor in self.successors(*state):
                mark = self.mark(*successor)
                if mark not in self.seen:
                    self.seen.add(mark)
                    self.layer.append(successor)
        self.layers.append(len(self.layer))

    def successors(self, machines, items, budgets):
        for place, one in enumerate(machines):
            for key in sorted(items, key=str):
                item = self.items[key]
                if isinstance(item, Letter) and one.me in item.to:
                    outcome = machine.delivered(self.scene, one, item.sender, item.message)
                    yield from self.arrivals(machines, items, budgets, place, outcome)
            for kind in budgets:
                if budgets[kind] and (outcome := self.other(one, kind)) is not None:
                    poorer = {**budgets, kind: budgets[kind] - 1}
                    if outcome.machine.name() == one.name() and not outcome.letters and not outcome.facts:
                        continue  # the same state, with less left to do
                    yield from self.arrivals(machines, items, poorer, place, outcome, crash=kind != "crash")

    def other(self, one, kind):
        if kind == "crash":
            return machine.started(self.scene, one.me, one.disk)
        if kind == "pause":
            return machine.paused(self.scene, one)
        if kind == "propose":
            return machine.proposed(self.scene, one)
        return machine.fired(self.scene, one, kind) if kind in one.timers else None

    def arrivals(self, machines, items, budgets, place, outcome, *, crash=True):
        yield self.arrival(machines, items, budgets, place, outcome)
        if crash and budgets.get("crash"):
            poorer = {**budgets, "crash": budgets["crash"] - 1}
            for disk, letters in outcome.cuts:
                reborn = machine.started(self.scene, machines[place].me, disk)
                yield self.arrival(machines, items | self.note(*letters), poorer, place, reborn)

    def arrival(self, machines, items, budgets, place, outcome):
        after = (*machines[:place], outcome.machine, *machines[place + 1 :])
        items = items | self.note(*outcome.letters, *outcome.facts)
        return after, self.closed(items), budgets

    def closed(self, items):
        """With everything that liars can make of it."""
        while True:
            sent = [item for key in items if isinstance(item := self.items[key], Letter)]
            recipes = [recipe for letter in sent for recipe in self.scene.recipes(letter, sent)]
            made = [recipe.makes for recipe in recipes if self.note(*recipe.needs) <= items]
            if self.note(*made) <= items:
                return items
            items |= self.note(*made)
