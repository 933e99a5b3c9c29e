"""What a diagram shows of a run: how the two facts came to be, and the last exchanges.

:func:`record` plays a trial again and remembers what each event followed from: a message from what its sender had just
heard or done, a decision from the input that brought it. From the very instants that the facts name it goes back along
these causes (:attr:`Diagram.causes`); the rest are the last events before the violation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from consensus.properties import Observer
from consensus.vocabulary import Broadcast, Commit, Effects, Image, NodeId, Reply, Send, Trace
from scenarios.adversary.play import Broken, play
from scenarios.adversary.trial import Trial

LAST = 14
"""How many of the last events are shown."""

CAUSES_MAX = 7
"""How far back the diagram follows each fact."""

_FACT = re.compile(r"node (\d+)(?:\.\d+)? at (\d+) ns")
_TOLD = ("raft.role", "pbft.view_change", "pbft.new_view", "pbft.suspicion")
_FIELDS = ("term", "view", "round", "height", "previous_index", "match_index", "granted")
_WORDS_MAX = 4
_TIMER = "timer "


class Event(msgspec.Struct, frozen=True):
    """Something that happened at ``node``; a message came from ``sender``.

    ``mark`` is "A" or "B" where a fact speaks of it, "a" or "b" where that followed from it. ``cause`` is the place
    among the diagram's events of what it followed from, None where that is not shown. ``lost``: it never arrived.
    """

    at_ns: int
    node: int
    sender: int | None
    label: str
    mark: str = ""
    cause: int | None = None
    lost: bool = False


class Diagram(msgspec.Struct, frozen=True):
    """``skipped[i]``: how many events were left out before ``events[i]``. The clients' lane is the last one."""

    nodes: int
    events: tuple[Event, ...]
    skipped: tuple[int, ...]
    broken: Broken

    def causes(self, mark: str) -> tuple[Event, ...]:
        """The events that a fact speaks of ("A" or "B") and those that they followed from, the first one first."""
        return tuple(event for event in self.events if event.mark.upper() == mark)


class _Happened(msgspec.Struct):
    """An event as it is remembered: ``what`` is told later, and only of what is shown."""

    at_ns: int
    node: int
    sender: int | None
    what: Any
    cause: int | None
    lost: bool = False


class _Recorder(Observer):
    """Remembers every input, decision and loss of a run, each with the input that it followed from."""

    def __init__(self, named: frozenset[tuple[NodeId, int]]) -> None:
        self.happened: list[_Happened] = []
        self._named = named
        """Nodes and instants that the facts speak of: what leaves a node is told there only."""
        self._input: dict[NodeId, int] = {}
        self._origins: dict[int, tuple[Any, int]] = {}
        """By the identity of a message or effect (only ever looked up): itself, and the input that it answered."""

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        self._comes(now, node, None, f"starts (life {incarnation})", None)

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:  # noqa: ARG002
        self._comes(now, node, sender, message, self._origin(message))

    def on_timer(self, now: int, node: NodeId, incarnation: int, name: str) -> None:  # noqa: ARG002
        self._comes(now, node, None, f"{_TIMER}{name}", None)

    def on_effects(self, now: int, node: NodeId, incarnation: int, effects: Effects) -> None:  # noqa: ARG002
        for effect in effects:
            known = effect.message if isinstance(effect, Send | Broadcast | Reply) else effect
            self._origins[id(known)] = (known, self._input.get(node, 0))

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002
        self._note(now, node, None, commit, self._origin(commit))

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        if trace.kind in _TOLD:
            self._note(now, node, None, trace, self._origin(trace))

    def on_leave(
        self,
        now: int,
        node: NodeId,
        incarnation: int,  # noqa: ARG002
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002
    ) -> None:
        if (node, now) in self._named:
            self._note(now, node, None, f"sends {_message_label(effect.message)}", self._origin(effect.message))

    def on_crash(self, now: int, node: NodeId, incarnation: int) -> None:  # noqa: ARG002
        self._note(now, node, None, "crashes", None)

    def on_way(  # noqa: PLR0913, PLR0917 - what a trace is told
        self,
        now: int,
        kind: str,
        actor: int,
        other: int | None,
        what: Any,
        flight: int | None,  # noqa: ARG002
    ) -> None:
        """The world's trace; of messages that are lost only this tells."""
        if kind in ("lost", "cut"):
            self._note(now, actor, other, what, self._origin(what), lost=True)

    def _comes(self, now: int, node: NodeId, sender: NodeId | None, what: Any, cause: int | None) -> None:
        self._input[node] = len(self.happened)
        self._note(now, node, sender, what, cause)

    def _note(  # noqa: PLR0913 - what is known of an event
        self, now: int, node: NodeId, sender: NodeId | None, what: Any, cause: int | None, *, lost: bool = False
    ) -> None:
        self.happened.append(_Happened(now, node, sender, what, cause, lost))

    def _origin(self, known: Any) -> int | None:
        _, number = self._origins.get(id(known), (None, None))
        return number


