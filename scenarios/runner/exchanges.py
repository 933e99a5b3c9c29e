"""The exchanges of a virtual run that its report draws (:mod:`scenarios.results.exchanges`): noticed as they happen.

The last happenings are always kept. The first block with transactions that is decided freezes those that led to it; a
node that turns (to candidate or leader, to another view) freezes what it turned upon and what came of it, until a block
is decided again. Which changes are kept is a rule, not a choice: the first ones, and the first ones after a fault.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from consensus.chain import Block
from consensus.properties import Observer
from consensus.vocabulary import Broadcast, Commit, Image, NodeId, Reply, Send, Trace
from network.kinds import kind_of
from scenarios.results.exchanges import Exchange, Happening
from scenarios.runner.actors import actor_names
from scenarios.runner.traffic import Traffic

HAPPENINGS_MAX = 150
"""Of one exchange."""
LEADING = 14
"""Happenings shown of what led to a change."""
TRAILING = 30
"""Happenings shown after the block that ends a change."""
CHANGES_MAX = 2
"""Changes kept before any fault, and after one."""
FLIGHTS_MAX = 4096
"""Messages whose time of leaving is remembered: so many at least, and twice as many at most."""
_TURNS = {"raft.role": 2, "pbft.view_change": 1, "pbft.new_view": 1}
"""What a node tells as it turns, and how many words of it say where to."""
_ASIDE = ("client.", "gossip.", "custody.")
"""Messages of no protocol; a round shows what its clients say and hear, a change nothing of it."""
_ROUND_ASIDE = ("client.query", "client.answer", "gossip.", "custody.")
_PLACES = ("term", "view", "height", "previous_index", "match_index", "granted")


class _Kind(NamedTuple):
    """What a class of messages is called, in a happening and among the measures."""

    name: str
    sent: str
    heard: str
    aside: bool  # in a change
    round_aside: bool


class _Kinds(dict[type, _Kind]):
    """Each class's, worked out once."""

    def of(self, message: Any) -> _Kind:
        return self.get(type(message)) or self._add(message)

    def _add(self, message: Any) -> _Kind:
        name = kind_of(message)
        aside, round_aside = name.startswith(_ASIDE), name.startswith(_ROUND_ASIDE)
        kind = self[type(message)] = _Kind(name, f"sent.{name}", f"heard.{name}", aside, round_aside)
        return kind


class _Seen(NamedTuple):
    """A happening as it is remembered: ``what`` is put in words only where it is shown."""

    at_ns: int
    node: NodeId
    kind: _Kind
    what: Any
    sender: NodeId | None = None
    sent_ns: int | None = None
    lost: bool = False


_DECIDES, _TURNED, _STARTS, _CRASHES = (
    _Kind(name, "", "", aside=False, round_aside=False) for name in ("decides", "turns", "starts", "crashes")
)


class _Flights:
    """When the last few thousand messages left, by their identity (only ever looked up)."""

    def __init__(self) -> None:
        self._young: dict[int, tuple[Any, int | None]] = {}
        self._old: dict[int, tuple[Any, int | None]] = {}

    def leave(self, now: int, message: Any) -> None:
        """It leaves; one that has left before is known no more."""
        key = id(message)
        known = self._young.get(key) or self._old.get(key)
        self._young[key] = (message, None if known is not None and known[0] is message else now)
        if len(self._young) >= FLIGHTS_MAX:
            self._old, self._young = self._young, {}

    def left_at(self, message: Any) -> int | None:
        """When it left; None where that is not known, or it left more than once."""
        key = id(message)
        known = self._young.get(key) or self._old.get(key)
        return known[1] if known is not None and known[0] is message else None


class _Episode(msgspec.Struct):
    reason: Literal["change", "round"]
    after_fault: bool
    seen: list[_Seen]
    left: int | None = None  # how many more are shown; None: nothing has ended it yet
    left_out: int = 0


