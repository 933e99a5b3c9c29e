"""A campaign's changes of members, drawn by its seed: who is asked to join or leave at which height.

The draw of a height does not depend on who leads there or on what happened before, so a case without one of its faults
asks for the same changes. One is passed over where it makes no sense (:meth:`Configuration.changed`) or would leave too
few who can ever answer: a plan may nowhere kill more of the voters for good than the protocol tolerates, and a lone
voter, whose decisions a crash may take back, is none of this campaign's business.

Under Raft a change holds from the block that carries it, and may be joint; under PBFT, from the checkpoint after it.
Each case draws its manner: everything mixed, one node at a time, or joint changes alone.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from consensus.chain import NO_HASH, Block
from consensus.configuration import Change, Configuration, ConfigurationError, Reconfiguration, Verb
from consensus.protocols import Application, Slot, Verdict
from consensus.protocols import protocol as registered
from network.virtual.bare.blocks import change_in
from network.virtual.case import Case
from network.virtual.draws import Stream
from network.virtual.faults import Crash

EVERY = 4
"""One height in so many, on average, asks for a change."""
LAST = 120
"""No height above this one does."""

_MANNERS = ("mixed", "mixed", "single", "joint")
_VERBS = (Verb.ADD_VOTER, Verb.ADD_VOTER, Verb.ADD_LEARNER, Verb.REMOVE)
_encode = msgspec.msgpack.Encoder().encode


class Members(Application):
    """What the blocks of one case say of its members, to cores and oracles alike."""

    def __init__(self, case: Case) -> None:
        self._seed = case.seed
        self._nodes = case.nodes
        self._founded = Configuration(voters=case.voters)
        self._dead = frozenset(fault.node for fault in case.plan if isinstance(fault, Crash) and fault.for_ns is None)
        self._at_once = case.protocol == "raft"
        self._faults = registered(case.protocol).faults
        self._manner = _MANNERS[Stream(f"{case.seed}/members/manner").below(len(_MANNERS))]

    def validate(self, block: Block) -> Verdict:  # noqa: ARG002  nothing here judges blocks
        return Verdict.ACCEPT

    def reconfiguration(self, block: Block) -> Reconfiguration | None:
        return change_in(block)

    def members_hash(self, configuration: Configuration) -> bytes:
        return NO_HASH if configuration == self._founded else sha256(_encode(configuration)).digest()

    def asked(self, slot: Slot) -> Reconfiguration | None:
        """The change that the block of ``slot`` is to ask for."""
        before = slot.configuration
        if before is None or not slot.reconfigurable or slot.height > LAST:
            return None
        asked = self._drawn(slot.height)
        try:
            after = before.changed(asked) if asked is not None else None
        except ConfigurationError:
            return None
        return asked if after is not None and self._can_answer(after) else None

    def decides(self, slot: Slot, asked: Reconfiguration | None) -> Configuration | None:
        """The configuration that decides the block of ``slot`` if it asks for ``asked``."""
        before = slot.configuration
        return before if before is None or asked is None or not self._at_once else before.changed(asked)

    def _drawn(self, height: int) -> Reconfiguration | None:
        draws = Stream(f"{self._seed}/members/{height}")
        if draws.below(EVERY):
            return None
        left = list(range(self._nodes))
        count = 1 if self._manner == "single" else min(len(left), (1, 1, 2, 3)[draws.below(4)])
        changes = tuple(
            Change(_VERBS[draws.below(len(_VERBS))], left.pop(draws.below(len(left)))) for _ in range(count)
        )
        joint = draws.below(3) == 0 if self._manner == "mixed" else self._manner == "joint"
        return Reconfiguration(changes, joint=joint)

    def _can_answer(self, configuration: Configuration) -> bool:
        outgoing = configuration.outgoing if self._at_once else ()
        sets = [voters for voters in (configuration.voters, outgoing) if voters]
        return all(
            len(voters) > 1 and sum(voter in self._dead for voter in voters) <= self._faults(len(voters))
            for voters in sets
        )
