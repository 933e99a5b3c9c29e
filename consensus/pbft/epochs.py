"""Membership: who decides which height, and how one set of members hands over to the next at a checkpoint.

A block may ask for a change of members (:meth:`consensus.protocols.Application.reconfiguration`). It takes effect right
above the next checkpoint, a multiple of ``checkpoint_interval``, at or above that block. An *epoch* is the heights that
one configuration decides: PBFT as in the paper, from its own genesis on, which is the checkpoint's block.

The rules:

1. At most one change is pending: a second one between two checkpoints makes a block unacceptable, as does one that
   cannot be made to the configuration.
2. Nothing above a checkpoint is proposed or accepted before the checkpoint's block is decided here. The pipeline drains
   there, one round every ``checkpoint_interval`` heights, whether members change or not.
3. Who decides that block decides the next height by the configuration that the chain up to there says: n, f and quorum
   with it. It begins in the view of the block's round and needs no NEW-VIEW for that; it forgets the old epoch's votes,
   VIEW-CHANGEs and sightings, and whether it was changing views.
4. VIEW-CHANGEs name their epoch (by the height it began above), and count in that alone. So does the record of the view
   on disk. PRE-PREPARE, PREPARE and COMMIT belong to the epoch of their height.
5. A certificate is judged by the members of its height. So the last block of an epoch is proven by its own epoch's
   members, never by blocks above it (:meth:`Epochs.proven`), and so is its CHECKPOINT.

*Safety.* Which blocks epoch k decides, its members agree on by the paper's argument (and that of
``consensus/pbft/normal_case.py``), since membership is fixed there. In particular they agree on its last block and all
below, so everyone enters the same epoch k + 1, with the same members, base and first view. By rule 2 a correct replica
votes for a height of epoch k + 1 only as a member of k + 1. By rule 4 no VIEW-CHANGE that was made without knowledge of
votes in epoch k + 1 counts there. So epoch k + 1 starts with nothing said in it, and the argument repeats.

*Liveness.* A change that is pending is a reason to go on: the primary proposes empty blocks up to the checkpoint, and
backups time it. Whoever decides the last block of an epoch leaves it, and so may leave others without a quorum there;
they learn the decided block, with its certificate, from the replica layer's catch-up, as does a newcomer, which was an
observer, and a removed member, which becomes one. What they were sent too early is sent again, since what is undecided
is repeated. From then on the epoch's members are in its first view, or hear from f + 1 others that a later one began.
A replica whose catch-up does not reach the end of its epoch cannot judge certificates beyond; it needs those blocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from consensus.chain import Block, Header
from consensus.configuration import Configuration, ConfigurationError, Reconfiguration
from consensus.pbft.certificates import Membership, Verify
from consensus.pbft.log import Point
from consensus.proof import Run
from consensus.protocols import Application
from consensus.quorum import byzantine_faults, byzantine_quorum
from consensus.snapshots import Snapshot


class Epoch(NamedTuple):
    """One configuration's heights: those above ``members.base``, from view ``members.first_view`` on."""

    configuration: Configuration
    members: Membership
    since: Header | None
    """The header of the block it began with; None: genesis."""


