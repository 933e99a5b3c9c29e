"""What the parts of a PBFT replica share: who we are, the log, the view we are in, and the outbox.

The replica is in exactly one of two conditions, each with the fields valid in it alone: :class:`Active` in a view,
or :class:`Changing` to one. The only ways between them::

    Active(v)    --timeout, a faulty primary, f+1 ask for w-->  Changing(w > v)
    Changing(v)  --timeout, f+1 ask for w-->                    Changing(w > v)
    either       --a valid NEW-VIEW for w-->                    Active(w), w >= v
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from consensus.chain import Block, Certificate, Header
from consensus.pbft.epochs import Epoch
from consensus.pbft.log import Point
from consensus.pbft.messages import Message, NewView, ViewChange
from consensus.pbft.options import options_of
from consensus.pbft.restart import epochs_of, log_of
from consensus.pbft.rotation import Rotation
from consensus.protocols import Setup
from consensus.snapshots import Snapshot
from consensus.vocabulary import (
    Audience,
    Broadcast,
    CancelTimer,
    Commit,
    Effects,
    Install,
    NodeId,
    Persist,
    Record,
    Send,
    SetTimer,
    Trace,
)

_encode = msgspec.msgpack.Encoder().encode


class PeerError(Exception):
    """A peer's message is refused, and nothing was changed (h11's RemoteProtocolError)."""


class Active(msgspec.Struct, frozen=True):
    """In ``view``. It began at ``base``, with ``reproposed`` for the heights right above (all empty in view 0)."""

    view: int
    base: Point
    new_view: NewView | None = None
    certificate: Certificate | None = None
    """The proof that ``base`` is decided."""
    reproposed: tuple[Header, ...] = ()

    @property
    def reproposed_to(self) -> int:
        """The last height that the NEW-VIEW prescribes."""
        return self.base.height + len(self.reproposed)

    def prescribed(self, height: int) -> bytes | None:
        """The hash that the NEW-VIEW prescribes at ``height``, if any."""
        if not self.reproposed:
            return None
        place = height - self.base.height - 1
        return self.reproposed[place].hash if 0 <= place < len(self.reproposed) else None


class Changing(msgspec.Struct, frozen=True):
    """Left every view below ``view``; ``request`` is our own VIEW-CHANGE for it."""

    view: int
    request: ViewChange


class Outbox:
    """Effects of one input, put in order when drained.

    First decisions, whose blocks the replica makes durable as it executes them; then one ``Persist`` with everything
    that must be durable before it is said; then what is said. A vote may rest on a decision of the same input (rule 3),
    so it must not leave, nor be durable, before that.
    """

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._messages: Effects = []
        self._decisions: Effects = []
        self._rest: Effects = []
        self.audience: tuple[NodeId, ...] | None = None
        """Whom broadcasts reach; None: the genesis' voters."""

    def persist(self, record: Record) -> None:
        self._records.append(record)

    def broadcast(self, message: Message) -> None:
        self._messages.append(Broadcast(message, Audience.VOTERS, self.audience))

    def send(self, to: NodeId, message: Message) -> None:
        self._messages.append(Send(to, message))

    def commit(self, block: Block, certificate: Certificate | None) -> None:
        self._decisions.append(Commit(block.height, block, certificate))

    def install(self, snapshot: Snapshot, chunks: tuple[bytes, ...]) -> None:
        self._decisions.append(Install(snapshot.height, snapshot, chunks))

    def timer(self, effect: SetTimer | CancelTimer) -> None:
        self._rest.append(effect)

    def trace(self, kind: str, *detail: int | str) -> None:
        self._rest.append(Trace(kind, detail))

    @property
    def empty(self) -> bool:
        """Nothing is to be done."""
        return not (self._records or self._messages or self._decisions or self._rest)

    @property
    def decided(self) -> bool:
        """Something was decided in this input."""
        return bool(self._decisions)

    def drain(self) -> Effects:
        effects, self._decisions = self._decisions, []
        if self._records:
            effects.append(Persist(tuple(self._records)))
            self._records.clear()
        if self._messages:
            effects += self._messages
            self._messages.clear()
        if self._rest:
            effects += self._rest
            self._rest.clear()
        return effects


