"""What is lost gets sent again (Castro 2001, section 5.2), and what a replica lacks it asks for.

While something is undecided, every replica repeats its own latest messages at an interval. A decided height is not
repeated: the decided block itself, with its certificate, travels by the replica layer's gossip. Whoever still speaks in
an older view is sent our NEW-VIEW; whoever finds f + 1 others in a higher view asks one of them for theirs.
"""

from __future__ import annotations

from consensus.pbft.certificates import Membership
from consensus.pbft.checkpoints import Checkpoints
from consensus.pbft.context import Active, Changing, Context, PeerError
from consensus.pbft.log import Entry
from consensus.pbft.messages import Fetch, Fetched, StatusReport
from consensus.pbft.normal_case import NormalCase
from consensus.pbft.timers import RESEND, Deadline, Sparingly
from consensus.vocabulary import NodeId

_INTERVAL_DOUBLINGS_MAX = 4


class Retransmission:
    """Own messages again, bodies that are missing, and help for replicas in older views."""

    def __init__(self, context: Context, normal_case: NormalCase, checkpoints: Checkpoints) -> None:
        self._context = context
        self._log = context.log
        self._normal_case = normal_case
        self._checkpoints = checkpoints
        self._deadline = Deadline(context, RESEND)
        self._view = context.view
        self._progress = (context.view, context.log.committed.height, context.log.stable)
        self._rounds = 0  # how often the timer found no progress; also whom to ask next
        self._asked: set[tuple[int, bytes]] = set()  # bodies asked for since the timer last fired
        self._serving = Sparingly(context.options.resend_interval_ns // 2)  # who asks in earnest waits twice as long
        self._helped: dict[NodeId, int] = {}  # when each replica was last sent our NEW-VIEW

    @property
    def _members(self) -> Membership:
        return self._context.members

    # Answers

    def help_if_behind(self, now: int, sender: NodeId, view: int, *, asked: bool = False) -> None:
        """``sender`` spoke in ``view``: if that is over, it gets our NEW-VIEW, from f + 1 of us at the interval's rate.

        During a view change it speaks in the view it wants, so a VIEW-CHANGE to our own view counts as behind.
        """
        context = self._context
        active = context.active
        if active is None or active.new_view is None or view >= active.view:
            return
        near = self._members.distance(sender, context.me) <= self._members.faults + 1
        if not (asked or near or context.leads):
            return
        last = self._helped.get(sender)
        if last is None or now >= last + context.options.resend_interval_ns:
            self._helped[sender] = now
            context.out.send(sender, active.new_view)

    def on_fetch(self, now: int, sender: NodeId, message: Fetch) -> None:
        """Serve a block that we accepted and that is not decided yet; a small request has a large answer."""
        entry = self._log.get(message.height)
        if entry is not None and entry.accepted is not None and entry.accepted.block.hash == message.hash:
            if not self._serving.allows(now, sender, message.height):
                return
            self._context.out.send(sender, Fetched(block=entry.accepted.block))

    def on_fetched(self, message: Fetched) -> None:
        """Take a body that we want. It is checked against its header when it is used."""
        block = message.block
        if not self._log.inside(block.height):
            return
        entry = self._log.get(block.height)
        wanted = self._wanted_hash(block.height)
        if entry is not None and entry.accepted is not None and entry.accepted.block.hash == block.hash:
            return
        if wanted is None or block.hash != wanted:
            raise PeerError(f"a body for height {block.height} that nobody asked for")
        entry = self._log.entry(block.height)
        if entry.fetched is None:
            entry.fetched = block

    # The timer

    def settle(self, now: int) -> None:
        """At the end of every input: ask for bodies as soon as they are missed; time the rest."""
        context, active = self._context, self._context.active
        if self._view != context.view:
            self._view = context.view
            self._helped = dict.fromkeys(self._members.voters, now)  # the NEW-VIEW was sent to all just now
        if active is not None and active.reproposed and self._log.tip.height < active.reproposed_to:
            self._fetch_missing(active)
        elif self._asked:
            self._asked.clear()
        if not (self._log.tip.height > self._log.committed.height or self._lacking()):
            self._deadline.due = None
            self._rounds = 0
        elif self._deadline.due is None:
            self._deadline.set(now, now + self._interval)

    def fired(self, now: int) -> None:
        """The timer fired: unless something moved since, say everything again."""
        if not self._deadline.fired(now):
            return
        progress = (self._context.view, self._log.committed.height, self._log.stable)
        if progress != self._progress:
            self._progress, self._rounds = progress, 0
            return
        self._rounds += 1
        self._asked.clear()
        self.repeat()

    def repeat(self) -> None:
        """Own latest messages of everything undecided."""
        context, log = self._context, self._log
        if isinstance(context.condition, Changing):
            context.out.broadcast(context.condition.request)
        else:
            self._repeat_votes(context.condition)
        self._checkpoints.repeat()
        if context.behind:
            ahead = sorted(context.heard)
            context.out.send(ahead[self._rounds % len(ahead)], StatusReport(view=context.view, stable=log.stable))
        elif self._left_behind:
            others = [voter for voter in self._members.voters if voter != context.me]
            context.out.send(others[self._rounds % len(others)], StatusReport(view=context.view, stable=log.stable))

    # Parts of the above

    @property
    def _interval(self) -> int:
        """A replica that left its view alone may wait long for others: it repeats itself ever more rarely."""
        interval = self._context.options.resend_interval_ns
        return interval if self._context.active else interval << min(self._rounds // 4, _INTERVAL_DOUBLINGS_MAX)

    @property
    def _left_behind(self) -> bool:
        """Others have decided what we lack. It may be that nobody keeps those blocks, so ask what is stable."""
        active, log = self._context.active, self._log
        if active is not None and active.base.height > log.committed.height:
            return True
        return log.surpassed(self._members.faults)

    def _lacking(self) -> bool:
        """Is something to be said or learnt, although no block is under way?"""
        context = self._context
        undecided = context.active is None or self._checkpoints.pending or context.behind
        return undecided or bool(self._asked) or self._left_behind

    def _repeat_votes(self, active: Active) -> None:
        context, log = self._context, self._log
        for height in range(log.committed.height + 1, log.tip.height + 1):
            entry = log.entry(height)
            if entry.accepted is None or entry.accepted.view != active.view:
                continue
            if context.me == self._members.author(active.view, entry.accepted.block.header):
                context.out.broadcast(entry.accepted)
            else:
                context.out.broadcast(self._normal_case.acceptance.own_prepare(entry.accepted))
            if entry.prepared is not None and entry.prepared.view == active.view:
                context.out.broadcast(self._normal_case.own_commit(entry.prepared))

    def _wanted_hash(self, height: int) -> bytes | None:
        """The hash of the block that must come at ``height``, where that is known."""
        entry = self._log.get(height)
        if entry is not None and entry.decision is not None:
            return entry.decision.hash
        active = self._context.active
        return active.prescribed(height) if active is not None else None

    def _fetch_missing(self, active: Active) -> None:
        """Ask for the bodies that the NEW-VIEW prescribes: one peer at a time, the next one each time round."""
        for header in active.reproposed:
            if not self._log.inside(header.height) or (header.height, header.hash) in self._asked:
                continue
            entry = self._log.get(header.height)
            if entry is None or not _has_body(entry, header.hash):
                self._asked.add((header.height, header.hash))
                self._ask(active, header.height, header.hash)

    def _ask(self, active: Active, height: int, block_hash: bytes) -> None:
        """The backups whose PREPAREs were shown have the body: ask them first to last, round and round."""
        assert active.new_view is not None  # noqa: S101 - only a NEW-VIEW prescribes
        signers = [
            replica
            for change in active.new_view.view_changes
            for prepared in change.prepared
            if (prepared.height, prepared.hash) == (height, block_hash)
            for replica, _ in prepared.prepares
            if replica != self._context.me
        ]
        if signers:
            self._context.out.send(signers[self._rounds % len(signers)], Fetch(height, block_hash))


def _has_body(entry: Entry, block_hash: bytes) -> bool:
    held = entry.held.block if entry.held is not None else None
    accepted = entry.accepted.block if entry.accepted is not None else None
    return any(block is not None and block.hash == block_hash for block in (accepted, held, entry.fetched))
