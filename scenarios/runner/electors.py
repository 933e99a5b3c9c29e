"""Whose word counts with the clients, by height: they follow changes of members by their own receipts.

At first the genesis' voters. A client that is told, by enough of those whose word counts, that a change of members was
executed, knows who decides from then on; under a protocol in which that begins at a checkpoint, from the next one.
Until it knows, it counts those it knows of: a quorum of the old does not vouch for what the new alone decided, and the
other way round, so a client that is late hears too few equal words, not wrong ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from consensus.configuration import Configuration, ConfigurationError
from consensus.protocols import ProtocolEntry
from consensus.vocabulary import NodeId
from node.ledger.transaction import TransactionError, decode_transaction
from node.membership import members_change


class Electors:
    """The voters of every height, as far as the clients know. ``options`` are the protocol's own."""

    def __init__(self, protocol: ProtocolEntry, voters: tuple[NodeId, ...], options: Any = None) -> None:
        self._protocol = protocol
        self._options = protocol.options(options)
        self._since: list[tuple[int, tuple[NodeId, ...]]] = [(0, voters)]
        self._listeners: list[Callable[[bytes, int], None]] = []

    def listen(self, executed: Callable[[bytes, int], None]) -> None:
        """Have ``executed`` told of every transaction that was carried out, and at which height."""
        self._listeners.append(executed)

    @property
    def latest(self) -> tuple[NodeId, ...]:
        """Whom to ask now, ascending."""
        return self._since[-1][1]

    def at(self, height: int) -> tuple[NodeId, ...]:
        """Whose receipts count for a block at ``height``."""
        return next(voters for since, voters in reversed(self._since) if since <= height)

    def receipts_needed(self, height: int) -> int:
        """How many equal ones make a receipt of that height believable."""
        return self._protocol.replies(len(self.at(height)))

    @property
    def answers_needed(self) -> int:
        """How many equal answers make a read believable now."""
        return self._protocol.read_replies(len(self.latest))

    def executed(self, raw: bytes, height: int) -> None:
        """That transaction was carried out at ``height``: others may decide from some block on."""
        for listener in self._listeners:
            listener(raw, height)
        try:
            asked = members_change(decode_transaction(raw))
            if asked is None:
                return
            after = Configuration(voters=self.latest).changed(asked).voters
        except (TransactionError, ConfigurationError):
            return  # no change that a correct network carries out
        first = self._protocol.decides_from(height, self._options)
        if first is not None:
            self._since.append((first, after))
