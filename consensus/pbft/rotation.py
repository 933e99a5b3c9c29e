"""Whose turn it is: rotation of proposers within a view, with a blacklist (optional, off at ``rotate_every`` 0).

Cf. Clement et al. 2009, "Making Byzantine fault tolerant systems tolerate Byzantine faults" (Aardvark); Veronese et al.
2009, "Spin one's wheels? Byzantine fault tolerance with a spinning primary" (the blacklist of f, oldest out first).

A view has one *primary*, v mod |R|, who makes its NEW-VIEW and repeats there what must be. Above that come *fresh*
blocks, and their *proposers* take turns: the primary first, after every ``rotate_every`` heights the next around the
ring, without a message, since everyone can count. Members whose turn ended a view are on the blacklist and skipped.

**The blacklist** follows from the chain. A header names its round, so where the round rises from r to r' at height h,
the member whose turn h was in view r had failed, and the primaries of the views between had too. At most f members are
on the list: another one redeems the oldest. A primary whose view bore blocks is redeemed, and everyone is at each
checkpoint, which also lets a replica know the list that has no older blocks than its last checkpoint. A list is no
verdict: it may hold a correct member that was slow, and holds no power but to pass over f members.

**Everyone agrees** on whose turn a fresh height is in a view: what precedes the view's first fresh height is fixed by
its NEW-VIEW and the decided chain below, and all above it are of this view's round.

**Safety** does not depend on it. All that agreement rests on (``consensus/pbft/normal_case.py``) is that a correct
replica accepts at most one block per view and height, and that a prepared certificate has a quorum of different
signers. A certificate is therefore checked without knowing whose turn it was: its PRE-PREPARE is by the proposer that
the header names (or, for a block of an earlier view, by the primary), its PREPAREs are by others; quorum - f or more of
all these are correct replicas, who looked whose turn it was before they signed. Rotating loses nothing that is
prepared, because no view ends: a proposer builds on the block accepted below, as the primary would have.

**Liveness.** A silent proposer costs a timeout and is listed. Leaving a view, replicas pass over those listed; they may
differ about the next view until they have decided the same, then f + 1 of them bring the others along (section 4.5.2).
A block that overtakes its NEW-VIEW waits for it (``consensus/pbft/early.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consensus.chain import Header
    from consensus.pbft.certificates import Membership
    from consensus.pbft.context import Active
    from consensus.pbft.log import Log
    from consensus.vocabulary import NodeId


class Schedule(NamedTuple):
    """The turns of ``view`` from height ``start`` on; ``listed`` are passed over, the oldest first."""

    view: int
    start: int
    listed: tuple[NodeId, ...] = ()


class Rotation:
    """The turns, from the chain of decided blocks and the view's own beginning.

    ``every`` is how many heights a turn lasts (0: the primary proposes all), ``interval`` that of checkpoints.
    """

    def __init__(self, every: int, interval: int, members: Membership, log: Log) -> None:
        self.every = every
        self._interval = interval
        self._members = members
        self._log = log
        self.decided = Schedule(view=0, start=1)
        """As the decided chain leaves it: of the last decided block's round."""

    def begin(self, members: Membership) -> None:
        """A new epoch begins, at a checkpoint."""
        self._members = members
        self.decided = Schedule(members.first_view, members.base.height + 1)

    def at_checkpoint(self, header: Header) -> None:
        """Everything starts anew above a checkpoint's block."""
        self.decided = Schedule(header.round, header.height + 1)

    def on_decided(self, header: Header) -> None:
        """The next block of the chain is decided."""
        if self.every:
            self.decided = self._followed(self.decided, header)

    def restore(self, checkpoints: Iterable[Header], headers: Iterable[Header]) -> None:
        """Take up the decided chain after a restart; what lies below its last checkpoint does not matter."""
        last = self._log.committed.height // self._interval * self._interval
        for header in checkpoints:
            if header.height == last:
                self.at_checkpoint(header)
        for header in headers:
            if header.height > last:
                self.on_decided(header)

    def proposer(self, active: Active, height: int) -> NodeId | None:
        """Whose turn the undecided ``height`` is in this view; None while blocks below the view are missing here."""
        if not self.every or height <= active.reproposed_to:
            return self._members.primary(active.view)
        schedule = self._schedule(active, height)
        return None if schedule is None else self._turn(schedule, height)

    def next_view(self, view: int) -> int:
        """The next view whose primary we do not think silent."""
        if not self.every:
            return view + 1
        for later in range(view + 1, view + 1 + len(self._members.voters)):
            if self._members.primary(later) not in self._blamed(self.decided, later, self._log.committed.height + 1):
                return later
        return view + 1

    # Parts of the above

    def _schedule(self, active: Active, height: int) -> Schedule | None:
        """The turns of ``height``, above what the view's NEW-VIEW prescribes."""
        segment = (height - 1) // self._interval * self._interval + 1  # right above the last checkpoint below it
        if segment > active.reproposed_to + 1:
            return Schedule(active.view, segment)
        committed = self._log.committed.height
        if committed < active.base.height or self.decided.view > active.view:
            return None
        schedule = self.decided
        for header in active.reproposed[max(0, committed - active.base.height) :]:
            schedule = self._followed(schedule, header)
        return self._begun(schedule, active.view, active.reproposed_to + 1)

    def _followed(self, schedule: Schedule, header: Header) -> Schedule:
        """The turns after the block of ``header``, which comes next in the chain."""
        if header.height % self._interval == 0:
            return Schedule(header.round, header.height + 1)
        return self._begun(schedule, header.round, header.height)

    def _begun(self, schedule: Schedule, view: int, height: int) -> Schedule:
        """The turns of ``view``, whose first fresh height is ``height``: those who failed before are listed."""
        if view <= schedule.view:
            return schedule
        primary = self._members.primary(view)
        listed = (member for member in self._blamed(schedule, view, height) if member != primary)
        return Schedule(view, height, tuple(listed))

    def _blamed(self, schedule: Schedule, view: int, height: int) -> tuple[NodeId, ...]:
        """The list once ``view`` is reached at ``height``: whose turn it was, then primaries without a block."""
        members = self._members
        first = max(schedule.view + 1, view - len(members.voters))
        failed = [self._turn(schedule, height), *(members.primary(between) for between in range(first, view))]
        listed = list(schedule.listed)
        for member in failed:
            if member in listed:
                listed.remove(member)
            listed.append(member)
        return tuple(listed[max(0, len(listed) - members.faults) :])

    def _turn(self, schedule: Schedule, height: int) -> NodeId:
        """Around the ring from the primary on, passing over those listed."""
        voters, primary = self._members.voters, self._members.primary(schedule.view)
        first = voters.index(primary)
        ring = [voter for voter in (*voters[first:], *voters[:first]) if voter not in schedule.listed]
        return ring[(height - schedule.start) // self.every % len(ring)]