class Context:
    """The state of one replica. Its parts change it; ``consensus/pbft/core.py`` puts them together."""

    def __init__(self, setup: Setup) -> None:
        self.me = setup.me
        self.options = options_of(setup.options)
        self.application = setup.application
        self.sign = setup.crypto.sign
        self.epochs = epochs_of(setup, self.options)
        """Who decides which height. ``configuration``, ``members``, ``votes`` and ``peers`` are of the height above the
        last decided one."""
        self._belong(self.epochs.current)
        self.log = log_of(setup, self.options)
        self.log.begun(self.members.base)
        self.condition = Active(view=self.members.first_view, base=self.members.base)
        self.view_changes: dict[NodeId, ViewChange] = {}
        """The VIEW-CHANGE to the highest view of each replica that asks for one not begun here, our own included."""
        self.heard: dict[NodeId, int] = {}
        """The highest view in which each replica was seen to work, where that is above ours."""
        self.waiting = False
        """Requests wait to be ordered."""
        self.suspicion: str | None = None
        """Why the present primary is faulty; set while an input is handled, gone when that ends."""
        self.diverged = False
        """Our executed state contradicts a stable checkpoint: we take no part until it is replaced."""
        self.out = Outbox()
        self.out.audience = self._audience()
        self.rotation = Rotation(self.options.rotate_every, self.options.checkpoint_interval, self.members, self.log)

    @property
    def condition(self) -> Active | Changing:
        """In a view, or changing to one. ``view``, ``primary`` and ``active`` follow it: a property is slow."""
        return self._condition

    @condition.setter
    def condition(self, condition: Active | Changing) -> None:
        self._condition = condition
        self.view = condition.view
        self.primary = self.members.primary(condition.view)
        self.active = condition if type(condition) is Active else None
        """The view we take part in; None during a view change."""

    @property
    def leads(self) -> bool:
        """We are the primary of a view that is under way."""
        return self.active is not None and self.primary == self.me

    def _belong(self, epoch: Epoch) -> None:
        self.configuration, self.members = epoch.configuration, epoch.members
        self.votes = self.members.votes(self.me)
        """False for an observer, which only adopts."""
        self.peers = frozenset(self.members.voters) - {self.me} if self.votes else frozenset[NodeId]()
        """The other voters; nobody for an observer."""

    def enter(self, epoch: Epoch) -> None:
        """Others decide from here on, in a view of their own (rule 3 of :mod:`consensus.pbft.epochs`)."""
        self._belong(epoch)
        self.condition = Active(view=self.members.first_view, base=self.members.base)
        self.view_changes, self.heard, self.suspicion = {}, {}, None
        self.rotation.begin(self.members)
        self.log.begin(self.members.base)
        self.out.audience = self._audience()
        self.out.trace("pbft.epoch", self.members.base.height, *self.members.voters)

    def _audience(self) -> tuple[NodeId, ...] | None:
        """Whom our broadcasts reach; None: the genesis' voters."""
        if self.epochs.current.since is None:
            return None
        return tuple(voter for voter in self.members.voters if voter != self.me)

    def proposer(self, height: int) -> NodeId | None:
        """Whose turn ``height`` is in our view; None during a view change, or where we cannot know it yet."""
        active = self.active
        return self.rotation.proposer(active, height) if active is not None else None

    def work_seen(self, sender: NodeId, view: int) -> bool:
        """``sender`` proved to have worked in ``view``. True if it shows only now that we are :attr:`behind`."""
        before = self.behind
        if view > self.heard.get(sender, self.view):
            self.heard[sender] = view
        return self.behind and not before

    @property
    def behind(self) -> bool:
        """F + 1 replicas work in a higher view, so at least one correct one does."""
        return len(self.heard) > self.members.faults

    def digest(self, *parts: object) -> bytes:
        """SHA-256 of the whole state, with what the given ``parts`` hold."""
        state = (
            self.condition,
            type(self.condition).__name__,
            self.log.snapshot(),
            sorted(self.view_changes.items()),
            sorted(self.heard.items()),
            self.waiting,
            self.diverged,
            parts,
        )
        return sha256(_encode(state)).digest()