class Witness(Observer):
    """Counts every message in ``traffic`` and remembers exchanges. ``faulted``: has any fault begun?"""

    def __init__(self, traffic: Traffic, names: Sequence[str], faulted: Callable[[], bool]) -> None:
        self._traffic = traffic
        self._names = actor_names(names)
        self._faulted = faulted
        self._recent: deque[tuple[Any, ...]] = deque(maxlen=HAPPENINGS_MAX)
        """As :class:`_Seen`, which takes longer to make than most of them are looked at."""
        self._flights = _Flights()
        self._open: list[_Episode] = []
        self._closed: list[_Episode] = []
        self._rounds = 0
        self._began: dict[NodeId, int] = {}
        self._kinds = _Kinds()

    def on_leave(
        self,
        now: int,
        node: NodeId,  # noqa: ARG002
        incarnation: int,  # noqa: ARG002
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002
    ) -> None:
        message = effect.message
        self._traffic.add(now, self._kinds.of(message).sent)
        self._flights.leave(now, message)

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:  # noqa: ARG002
        kind = self._kinds.of(message)
        self._traffic.add(now, kind.heard)
        seen = (now, node, kind, message, sender, self._flights.left_at(message), False)
        self._recent.append(seen)
        if self._open:
            self._enter(_Seen(*seen))

    def on_lost(self, now: int, node: NodeId, sender: NodeId, message: Any) -> None:
        self._note(_Seen(now, node, self._kinds.of(message), message, sender, now, True))

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002
        self._note(_Seen(now, node, _DECIDES, commit.height))
        for episode in self._open:
            if episode.left is None:
                episode.left = TRAILING
        if not self._rounds and commit.block.transactions:
            self._rounds = 1
            room = HAPPENINGS_MAX - 2 * TRAILING
            led = [seen for seen in map(_Seen._make, self._recent) if not seen.kind.round_aside][-room:]
            self._open.append(_Episode("round", self._faulted(), led, left=2 * TRAILING))

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        if trace.kind not in _TURNS or self._began.get(node) == now:
            return  # a node that begins takes its first role: nothing turns
        going = next((episode for episode in self._open if episode.reason == "change"), None)
        if going is not None:
            going.left = None
        elif self._wants_change():
            led = [seen for seen in map(_Seen._make, self._recent) if not seen.kind.aside][-LEADING:]
            self._open.append(_Episode("change", self._faulted(), led))
        self._note(_Seen(now, node, _TURNED, trace))

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        self._began[node] = now
        if incarnation > 1:
            self._note(_Seen(now, node, _STARTS, None))

    def on_crash(self, now: int, node: NodeId, incarnation: int) -> None:  # noqa: ARG002
        self._note(_Seen(now, node, _CRASHES, None))

    def exchanges(self) -> list[Exchange]:
        """Everything kept, in order of time; what is under way at the end of the run is shown as far as it got."""
        kept = [episode for episode in (*self._closed, *self._open) if episode.seen]
        return [self._told(episode) for episode in sorted(kept, key=lambda episode: episode.seen[0].at_ns)]

    def _wants_change(self) -> bool:
        after = self._faulted()
        return sum(e.reason == "change" and e.after_fault == after for e in self._closed) < CHANGES_MAX

    def _note(self, seen: _Seen) -> None:
        self._recent.append(seen)
        if self._open:
            self._enter(seen)

    def _enter(self, seen: _Seen) -> None:
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

    def _happening(self, seen: _Seen) -> Happening:
        return Happening(
            at_ns=seen.at_ns,
            node=self._names[seen.node],
            what=seen.kind.name,
            detail=_detail(seen.what),
            sender=None if seen.sender is None else self._names[seen.sender],
            sent_ns=seen.sent_ns,
            lost=seen.lost,
        )


def _detail(what: Any) -> str:
    """The few whole numbers that place a message; a turn's own words."""
    if isinstance(what, Trace):
        words = what.detail[: _TURNS[what.kind]]
        return " ".join((what.kind.rpartition(".")[2].replace("_", " "), *map(str, words)))
    if isinstance(what, int):
        return f"height {what}"
    if not isinstance(what, msgspec.Struct):
        return ""
    found = [f"{name.replace('_', ' ')} {getattr(what, name)}" for name in _PLACES if hasattr(what, name)]
    block = getattr(what, "block", None)
    blocks = getattr(what, "blocks", ())
    digest = getattr(what, "hash", None)
    if isinstance(block, Block):
        found += [f"height {block.height}", _named(block.hash)]
    elif isinstance(digest, bytes):
        found.append(_named(digest))
    elif isinstance(blocks, tuple) and blocks and isinstance(blocks[0], Block):
        found.append(f"height {blocks[0].height}" + (f" to {blocks[-1].height}" if len(blocks) > 1 else ""))
    return ", ".join(found)


def _named(digest: bytes) -> str:
    """A block by the first digits of its hash: two at one height are told apart."""
    return f"block {digest[:2].hex()}"
