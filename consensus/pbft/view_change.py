"""View changes (Castro & Liskov 1999, section 4.4; their liveness, section 4.5.2).

A replica that suspects the primary leaves the view: it stops sending PREPAREs and COMMITs there and tells everyone,
by VIEW-CHANGE, what it had prepared. The primary of the next view turns a quorum of those into a NEW-VIEW, which
everyone checks by recomputing it. Whatever was decided is proposed again, or is where the view begins.

Leaving is for good, and durable before it is said. A replica that left alone stays passive, fed by catch-up, until
others follow it or a later view begins. When f + 1 ask for higher views, at least one of them is correct: join.
"""

from __future__ import annotations

import msgspec

from consensus.chain import Header
from consensus.pbft.certificates import Membership, new_view_bytes, pre_prepare_bytes, view_change_bytes
from consensus.pbft.context import Active, Changing, Context, PeerError
from consensus.pbft.messages import PREPARED, VIEW, NewView, Reproposal, ViewChange, ViewRecord
from consensus.pbft.new_view import choose, flaw_in_new_view
from consensus.pbft.timers import NEW_VIEW, Deadline, Patience
from consensus.vocabulary import Cut, NodeId, Put


class ViewChanges:
    """Leaving views, and entering them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._log = context.log
        self._deadline = Deadline(context, NEW_VIEW)

    @property
    def _members(self) -> Membership:
        return self._context.members

    # Leaving

    def become_changing(self, view: int) -> None:
        """Leave every view below ``view`` and ask for it."""
        context = self._context
        assert view > context.view  # noqa: S101 - views only rise
        request = self._request(view)
        context.condition = Changing(view=view, request=request)
        context.view_changes[context.me] = request
        self._forget_below(view, keep=view)
        context.out.persist(Put(VIEW, "view", ViewRecord(view, active=False, epoch=request.epoch)))
        context.out.persist(Put(VIEW, "view-change", request))
        context.out.broadcast(request)
        context.out.trace("pbft.view_change", view)
        self._begin_if_primary()

    def on_view_change(self, sender: NodeId, message: ViewChange) -> None:
        """Keep each replica's VIEW-CHANGE to the highest view; join or begin a view when enough came."""
        context = self._context
        if message.replica != sender:
            raise PeerError(f"VIEW-CHANGE in the name of {message.replica}")
        if message.epoch != self._members.base.height or not self._wanted(message.view):
            return
        known = context.view_changes.get(sender)
        if known is not None and known.view >= message.view:
            if known.view == message.view and known != message:
                raise PeerError("two VIEW-CHANGEs for one view")
            return
        flaw = self._members.flaw_in_view_change(message, context.options.heights_kept)
        if flaw is not None:
            raise PeerError(flaw)
        context.view_changes[sender] = message
        self._join()
        self._begin_if_primary()

    @property
    def quorum_asks(self) -> bool:
        """Does a quorum ask for the view we change to, or for a higher one? From then on its primary is timed."""
        context = self._context
        if context.active is not None:
            return False
        asking = sum(1 for change in context.view_changes.values() if change.view >= context.view)
        return asking >= self._members.quorum

    # Entering

    def on_new_view(self, message: NewView) -> None:
        """Enter a view that a quorum asked for, whoever passed the primary's NEW-VIEW on."""
        context, epoch = self._context, self._members.base.height
        if not self._wanted(message.view) or any(change.epoch != epoch for change in message.view_changes):
            return
        flaw = flaw_in_new_view(
            message, self._members, context.options.heights_kept, tuple(context.view_changes.values())
        )
        if flaw is not None:
            raise PeerError(flaw)
        self._become_active(message)

    def restored(self, message: NewView) -> Active:
        """The condition that a NEW-VIEW checked before puts us in."""
        choice = choose(message.view_changes)
        return Active(
            view=message.view,
            base=choice.base,
            new_view=message,
            certificate=choice.certificate,
            reproposed=choice.reproposed,
        )

    def _become_active(self, message: NewView) -> None:
        context, log = self._context, self._log
        active, epoch = self.restored(message), self._members.base.height
        context.condition = active
        context.out.persist(Put(VIEW, "view", ViewRecord(active.view, active=True, epoch=epoch)))
        context.out.persist(Put(VIEW, "new-view", message))
        self._forget_below(active.view + 1, keep=active.view)
        self._forget_contradicted(active)
        log.restart_chain()
        context.out.trace("pbft.new_view", active.view, active.base.height, len(active.reproposed))

    def _forget_contradicted(self, active: Active) -> None:
        """Rule 6: certificates above the base live on only where the NEW-VIEW prescribes the same block."""
        for entry in self._log.entries():
            if entry.height <= active.base.height or entry.prepared is None:
                continue
            if entry.prepared.hash != active.prescribed(entry.height):
                self._log.discard_prepared(entry.height)
                self._context.out.persist(Cut(PREPARED, entry.height))
                return

    def _forget_below(self, view: int, keep: int) -> None:
        """Drop VIEW-CHANGEs and sightings that no longer ask for anything, and what was held for other views."""
        context = self._context
        context.view_changes = {node: change for node, change in context.view_changes.items() if change.view >= view}
        context.heard = {node: seen for node, seen in context.heard.items() if seen > keep}
        for entry in self._log.entries():
            if entry.held is not None and entry.held.view != keep:
                entry.held = None

    def settle(self, now: int, patience: Patience) -> None:
        """At the end of every input: time how long we, the new primary, wait for others than the quorum we have.

        Half the time that the others give us, by ``patience``.
        """
        context = self._context
        if context.active is not None or context.primary != context.me:
            self._deadline.due = None
            return
        asking = sum(1 for change in context.view_changes.values() if change.view == context.view)
        self._deadline.set(now, patience.half_spent if asking >= self._members.quorum else None)

    def fired(self, now: int) -> None:
        """Whoever else asks for our view has had its time to say so."""
        if self._deadline.fired(now):
            self._begin_if_primary(patient=False)

    # Parts of the above

    def _obtainable(self, candidates: list[ViewChange]) -> list[ViewChange] | None:
        """A quorum of these, the first ones if possible, that prescribes no block whose body we lack."""
        quorum = self._members.quorum
        while len(candidates) >= quorum:
            lacking = next((header for header in choose(candidates[:quorum]).reproposed if self._lacks(header)), None)
            if lacking is None:
                return candidates[:quorum]
            candidates = [c for c in candidates if all(shown.hash != lacking.hash for shown in c.prepared)]
        return None

    def _lacks(self, header: Header) -> bool:
        entry = self._log.get(header.height)
        if not self._log.inside(header.height):
            return False  # decided here, or too far ahead to keep
        return entry is None or entry.accepted is None or entry.accepted.block.hash != header.hash

    def _wanted(self, view: int) -> bool:
        """Is ``view`` ahead of us? During a change the view we change to is."""
        context = self._context
        return view > context.view or (view == context.view and context.active is None)

    def _request(self, view: int) -> ViewChange:
        log, context = self._log, self._context
        unsigned = ViewChange(
            view=view,
            replica=context.me,
            height=log.certified.height,
            hash=log.certified.hash,
            certificate=log.certificate,
            prepared=log.prepared_chain(),
            signature=b"",
            epoch=self._members.base.height,
        )
        return msgspec.structs.replace(unsigned, signature=context.sign(view_change_bytes(unsigned)))

    def _join(self) -> None:
        """Section 4.5.2: of f + 1 that ask for higher views, join the smallest (of those that ask for the highest)."""
        context = self._context
        higher = sorted((c.view for c in context.view_changes.values() if c.view > context.view), reverse=True)
        if len(higher) > self._members.faults:
            self.become_changing(higher[self._members.faults])

    def _begin_if_primary(self, *, patient: bool = True) -> None:
        """The new primary: NEW-VIEW as soon as a quorum, ourselves included, asks for exactly our view.

        A liar may prove that a block was prepared whose body those who saw it gave up for another in a later view, and
        hold every view up by it. So a quorum whose blocks we have comes first, and others are waited for until half of
        our own time is spent. Timeouts grow until every correct replica is heard in that, and is sent what it lacks in
        the rest; and among the correct, whoever proves the latest block has it, and needs no liar's word in its turn.
        """
        context = self._context
        if context.active is not None or context.primary != context.me:
            return
        view = context.view
        own = context.view_changes[context.me]
        others = [c for node, c in sorted(context.view_changes.items()) if c.view == view and node != context.me]
        quorum = self._obtainable([own, *others])
        if quorum is None:
            if len(others) + 1 < self._members.quorum or (patient and len(others) + 1 < len(self._members.voters)):
                return
            quorum = [own, *others][: self._members.quorum]
        chosen = tuple(sorted(quorum, key=lambda change: change.replica))
        pre_prepares = tuple(
            Reproposal(
                height=header.height,
                hash=header.hash,
                signature=context.sign(pre_prepare_bytes(view, header.height, header.hash)),
            )
            for header in choose(chosen).reproposed
        )
        signature = context.sign(new_view_bytes(view, chosen, pre_prepares))
        message = NewView(view=view, view_changes=chosen, pre_prepares=pre_prepares, signature=signature)
        self._become_active(message)
        context.out.broadcast(message)
