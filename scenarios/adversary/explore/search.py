"""The search: every state within so many events of the first, breadth first.

A state of the whole is the local states of its nodes, what is left of each budget, and the set of everything ever said.
It is kept as one integer: local states are numbered as they are met, and items are bits. What one node does with one
message depends on that node alone, so each such step is taken once, by the real core, and remembered: states outnumber
local states by hundreds to one, and following one costs a look into a table.

Two reductions, both exact:

* An event that changes neither its node nor the set of items is not followed: it leads to the same state. What changes
  nothing at a local state is remembered there, as a set, and skipped without a look.
* A node that crashes restarts at once. One that stays down is one that nothing is delivered to.

Symmetry is not used: cores break it (certificates take the lowest members), so that renaming nodes would not be exact.
Nor are sleep sets or ample sets: with states met before recognised they would save steps, not states, and those that do
save states are not sound under a bound on the depth.

Breadth first means that the first violation found is one of the shortest.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from scenarios.adversary.explore.items import Items
from scenarios.adversary.explore.local import Entry, Locals, Step
from scenarios.adversary.explore.model import Item, Scene
from scenarios.adversary.explore.states import BUDGET_BITS, BUDGET_MASK, LOCAL_BITS, LOCAL_MASK, Layout, Visited

_LOOK_EVERY = 1 << 6
_TELL_EVERY_S = 0.2


class Violation(NamedTuple):
    """A property that two items break together, or a node alone (then there are none), and the way there."""

    property: str
    items: tuple[Item, ...]
    path: tuple[int, ...]  # events, as numbered by Locals


class Tally(msgspec.Struct, kw_only=True):
    """What a search has seen so far."""

    scene: str
    states: int = 1
    transitions: int = 0
    depth: int = 0  # every state within so many events was visited
    local_states: int = 0
    items: int = 0  # messages and facts, ever
    seconds: float = 0.0
    exhausted: bool = False  # the budgets allow no state beyond
    violation: str | None = None
    story: tuple[str, ...] = ()


class Search:
    """One scene's search."""

    def __init__(self, scene: Scene, *, ordered: bool = False) -> None:
        self.scene = scene
        self.items = Items(scene)
        self.locals = Locals(scene, self.items, ordered=ordered)
        self.tally = Tally(scene=scene.name)
        self.violation: Violation | None = None
        self._layout = Layout(len(scene.correct), len(self.locals.kinds))
        numbers, items = self.locals.first()
        budgets = [scene.budget[kind] for kind in self.locals.kinds]
        first = self._layout.pack(numbers, budgets, self.items.closed(items, items))
        self._visited = Visited(first)
        self._frontier = [first]
        self._next: list[int] = []
        self._frontier_at = 0  # the arrival number of the frontier's first state

    def run(
        self,
        *,
        depth: int | None = None,
        states_max: int | None = None,
        budget_s: float | None = None,
        progress: Callable[[Tally], None] = lambda _: None,
    ) -> Tally:
        """Search to ``depth``, or until so many states or seconds (of the clock), or to the end, or a violation.

        Having reached one depth it may be run again to a greater one; having met a limit, not.
        """
        tally, began = self.tally, time.monotonic()
        spent = tally.seconds
        told = 0.0

        def stop() -> bool:
            nonlocal told
            tally.seconds = spent + time.monotonic() - began
            tally.states = len(self._visited)
            if tally.seconds >= told + _TELL_EVERY_S:
                told = tally.seconds
                progress(self._counted())
            late = budget_s is not None and tally.seconds >= budget_s
            return late or (states_max is not None and tally.states >= states_max)

        while self._frontier and (depth is None or tally.depth < depth) and self._expand(stop):
            tally.depth += 1
        stop()
        return self._counted()

    def _counted(self) -> Tally:
        tally = self.tally
        tally.states, tally.local_states, tally.items = len(self._visited), len(self.locals), len(self.items.all)
        tally.exhausted = not self._frontier
        tally.violation = None if self.violation is None else self.violation.property
        return tally

    def _expand(self, stop: Callable[[], bool]) -> bool:
        """Follow every state of the frontier, and make what is new the next one; False if stopped before."""
        self._next = []
        for place, state in enumerate(self._frontier):
            if place % _LOOK_EVERY == 0 and stop():
                return False
            self._follow(state, self._frontier_at + place)
            if self.violation is not None:
                return False
        self._frontier_at += len(self._frontier)
        self._frontier = self._next
        return True

    def _follow(self, state: int, arrival: int) -> None:
        """All successors of one state."""
        locals_, layout = self.locals, self._layout
        items, budgets = state >> layout.items_at, state >> layout.budgets_at
        crashes = bool(budgets >> locals_.crash_at & BUDGET_MASK)
        for place, node in enumerate(self.scene.correct):
            number = state >> place * LOCAL_BITS & LOCAL_MASK
            entry = locals_.entries[number]
            todo = items & self.items.inbox[node] & ~entry.idle
            while todo:
                low = todo & -todo
                todo ^= low
                step = entry.deliveries.get(low) or locals_.delivery(number, low)
                if step.target != number or step.items & ~items or step.flaw is not None:
                    self._arrive(state, items, place, step, arrival)
                if crashes and step.cuts:
                    self._crash(state, items, place, step, arrival)
            self._follow_others(state, items, place, entry, arrival)

    def _follow_others(self, state: int, items: int, place: int, entry: Entry, arrival: int) -> None:
        """The successors that need no message but a budget."""
        locals_, at = self.locals, self._layout.budgets_at
        others = entry.others
        if others is None:
            others = locals_.others(state >> place * LOCAL_BITS & LOCAL_MASK)
        for kind, step in others:
            if state >> at + kind * BUDGET_BITS & BUDGET_MASK:
                poorer = state - (1 << at + kind * BUDGET_BITS)
                self._arrive(poorer, items, place, step, arrival)
                if step.cuts and poorer >> at + locals_.crash_at & BUDGET_MASK:
                    self._crash(poorer, items, place, step, arrival)

    def _crash(self, state: int, items: int, place: int, step: Step, arrival: int) -> None:
        """The node crashes in the middle of this step."""
        poorer = state - (1 << self._layout.budgets_at + self.locals.crash_at)
        for cut in step.cuts:
            self._arrive(poorer, items, place, cut, arrival)

    def _arrive(self, state: int, items: int, place: int, step: Step, arrival: int) -> None:
        """The state after ``step`` at the node in ``place``; ``state`` is the one before, budgets already charged."""
        self.tally.transitions += 1
        shift = place * LOCAL_BITS
        state += step.target - (state >> shift & LOCAL_MASK) << shift
        new = step.items & ~items
        if new:
            after = items | new
            if new & self.items.feeds:
                after = self.items.closed(after, new)
            state += after - items << self._layout.items_at
            if after & self.items.contested:
                self._check(after, after ^ items, step, arrival)
        if step.flaw is not None:
            self._violated(step.flaw, (), step, arrival)
        if self._visited.add(state, arrival, step.event):
            self._next.append(state)

    def _check(self, items: int, new: int, step: Step, arrival: int) -> None:
        """Do any of the ``new`` items break a property together with what is in ``items``?"""
        found = self.items.clash(items, new)
        if found is not None:
            self._violated(found[0], found[1:], step, arrival)

    def _violated(self, name: str, items: tuple[Item, ...], step: Step, arrival: int) -> None:
        if self.violation is None:
            self.violation = Violation(name, items, (*self._visited.path_to(arrival), step.event))