class Epochs:
    """The epochs so far, and the change that is pending in the present one. A function of the decided chain."""

    def __init__(  # noqa: PLR0913 (what an epoch depends on)
        self,
        voters: tuple[int, ...],
        genesis: bytes,
        application: Application,
        verify: Verify,
        *,
        interval: int,
        rotating: bool,
    ) -> None:
        self._application = application
        self._verify = verify
        self._interval = interval
        self._rotating = rotating
        first = self._epoch(Configuration(voters=voters), Point(0, genesis), None)
        self._epochs = [first]
        self.asked: Reconfiguration | None = None
        """The change that a decided block asked for and that no checkpoint has made yet."""
        self._asking: dict[bytes, int] = {}
        """Hash -> height of accepted blocks that ask for a change, above the last decided checkpoint."""

    @property
    def current(self) -> Epoch:
        """The epoch that decides the height above the last decided one."""
        return self._epochs[-1]

    def at(self, height: int) -> Epoch:
        """The epoch that decides ``height``, as far as is known here."""
        return next((epoch for epoch in reversed(self._epochs) if epoch.members.base.height < height), self._epochs[0])

    def deciders(self, snapshot: Snapshot) -> Membership | None:
        """Who decided the last block of a state above what is decided here, of which a quorum signed the digest.

        None where that cannot be told: the block ends an epoch, and that may be another than ours.
        """
        since = snapshot.since
        if since is None or since.height <= self.current.members.base.height:
            return self.current.members
        if since.height == snapshot.height:
            return None
        return self._epoch(snapshot.configuration, Point(since.height, since.hash), since).members

    @property
    def changing(self) -> bool:
        """Members have changed before, or are about to: who is unknown here may be known elsewhere."""
        return len(self._epochs) > 1 or self.asked is not None

    # What a block may say

    def flaw_in(self, block: Block, chain: Iterable[bytes]) -> str | None:
        """Why this block is unacceptable on top of accepted blocks of these hashes, as far as members go; or None."""
        configuration = self.current.configuration
        expected = self._application.members_hash(configuration)
        if expected is not None and block.header.members != expected:
            return "a block that names other members"
        change = self._application.reconfiguration(block)
        if change is None:
            return None
        if self.pending(chain):
            return "a second change of members before the checkpoint"
        return None if _changed(configuration, change) is not None else "a change of members that cannot be made"

    def pending(self, chain: Iterable[bytes]) -> bool:
        """Does a decided block, or one of these, ask for a change that no checkpoint has made yet?"""
        return self.asked is not None or (bool(self._asking) and any(known in self._asking for known in chain))

    def accepted(self, block: Block) -> None:
        """``block`` is accepted: take note if it asks for a change."""
        if self._application.reconfiguration(block) is not None:
            self._asking[block.hash] = block.height

    # What was decided

    def decided(self, block: Block) -> Epoch | None:
        """The next block of the chain is decided; the epoch that begins with it, if one does."""
        passed = self._passed(self.current, self.asked, [block])
        assert passed is not None  # noqa: S101 - of one block none is in between
        epoch, self.asked = passed
        if block.height % self._interval == 0:
            self._asking = {known: height for known, height in self._asking.items() if height > block.height}
        if epoch is self.current:
            return None
        self._epochs.append(epoch)
        return epoch

    def installed(self, snapshot: Snapshot) -> Epoch | None:
        """The state of a checkpoint takes the place of what was decided; the epoch that we are in now, if another."""
        self.asked, self._asking = None, {}
        since = snapshot.since
        if since is None or since.height <= self.current.members.base.height:
            return None
        self._epochs.append(self._epoch(snapshot.configuration, Point(since.height, since.hash), since))
        return self.current

    def proven(self, run: Run, committed: Point) -> int:
        """How many blocks of ``run``, from the first, follow ``committed`` and are proven decided.

        As :func:`consensus.proof.proven_length`, from epoch to epoch: a certificate proves its block and those before
        it within its epoch. Only blocks that are proven are asked for changes.
        """
        epoch, asked = self.current, self.asked
        head, proven = committed.hash, 0
        for place, (block, certificate) in enumerate(run, start=1):
            if block.height != committed.height + place or block.parent != head:
                break
            if certificate is not None:
                if not epoch.members.certifies(block, certificate):
                    break
                passed = self._passed(epoch, asked, [decided for decided, _ in run[proven:place]])
                if passed is None:
                    break  # an epoch ended among these blocks: its members do not decide this one
                epoch, asked = passed
                proven = place
            head = block.hash
        return proven

    # Parts of the above

    def _passed(
        self, epoch: Epoch, asked: Reconfiguration | None, blocks: list[Block]
    ) -> tuple[Epoch, Reconfiguration | None] | None:
        """Epoch and pending change after these decided blocks; None where an epoch ends before the last of them."""
        for block in blocks:
            change = self._application.reconfiguration(block) if asked is None else None
            if change is not None and _changed(epoch.configuration, change) is not None:
                asked = change
            if block.height % self._interval:
                continue
            changed = _changed(epoch.configuration, asked) if asked is not None else None
            if changed is not None:
                if block is not blocks[-1]:
                    return None
                epoch = self._epoch(changed, Point(block.height, block.hash), block.header)
            asked = None
        return epoch, asked

    def _epoch(self, configuration: Configuration, base: Point, since: Header | None) -> Epoch:
        voters = configuration.voters
        members = Membership(
            voters=voters,
            quorum=byzantine_quorum(len(voters)),
            faults=byzantine_faults(len(voters)),
            base=base,
            first_view=since.round if since is not None else 0,
            verify=self._verify,
            rotating=self._rotating,
        )
        return Epoch(configuration, members, since)


def _changed(configuration: Configuration, change: Reconfiguration) -> Configuration | None:
    """The configuration after ``change``, never joint: the checkpoint separates the two; None if it makes no sense."""
    try:
        changed = configuration.changed(change)
    except ConfigurationError:
        return None
    return changed.left() if changed.joint else changed
