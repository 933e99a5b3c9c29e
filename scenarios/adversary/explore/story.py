"""A violation as a transcript: the shortest way there, event by event, with what each node does."""

from __future__ import annotations

from collections.abc import Iterator

from consensus.vocabulary import Broadcast, Commit, Effects, Install, NodeId, Persist, Readable, Rejected, Send, Trace
from scenarios.adversary.explore import machine
from scenarios.adversary.explore.local import CRASH, DELIVER, Event
from scenarios.adversary.explore.machine import Machine
from scenarios.adversary.explore.model import brief
from scenarios.adversary.explore.search import Search, Violation


def story(search: Search, violation: Violation) -> tuple[str, ...]:
    """The lines of the transcript: commands behind ``>``, what they lead to indented, at last what is broken."""
    scene = search.scene
    numbers, _ = search.locals.first()
    machines = {me: search.locals.entries[number].machine for me, number in zip(scene.correct, numbers, strict=True)}
    lines = [f"# {scene.protocol}, {scene.nodes} nodes, scene {scene.name!r}"]
    lines += [f"# node {liar} lies" for liar in scene.liars]
    lines += [f"# at first, {timer} fires at {node} and everything is delivered" for node, timer in scene.prelude()]
    for number in violation.path:
        event = search.locals.events[number]
        lines.append(f"> {_command(search, event)}")
        told, machines[event.node] = _told(search, event, machines[event.node])
        lines += [f"  {line}" for line in told]
    lines.append(f"# broken: {violation.property}")
    lines += [f"#   {scene.describe(item)}" for item in violation.items]
    return tuple(lines)


def _command(search: Search, event: Event) -> str:
    if event.what == DELIVER:
        assert event.item is not None  # noqa: S101 - deliveries deliver something
        return f"deliver to {event.node}: {search.scene.describe(search.items.all[event.item])}"
    if event.what == CRASH:
        return f"crash {event.node}, restart {event.node}"
    return f"{event.what} {event.node}"


def _told(search: Search, event: Event, before: Machine) -> tuple[list[str], Machine]:
    """What the event makes its node do, and the node afterwards."""
    outcome = search.locals.outcome(event, before)
    assert outcome is not None  # noqa: S101 - it happened before
    if event.cut is None:
        return list(_lines(outcome.effects)), outcome.machine
    disk, letters = outcome.cuts[event.cut]
    reborn = machine.started(search.scene, event.node, disk)
    sent = [f"sends {brief(letter.message)} to {_names(letter.to)}" for letter in letters]
    return [*sent, f"{event.node} crashes in the middle of this and restarts", *_lines(reborn.effects)], reborn.machine


def _lines(effects: Effects) -> Iterator[str]:
    """One line for each effect that matters to others; timers are left out."""
    for effect in effects:
        match effect:
            case Send():
                yield f"sends {brief(effect.message)} to {effect.to}"
            case Broadcast():
                yield f"sends {brief(effect.message)} to {'all' if effect.to is None else _names(effect.to)}"
            case Persist():
                yield f"writes {', '.join(record.space for record in effect.records)}"
            case Commit():
                yield f"decides {brief(effect.block)}"
            case Install():
                yield f"installs the state at {effect.height}"
            case Readable():
                yield f"answers read {effect.context} at {effect.height}"
            case Rejected():
                yield f"rejects it: {effect.reason}"
            case Trace():
                yield f"tells {effect.kind} {' '.join(map(brief, effect.detail))}"


def _names(nodes: tuple[NodeId, ...]) -> str:
    return ",".join(map(str, nodes))
