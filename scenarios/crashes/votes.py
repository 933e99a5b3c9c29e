"""What nodes bound themselves to: every vote that was ever said or stored, and whether two of them contradict.

An account of its own, which shares no line with the oracles of :mod:`consensus.properties`: it reads messages and
records, trusts no node, and raises nothing. A vote is a *promise* (who, on what) and the choice that fills it; a
promise filled twice, with different choices, is a contradiction. Both worlds feed it: the virtual one by what leaves a
node and what its disk holds, real processes by what a tap on the bus hears and what their databases hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from consensus.pbft.messages import Checkpoint, CommitVote, NewView, Prepare, PrePrepare
from consensus.raft.messages import AppendEntries, AppendSuccess, RequestVote, RequestVoteReply
from consensus.raft.records import HardState
from consensus.vocabulary import Image, NodeId
from network.requests import Receipt

Promise = tuple[Any, ...]
"""(kind, who or what binds itself, on what)."""

Filled = Iterator[tuple[Promise, Any]]


class Contradiction(tuple[Promise, Any, Any]):
    """A promise that was filled twice: (promise, first choice, second)."""

    __slots__ = ()

    def __str__(self) -> str:
        promise, first, second = self
        return f"{promise[0]} of {', '.join(map(str, promise[1:]))}: {_short(first)}, and then {_short(second)}"


class Votes:
    """Feed it messages and records; :attr:`contradictions` says what was promised twice."""

    def __init__(self) -> None:
        self._choices: dict[Promise, Any] = {}
        self.contradictions: list[Contradiction] = []
        self.counts: dict[str, int] = {}
        """Promises by kind."""

    def say(self, sender: NodeId, to: NodeId | None, message: Any) -> None:
        """``sender`` let ``message`` out, to one node or (None) to many or to a client."""
        promises = _SAID.get(type(message))
        if promises is not None:
            self._fill(promises(sender, to, message))

    def hold(self, node: NodeId, image: Image | Mapping[str, Mapping[Any, Any]]) -> None:
        """The store of ``node`` holds this."""
        for entries in image.values():
            for value in entries.values():
                if type(value) in _STORED:
                    self.store(node, value)

    def store(self, node: NodeId, value: Any) -> None:
        """``node`` made this value durable."""
        promises = _STORED.get(type(value))
        if promises is not None:
            self._fill(promises(node, None, value))

    def _fill(self, filled: Filled) -> None:
        for promise, choice in filled:
            known = self._choices.get(promise)
            if known is None:
                self._choices[promise] = choice
                self.counts[promise[0]] = self.counts.get(promise[0], 0) + 1
            elif known != choice:
                self.contradictions.append(Contradiction((promise, known, choice)))


def _granted(sender: NodeId, to: NodeId | None, message: RequestVoteReply) -> Filled:
    """Raft, figure 2: at most one vote in a term."""
    if message.granted:
        yield ("vote", sender, message.term), to


def _candidate(sender: NodeId, to: NodeId | None, message: RequestVote) -> Filled:  # noqa: ARG001 - one of a table
    yield ("vote", sender, message.term), sender


def _hard_state(node: NodeId, to: NodeId | None, record: HardState) -> Filled:  # noqa: ARG001 - one of a table
    if record.voted_for is not None:
        yield ("vote", node, record.term), record.voted_for


def _leading(sender: NodeId, to: NodeId | None, message: AppendEntries) -> Filled:  # noqa: ARG001 - one of a table
    """One leader in a term, and one block at each index in it."""
    yield ("leadership", message.term), sender
    for block in message.blocks:
        yield ("entry", block.header.round, block.height), block.hash


def _appended(sender: NodeId, to: NodeId | None, message: AppendSuccess) -> Filled:  # noqa: ARG001 - one of a table
    """A signature covers (term, height, hash) and is deterministic: two of them name two blocks."""
    if message.signature is not None:
        yield ("acknowledgement", sender, message.term, message.match_index), message.signature


def _ordered(sender: NodeId, to: NodeId | None, message: PrePrepare) -> Filled:  # noqa: ARG001 - one of a table
    """PBFT, section 4.2: the primary gives a height once in a view."""
    yield ("order", message.view, message.block.height), message.block.hash


def _prepared(sender: NodeId, to: NodeId | None, message: Prepare) -> Filled:  # noqa: ARG001 - one of a table
    yield ("prepare", message.replica, message.view, message.height), message.hash


def _committed(sender: NodeId, to: NodeId | None, message: CommitVote) -> Filled:  # noqa: ARG001 - one of a table
    yield ("commit", message.replica, message.view, message.height), message.hash


def _new_view(sender: NodeId, to: NodeId | None, message: NewView) -> Filled:  # noqa: ARG001 - one of a table
    yield ("new view", message.view), message.signature
    for proposal in message.pre_prepares:
        yield ("order", message.view, proposal.height), proposal.hash


def _checkpoint(sender: NodeId, to: NodeId | None, message: Checkpoint) -> Filled:  # noqa: ARG001 - one of a table
    yield ("checkpoint", message.replica, message.height), message.digest


def _receipt(sender: NodeId, to: NodeId | None, message: Receipt) -> Filled:  # noqa: ARG001 - one of a table
    """What a client is told of a transaction never changes, whoever tells it and however often."""
    for entry in message.entries:
        yield ("receipt", message.client, entry.number), (message.height, message.block, entry)


_Promises = Callable[[NodeId, NodeId | None, Any], Filled]

_SAID: dict[type, _Promises] = {
    RequestVoteReply: _granted,
    RequestVote: _candidate,
    AppendEntries: _leading,
    AppendSuccess: _appended,
    PrePrepare: _ordered,
    Prepare: _prepared,
    CommitVote: _committed,
    NewView: _new_view,
    Checkpoint: _checkpoint,
    Receipt: _receipt,
}
SPOKEN = frozenset(_SAID)
"""Classes of the messages that bind whoever says them."""

_STORED: dict[type, _Promises] = {
    HardState: _hard_state,
    PrePrepare: _ordered,
    NewView: _new_view,
    Checkpoint: _checkpoint,
}


def _short(choice: Any) -> str:
    return choice.hex()[:16] if isinstance(choice, bytes) else str(choice)
