"""Local states and steps, numbered and remembered: what a search looks up instead of running a core."""

from __future__ import annotations

from typing import NamedTuple

from consensus.vocabulary import Image, NodeId
from scenarios.adversary.explore import machine
from scenarios.adversary.explore.items import Items, positions
from scenarios.adversary.explore.machine import Machine, Outcome
from scenarios.adversary.explore.model import Letter, Scene
from scenarios.adversary.explore.states import BUDGET_BITS

CRASH, DELIVER, PAUSE, PROPOSE = "crash", "deliver", "pause", "propose"


class Event(NamedTuple):
    """What happens at a node. ``what`` is "deliver", a timer, "propose", "pause" or "crash".

    ``cut`` is None for an event that runs its course; else the node crashes in the middle of it, at that place.
    """

    node: NodeId
    what: str
    item: int | None = None
    cut: int | None = None


class Step(NamedTuple):
    """One event at one local state: the local state it leads to, and the items that it adds."""

    target: int
    items: int
    event: int
    flaw: str | None = None
    cuts: tuple[Step, ...] = ()


class Entry:
    """A local state, and the steps from it that were asked for so far."""

    __slots__ = ("deliveries", "idle", "machine", "others")

    def __init__(self, machine_: Machine) -> None:
        self.machine = machine_
        self.idle = 0
        """Items whose delivery changes nothing here."""
        self.deliveries: dict[int, Step] = {}
        self.others: list[tuple[int, Step]] | None = None
        """Steps that a budget pays for: the place of that budget, and the step."""


class Locals:
    """Every local state of a search."""

    def __init__(self, scene: Scene, items: Items, *, ordered: bool = False) -> None:
        self._scene = scene
        self._items = items
        self._ordered = ordered
        self._numbers: dict[bytes, int] = {}
        self._event_numbers: dict[Event, int] = {}
        self.entries: list[Entry] = []
        self.events: list[Event] = []
        self.kinds = tuple(sorted(scene.budget))
        """What there are budgets of, by their places in a state."""
        self.crash_at = self.kinds.index(CRASH) * BUDGET_BITS if CRASH in self.kinds else 0
        """Where among the budgets that of crashes lies (of no meaning where there is none: no step has cuts then)."""

    def __len__(self) -> int:
        return len(self.entries)

    def first(self) -> tuple[list[int], int]:
        """The local states in which the search begins, and what was said by then: the prelude is played."""
        scene = self._scene
        mask = self._items.bits(scene.opening())
        outcomes = [machine.started(scene, me, {}) for me in scene.correct]
        numbers = [self._number(outcome.machine) for outcome in outcomes]
        for outcome in outcomes:
            mask |= self._said(outcome)
        for node, timer in scene.prelude():
            place = scene.correct.index(node)
            step = self._step(Event(node, timer), machine.fired(scene, self.entries[numbers[place]].machine, timer))
            numbers[place], mask = step.target, mask | step.items
            mask = self._all_delivered(numbers, mask)
        return numbers, mask

    def _all_delivered(self, numbers: list[int], mask: int) -> int:
        done: set[tuple[int, int]] = set()
        while True:
            for place, node in enumerate(self._scene.correct):
                waiting = [item for item in positions(mask & self._items.inbox[node]) if (place, item) not in done]
                for item in waiting:
                    done.add((place, item))
                    step = self.delivery(numbers[place], 1 << item)
                    numbers[place], mask = step.target, mask | step.items
                if waiting:
                    break
            else:
                return mask

    def delivery(self, number: int, low: int) -> Step:
        """The step of a local state at the delivery of one item, ``low`` being that item's bit."""
        entry = self.entries[number]
        event = Event(entry.machine.me, DELIVER, low.bit_length() - 1)
        outcome = self.outcome(event, entry.machine)
        assert outcome is not None  # noqa: S101 - a delivery is always possible
        step = self._step(event, outcome)
        if step.target == number and not step.items and step.flaw is None:
            entry.idle |= low
        entry.deliveries[low] = step
        return step

    def others(self, number: int) -> list[tuple[int, Step]]:
        """The steps that need no message."""
        entry = self.entries[number]
        entry.others = []
        for place, kind in enumerate(self.kinds):
            event = Event(entry.machine.me, kind)
            outcome = self.outcome(event, entry.machine)
            if outcome is not None:
                step = self._step(event, outcome)
                if step.target != number or step.items or step.flaw is not None:
                    entry.others.append((place, step))
        return entry.others

    def outcome(self, event: Event, before: Machine) -> Outcome | None:
        """Play an event (its cut left aside) on the real core; None where it cannot happen."""
        scene, what = self._scene, event.what
        if what == DELIVER:
            assert event.item is not None  # noqa: S101 - deliveries deliver something
            letter = self._items.all[event.item]
            assert isinstance(letter, Letter)  # noqa: S101 - facts are addressed to nobody
            return machine.delivered(scene, before, letter.sender, letter.message)
        if what == CRASH:
            return machine.started(scene, event.node, before.disk)
        if what == PAUSE:
            return machine.paused(scene, before)
        if what == PROPOSE:
            return machine.proposed(scene, before)
        return machine.fired(scene, before, what) if what in before.timers else None

    def _step(self, event: Event, outcome: Outcome) -> Step:
        cuts: list[Step] = []
        if CRASH in self.kinds and event.what != CRASH:
            for place, (disk, letters) in enumerate(outcome.cuts):
                cuts.append(self._cut(event._replace(cut=place), disk, letters))
        target = self._number(outcome.machine)
        return Step(target, self._said(outcome), self._event(event), outcome.flaw, tuple(cuts))

    def _cut(self, event: Event, disk: Image, letters: tuple[Letter, ...]) -> Step:
        reborn = machine.started(self._scene, event.node, disk)
        items = self._items.bits(letters) | self._said(reborn)
        return Step(self._number(reborn.machine), items, self._event(event), reborn.flaw)

    def _said(self, outcome: Outcome) -> int:
        return self._items.bits(outcome.letters) | self._items.bits(outcome.facts)

    def _event(self, event: Event) -> int:
        number = self._event_numbers.setdefault(event, len(self.events))
        if number == len(self.events):
            self.events.append(event)
        return number

    def _number(self, machine_: Machine) -> int:
        name = machine_.name(ordered=self._ordered)
        number = self._numbers.setdefault(name, len(self.entries))
        if number == len(self.entries):
            self.entries.append(Entry(machine_))
        return number
