"""Episodes of a run worth a picture, picked out of the stream of its happenings by a rule.

The last happenings are always kept. The first block with transactions that is decided freezes those that led to it; a
node that turns (to candidate or leader, to another view) freezes what it turned upon and what came of it, until a block
is decided again. Which changes are kept is a rule, not a choice: the first ones, and the first ones after a fault.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from consensus.vocabulary import NodeId
from network.kinds import kind_of, place_of
from scenarios.results.exchanges import Exchange, Happening

HAPPENINGS_MAX = 150
"""Of one exchange."""
LEADING = 14
"""Happenings shown of what led to a change."""
TRAILING = 30
"""Happenings shown after the block that ends a change."""
CHANGES_MAX = 2
"""Changes kept before any fault, and after one."""
_ASIDE = ("client.", "gossip.", "custody.")
"""Messages of no protocol; a round shows what its clients say and hear, a change nothing of it."""
_ROUND_ASIDE = ("client.query", "client.answer", "gossip.", "custody.")


class Kind(NamedTuple):
    """What a happening is called: a message's kind, or what a node did; and where it is left aside."""

    name: str
    aside: bool  # in a change
    round_aside: bool


def kind_named(name: str) -> Kind:
    """The kind of that name."""
    return Kind(name, name.startswith(_ASIDE), name.startswith(_ROUND_ASIDE))


DECIDES, TURNS, STARTS, CRASHES = map(kind_named, ("decides", "turns", "starts", "crashes"))


class Seen(NamedTuple):
    """A happening as it is kept in mind. ``what``: a message, put in words only where it is shown, or the words."""

    at_ns: int
    node: NodeId
    kind: Kind
    what: Any
    sender: NodeId | None
    sent_ns: int | None
    lost: bool


class _Episode(msgspec.Struct):
    reason: Literal["change", "round"]
    after_fault: bool
    seen: list[Seen]
    left: int | None = None  # how many more are shown; None: nothing has ended it yet
    left_out: int = 0


class Episodes:
    """Picks them. ``names``: what each actor is called. ``faulted``: has any fault begun at this time?"""

    def __init__(self, names: Mapping[NodeId, str], faulted: Callable[[int], bool]) -> None:
        self._names = names
        self._faulted = faulted
        self._recent: deque[tuple[Any, ...]] = deque(maxlen=HAPPENINGS_MAX)
        """As :class:`Seen`, which takes longer to make than most of them are looked at."""
        self._open: list[_Episode] = []
        self._closed: list[_Episode] = []
        self._round = False

    def note(self, *seen: Any) -> None:
        """Something happened: the fields of :class:`Seen`."""
        self._recent.append(seen)
        if self._open:
            self._enter(Seen(*seen))

    def decides(self, now: int, node: NodeId, height: int, *, transactions: bool) -> None:
        """``node`` decided a block."""
        self.note(now, node, DECIDES, f"height {height}", None, None, False)
        for episode in self._open:
            if episode.left is None:
                episode.left = TRAILING
        if transactions and not self._round:
            self._round = True
            room = HAPPENINGS_MAX - 2 * TRAILING
            led = [seen for seen in map(Seen._make, self._recent) if not seen.kind.round_aside][-room:]
            self._open.append(_Episode("round", self._faulted(now), led, left=2 * TRAILING))

    def turns(self, now: int, node: NodeId, words: str) -> None:
        """``node`` turned, to another duty or view."""
        going = next((episode for episode in self._open if episode.reason == "change"), None)
        if going is not None:
            going.left = None
        elif self._wants_change(after=self._faulted(now)):
            led = [seen for seen in map(Seen._make, self._recent) if not seen.kind.aside][-LEADING:]
            self._open.append(_Episode("change", self._faulted(now), led))
        self.note(now, node, TURNS, words, None, None, False)

    def exchanges(self) -> list[Exchange]:
        """Everything kept, in order of time; what is under way at the end of the run is shown as far as it got."""
        kept = [episode for episode in (*self._closed, *self._open) if episode.seen]
        return [self._told(episode) for episode in sorted(kept, key=lambda episode: episode.seen[0].at_ns)]

    def _wants_change(self, *, after: bool) -> bool:
        return sum(e.reason == "change" and e.after_fault == after for e in self._closed) < CHANGES_MAX

    def _enter(self, seen: Seen) -> None:
        """Into whatever is going on."""
        for episode in self._open:
            if seen.kind.aside if episode.reason == "change" else seen.kind.round_aside:
                continue
            if len(episode.seen) < HAPPENINGS_MAX:
                episode.seen.append(seen)
            else:
                episode.left_out += 1
            if episode.left is not None:
                episode.left -= 1
        over = [episode for episode in self._open if episode.left is not None and episode.left <= 0]
        if over:
            self._closed += over
            self._open = [episode for episode in self._open if episode.left is None or episode.left > 0]

    # In words

    def _told(self, episode: _Episode) -> Exchange:
        return Exchange(
            reason=episode.reason,
            after_fault=episode.after_fault,
            left_out=episode.left_out,
            happenings=tuple(map(self._happening, episode.seen)),
        )

    def _happening(self, seen: Seen) -> Happening:
        return Happening(
            at_ns=seen.at_ns,
            node=self._names[seen.node],
            what=seen.kind.name,
            detail=seen.what if isinstance(seen.what, str) else place_of(seen.what),
            sender=None if seen.sender is None else self._names[seen.sender],
            sent_ns=seen.sent_ns,
            lost=seen.lost,
        )


class Kinds(dict[type, tuple[Kind, str, str]]):
    """Of each class of messages: its kind, and the measures that count it sent and heard; worked out once."""

    def of(self, message: Any) -> tuple[Kind, str, str]:
        return self.get(type(message)) or self._add(message)

    def _add(self, message: Any) -> tuple[Kind, str, str]:
        name = kind_of(message)
        found = self[type(message)] = (kind_named(name), f"sent.{name}", f"heard.{name}")
        return found
