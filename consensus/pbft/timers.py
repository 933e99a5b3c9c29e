"""When to lose patience with a primary (Castro & Liskov 1999, section 4.5.2).

The view-change timer runs while requests wait, blocks are in flight or a change of members is to be brought to its
checkpoint, and starts again at each decision. During a view change it starts once a quorum asks for the view, to time
the new primary. Each view that ends without a decision doubles the timeout; each decision halves it again, down to the
configured one.

Timers are lazy: a deadline that moves later costs no effect, the timer finds out when it fires.
"""

from __future__ import annotations

from consensus.pbft.context import Context
from consensus.vocabulary import NodeId, SetTimer

VIEW_CHANGE = "pbft.view-change"
RESEND = "pbft.resend"
VALIDATE = "pbft.validate"
TRANSFER = "pbft.transfer"
NEW_VIEW = "pbft.new-view"


class Deadline:
    """One named timer of the driver, and when it is really due (None: not at all)."""

    def __init__(self, context: Context, name: str) -> None:
        self._context = context
        self._name = name
        self.due: int | None = None
        self._fires: int | None = None

    def set(self, now: int, due: int | None) -> None:
        """Be due at ``due``; the driver's timer may fire earlier, never later."""
        self.due = due
        if due is not None and (self._fires is None or self._fires > due):
            self._fires = due
            self._context.out.timer(SetTimer(self._name, max(0, due - now)))

    def fired(self, now: int) -> bool:
        """The driver's timer fired: is it due? If not, wait on."""
        self._fires = None
        if self.due is None or now < self.due:
            self.set(now, self.due)
            return False
        self.due = None
        return True


class Sparingly:
    """At most one answer to each peer in every ``interval_ns`` (about one thing, where answers are large)."""

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self._last: dict[tuple[NodeId, object], int] = {}
        self._swept = 0

    def allows(self, now: int, peer: NodeId, about: object = None) -> bool:
        """May ``peer`` be answered now? If so, not again for a while."""
        if now >= self._swept + self._interval_ns:  # what is older forbids nothing, and peers may name many things
            self._last = {key: last for key, last in self._last.items() if now < last + self._interval_ns}
            self._swept = now
        if (peer, about) in self._last and now < self._last[peer, about] + self._interval_ns:
            return False
        self._last[peer, about] = now
        return True


class Patience:
    """The view-change timer and its back-off."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._deadline = Deadline(context, VIEW_CHANGE)
        self._seen = (
            context.view,
            context.active is not None,
            context.log.committed.height,
        )  # view, taking part, last decided height
        self.doublings = 0
        """The timeout is ``view_change_timeout_ns << doublings``."""
        self._since = 0  # when the present view or view change began
        self._fruitful = True  # was anything decided since the last view began, or do we only start

    @property
    def timeout(self) -> int:
        return self._context.options.view_change_timeout_ns << self.doublings

    @property
    def half_spent(self) -> int | None:
        """When the primary, or the new one, has had half of its time; None while nobody times it."""
        due = self._deadline.due
        return due - self.timeout // 2 if due is not None else None

    def expired(self, now: int) -> bool:
        """The timer fired; True when the primary's time is up."""
        return self._deadline.fired(now)

    def exhausted(self, now: int) -> bool:
        """The present primary has had its time, whatever it decided."""
        return self._context.active is not None and now >= self._since + self.timeout

    def settle(self, now: int, *, quorum_asks: bool) -> None:
        """At the end of every input: start, restart or stop the timer."""
        context, log = self._context, self._context.log
        active, height = context.active is not None, log.committed.height
        view, was_active, was_at = self._seen
        moved = view != context.view or active is not was_active or (active and height != was_at)
        if moved:
            self._look(now, (context.view, active, height if active else was_at))
        if active:
            wanted = log.tip.height > height or context.waiting or context.epochs.asked is not None
        else:
            wanted = quorum_asks
        if not wanted:
            self._deadline.due = None
        elif moved or self._deadline.due is None:
            self._deadline.set(now, now + self.timeout)

    def _look(self, now: int, seen: tuple[int, bool, int]) -> None:
        """Another view, or the beginning or end of a change of views, or a decision."""
        (view, active, height), (was_in, was_active, was_at) = seen, self._seen
        if (view, active) != (was_in, was_active):
            self._since = now
        if view != was_in:
            if not self._fruitful:
                self.doublings = min(self.doublings + 1, self._context.options.backoff_max)
            self._fruitful = False
        if height > was_at:
            self._fruitful = True
            self.doublings = max(0, self.doublings - 1)
        self._seen = seen
