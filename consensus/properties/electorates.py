"""Who votes at which height, found from the decided blocks alone: what the cores' own idea of it is judged by.

Membership under PBFT changes at checkpoints (:mod:`consensus.pbft.epochs`). This is the rule once more, written
independently and for plain configurations only.
"""

from __future__ import annotations

from collections.abc import Callable

from consensus.chain import Block, Certificate, Header, verify_certificate
from consensus.configuration import Reconfiguration, Verb
from consensus.properties.observer import Violation
from consensus.quorum import byzantine_quorum
from consensus.vocabulary import NodeId

Asked = Callable[[Block], Reconfiguration | None]
Verify = Callable[[NodeId, bytes, bytes], bool]


class Electorates:
    """The voters of every height up to the checkpoint after the last decided block.

    ``asked`` says which change a block asks for; without it members never change. ``interval`` is the protocol's
    ``checkpoint_interval``.
    """

    def __init__(self, voters: tuple[NodeId, ...], interval: int = 1, asked: Asked | None = None) -> None:
        self._interval = interval
        self._asked = asked
        self._begun: list[tuple[int, tuple[NodeId, ...], Header | None]] = [(0, voters, None)]
        self._asked_at: dict[int, Reconfiguration] = {}
        self._followed: list[bytes] = []
        """The hash of the block of each height from 1 on."""

    def follow(self, block: Block) -> None:
        """``block`` is decided; one that was followed before is passed over.

        Another one at a height that was followed stands in its place: a crash took the earlier decision back, since
        it was nowhere but in the node that crashed (:mod:`consensus.properties.agreement`, which knows where it was
        not, and is told of every decision first). What rested on the earlier one goes with it.
        """
        height, known = block.height, self._followed
        if height <= len(known):
            if height < 1 or known[height - 1] == block.hash:
                return
            self._forget_from(height)
        elif height > len(known) + 1:
            return
        known.append(block.hash)
        pending = self._pending(height)
        change = self._asked(block) if self._asked is not None else None
        if change is not None:
            if pending is not None:
                raise Violation("one change", f"height {height} asks for {change}", f"{pending} is pending")
            self._asked_at[height] = pending = change
        if height % self._interval == 0 and pending is not None:
            before = self._begun[-1][1]
            added = {part.node for part in pending.changes if part.verb is Verb.ADD_VOTER}
            gone = {part.node for part in pending.changes if part.verb is not Verb.ADD_VOTER}
            after = tuple(sorted({*before, *added} - gone))
            self._begun.append((height, after, block.header))  # where only learners changed, too

    def _pending(self, height: int) -> Reconfiguration | None:
        """What was asked for below ``height``, and since the last checkpoint below it."""
        checkpoint = (height - 1) // self._interval * self._interval
        return next((self._asked_at[at] for at in range(checkpoint + 1, height) if at in self._asked_at), None)

    def _forget_from(self, height: int) -> None:
        """Whatever was decided from ``height`` on was taken back."""
        del self._followed[height - 1 :]
        self._asked_at = {at: change for at, change in self._asked_at.items() if at < height}
        self._begun = [entry for entry in self._begun if entry[0] < height]

    def voters(self, height: int) -> tuple[NodeId, ...]:
        """Who decides ``height``."""
        return self._at(height)[1]

    def quorum(self, height: int) -> int:
        """How many of them must agree."""
        return byzantine_quorum(len(self.voters(height)))

    def fault_of(self, block: Block, certificate: Certificate, verify: Verify) -> str | None:
        """Why ``certificate`` does not prove ``block``, or None where it does."""
        return verify_certificate(certificate, self.voters(block.height), self.quorum(block.height), verify)

    def began(self, height: int) -> int:
        """The checkpoint above which the voters of ``height`` decide; 0 for those of the genesis."""
        return self._at(height)[0]

    def since(self, height: int) -> Header | None:
        """The header of that checkpoint's block."""
        return self._at(height)[2]

    @property
    def changes(self) -> int:
        """How often the members changed."""
        return len(self._begun) - 1

    def _at(self, height: int) -> tuple[int, tuple[NodeId, ...], Header | None]:
        if height > self._begun[-1][0]:
            return self._begun[-1]
        first = self._begun[0]  # a liar may name height 0
        return next((entry for entry in reversed(self._begun) if entry[0] < height), first)