def record(trial: Trial, broken: Broken) -> Diagram:
    """Play ``trial`` again, up to the violation."""
    facts = f"{broken.fact_a} {broken.fact_b}"
    recorder = _Recorder(frozenset((int(node), int(at)) for node, at in _FACT.findall(facts)))
    play(trial, observers=(recorder,), trace=recorder.on_way)
    happened = recorder.happened
    marks = _marks(happened, broken)
    shown = sorted({*marks, *_last(happened, broken)})
    places = {number: place for place, number in enumerate(shown)}
    events = tuple(
        Event(
            at_ns=happened[number].at_ns,
            node=happened[number].node,
            sender=happened[number].sender,
            label=_label(happened[number]),
            mark=marks.get(number, ""),
            cause=places.get(happened[number].cause),  # type: ignore[arg-type] # None is in no dictionary of places
            lost=happened[number].lost,
        )
        for number in shown
    )
    skipped = tuple(after - before - 1 for before, after in zip([-1, *shown], shown, strict=False))
    return Diagram(trial.case.nodes, events, skipped, broken)


def _last(happened: list[_Happened], broken: Broken) -> Iterator[int]:
    """The last exchanges before the violation, each kind of message between two nodes at one instant once."""
    seen: dict[tuple[int, int, int | None, str], None] = {}
    for number in range(len(happened) - 1, -1, -1):
        event = happened[number]
        key = (event.at_ns, event.node, event.sender, _label(event))
        if event.at_ns > broken.at_ns or key in seen or key[-1].startswith(_TIMER):
            continue
        seen[key] = None
        yield number
        if len(seen) == LAST:
            return


def _marks(happened: list[_Happened], broken: Broken) -> dict[int, str]:
    """The mark of each event that the facts name, or that those followed from; "A" goes before "B"."""
    marks: dict[int, str] = {}
    for mark, fact in (("A", broken.fact_a), ("B", broken.fact_b)):
        named = list(_named(happened, fact))
        for number in named:
            marks.setdefault(number, mark)
        for number in named:
            for cause in _back(happened, number):
                marks.setdefault(cause, mark.lower())
    return marks


def _named(happened: list[_Happened], fact: str) -> Iterator[int]:
    """What happened at the instants that a fact names; the last events of each, where there are many."""
    for node, at in dict.fromkeys(_FACT.findall(fact)):
        there = [n for n, event in enumerate(happened) if event.at_ns == int(at) and event.node == int(node)]
        yield from [number for number in there if not happened[number].lost][-2:]


def _back(happened: list[_Happened], number: int) -> Iterator[int]:
    """The chain of what an event followed from, the nearest first."""
    for _ in range(CAUSES_MAX):
        cause = happened[number].cause
        if cause is None or cause >= number:
            return
        yield cause
        number = cause


def _label(event: _Happened) -> str:
    """What an event is called."""
    what = event.what
    if isinstance(what, str):
        return what
    if isinstance(what, Commit):
        return f"decides {what.height} = {what.block.hash.hex()[:8]}"
    if isinstance(what, Trace):
        return " ".join(map(str, (what.kind, *what.detail)))
    return _message_label(what) + (" (lost)" if event.lost else "")


def _message_label(message: Any) -> str:
    values = ((name, getattr(message, name, None)) for name in _FIELDS)
    words = [f"{name.split('_')[0]}={value}" for name, value in values if isinstance(value, int)]
    return " ".join([type(message).__name__, *words[: _WORDS_MAX - 1]])
