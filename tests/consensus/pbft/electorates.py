"""Who votes at which height, found from the decided blocks alone: what the cores' own idea of it is judged by.

A transaction ``b"+4,-0"`` asks for node 4 to be added and node 0 to be removed.
"""

from __future__ import annotations

from hashlib import sha256

from consensus.chain import Block, Header
from consensus.configuration import Change, Configuration, Reconfiguration, Verb
from consensus.quorum import byzantine_quorum

Voters = tuple[int, ...]


def change_in(block: Block) -> Reconfiguration | None:
    """The change that a block's first such transaction asks for."""
    for raw in block.transactions:
        if raw[:1] in {b"+", b"-"}:
            asked = tuple(
                Change(Verb.ADD_VOTER if part.startswith("+") else Verb.REMOVE, int(part[1:]))
                for part in raw.decode().split(",")
            )
            return Reconfiguration(asked)
    return None


def members_hash(voters: Voters) -> bytes:
    """What a header names as members."""
    return sha256(repr(voters).encode()).digest()


class Electorates:
    """The voters of every height up to the checkpoint after the last decided block."""

    def __init__(self, voters: Voters, interval: int) -> None:
        self._interval = interval
        self._begun: list[tuple[int, Voters, Header | None]] = [(0, voters, None)]
        self._asked: Reconfiguration | None = None
        self._height = 0

    def follow(self, block: Block) -> None:
        """``block`` is decided; blocks that were followed before are passed over."""
        if block.height != self._height + 1:
            return
        self._height += 1
        voters = self._begun[-1][1]
        assert block.header.members in {bytes(32), members_hash(voters)}, "a block names its members"
        change = change_in(block)
        if change is not None:
            assert self._asked is None, "one change between two checkpoints"
            self._asked = change
        if block.height % self._interval == 0 and self._asked is not None:
            added = {part.node for part in self._asked.changes if part.verb is Verb.ADD_VOTER}
            removed = {part.node for part in self._asked.changes if part.verb is Verb.REMOVE}
            self._begun.append((block.height, tuple(sorted({*voters, *added} - removed)), block.header))
            self._asked = None

    def voters(self, height: int) -> Voters:
        return self._at(height)[1]

    def quorum(self, height: int) -> int:
        return byzantine_quorum(len(self.voters(height)))

    def began(self, height: int) -> int:
        """The checkpoint above which the voters of ``height`` decide."""
        return self._at(height)[0]

    def configuration(self, height: int) -> tuple[Configuration, Header | None]:
        """What a snapshot says of who decides ``height``, and since when."""
        _, voters, since = self._at(height)
        return Configuration(voters=voters), since

    @property
    def changes(self) -> int:
        """How often the voters changed."""
        return len(self._begun) - 1

    def _at(self, height: int) -> tuple[int, Voters, Header | None]:
        return next(entry for entry in reversed(self._begun) if entry[0] < height)
