"""The interface of a consensus protocol, and the registry of those there are.

To add a protocol, write a class with the methods of :class:`Core` and register it; ``consensus/solo.py`` is
the worked example. The replica (``node/replica.py``) is the only caller. A protocol of another distribution needs no
registering: that names its :class:`ProtocolEntry` in the entry point group :data:`ENTRY_POINTS`.

The order of a block's life: the replica asks :meth:`Core.slot` whether this node may propose and on top of
what, builds a block there, calls :meth:`Core.propose`; cores exchange messages; each emits ``Commit``. A node
that missed decisions is handed certified blocks through :meth:`Core.adopt`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol

import msgspec

from consensus.chain import Block, Certificate
from consensus.configuration import Changeover, Configuration, Reconfiguration
from consensus.proof import Run
from consensus.snapshots import Snapshot
from consensus.vocabulary import Effects, Image, NodeId


class Verdict(Enum):
    """What the application says of a proposed block."""

    ACCEPT = "accept"
    WAIT = "wait"  # cannot be judged yet (its stated state is not executed here); ask again after a commit
    REJECT = "reject"


class Application(Protocol):
    """What a core asks of the ledger and contracts above it. Pure; must not call back into the core.

    All but :meth:`validate` have defaults: members that never change, no snapshots.
    """

    def validate(self, block: Block) -> Verdict:
        """Judge everything about a block but its place in the chain: roots, signatures, stated state."""
        ...

    def reconfiguration(self, block: Block) -> Reconfiguration | None:  # noqa: ARG002  a default
        """The change of members that this (acceptable) block asks for; a function of the block alone."""
        return None

    def members_hash(self, configuration: Configuration) -> bytes | None:  # noqa: ARG002  a default
        """What ``header.members`` of a block decided under ``configuration`` must be; None: not our business.

        UnknownMembersError where ``configuration`` names somebody of whom this node has yet to learn.
        """
        return None

    def manifest(self, height: int) -> tuple[bytes, ...] | None:  # noqa: ARG002  a default
        """The digests of the chunks of the state after ``height``; None where it is not executed or not kept."""
        return None

    def chunk(self, height: int, place: int) -> bytes | None:  # noqa: ARG002  a default
        """One chunk of the state after ``height``; None where it is not (or no longer) kept."""
        return None

    def chunk_digest(self, chunk: bytes) -> bytes:
        """The digest under which a manifest lists this chunk; never raises, whatever the bytes."""
        return sha256(chunk).digest()

    def flaw_in_state(self, snapshot: Snapshot, chunks: tuple[bytes, ...]) -> str | None:  # noqa: ARG002  a default
        """Why these chunks, each as the manifest lists it, are no state to go on from; None: they are one.

        Asked before an ``Install`` where nobody but the sender vouches for the snapshot; never raises.
        """
        return None


class Crypto(Protocol):
    """Signing as this node, verifying anyone. Real Ed25519 or the virtual world's model of it."""

    def sign(self, data: bytes) -> bytes:
        """A 64-byte signature of ``data`` by this node."""
        ...

    def verify(self, member: NodeId, data: bytes, signature: bytes) -> bool:
        """Did ``member`` sign ``data``? Never raises, whatever the bytes."""
        ...


class Slot(msgspec.Struct, frozen=True):
    """Where the next block of this proposer goes.

    ``configuration`` decides it unless it carries a reconfiguration itself, which it may only if ``reconfigurable``
    (None from a protocol whose members never change). The block's header names the hash of what decides it.
    """

    height: int
    parent: bytes
    round: int
    configuration: Configuration | None = None
    reconfigurable: bool = False


class Status(msgspec.Struct, frozen=True):
    """What an observer may show of a core."""

    role: str  # "leader", "follower", "candidate", "primary", "backup", "observer" ...
    round: int  # term or view
    leader: NodeId | None
    height: int  # highest decided height
    changing: bool = False  # an election or view change is under way
    busy: str | None = None  # why a leader takes no block just now (a limit that is reached); None: it does
    configuration: Configuration | None = None  # in force at the end of its log; None: the genesis' voters, always


class Setup(msgspec.Struct, frozen=True):
    """What every core is built from.

    ``voters`` ascend: the configuration of the genesis. ``genesis`` is the hash of the block at height 0, which every
    node holds undisputed. ``image`` is what this node's store held at start (empty at first). ``random`` gives 64 fresh
    bits at each call from this node's seeded source. ``options`` are the protocol's own settings, validated by it.
    """

    me: NodeId
    voters: tuple[NodeId, ...]
    genesis: bytes
    application: Application
    crypto: Crypto
    image: Image
    random: Callable[[], int]
    options: Any = None


class Core(Protocol):
    """A protocol state machine. Peer input never raises; misuse by our own side raises LocalProtocolError."""

    def start(self, now: int) -> Effects:
        """Begin, or begin again after a restart from ``Setup.image``. Called once, before anything else.

        Emits ``Commit`` for nothing that the image already shows as committed. Blocks that the image holds and
        that are not decided are shown to the application by ``validate`` again, in order of height, by the time
        this returns: it forgot them, and has to know what a next block would build on.
        """
        ...

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:
        """A message of this protocol from an authenticated ``sender``."""
        ...

    def timer(self, now: int, name: str) -> Effects:
        """A timer set by this core fired."""
        ...

    def slot(self) -> Slot | None:
        """Where this node may propose now; None when it does not lead or its window is full."""
        ...

    def propose(self, now: int, block: Block) -> Effects:
        """Order ``block``, built for the current :meth:`slot` and accepted by our own application."""
        ...

    def wants_block(self) -> bool:
        """A block is needed even if no request waits (a new Raft leader's first, which commits older ones).

        The replica then proposes an empty one at once, if there is a :meth:`slot`.
        """
        ...

    def demand(self, now: int, waiting: bool) -> Effects:
        """Tell the core whether requests wait to be ordered (a silent leader is deposed only then)."""
        ...

    def adopt(self, now: int, block: Block, certificate: Certificate | None) -> Effects:
        """Take a block at ``height + 1`` that catch-up proved decided; emits its ``Commit``."""
        ...

    def certifies(self, block: Block, certificate: Certificate) -> bool:
        """Does ``certificate`` prove, to anyone, that ``block`` was decided?

        Judged by the configuration in force right above the last decided block here.
        """
        ...

    def proves(self, run: Run) -> int:
        """How many of these blocks, from the first, which follows our last decided one, the run proves decided.

        A certificate proves its block and those before it, as far back as the same configuration decides them.
        """
        ...

    def executed(self, now: int, height: int) -> Effects:
        """The application has executed ``height``, which was committed or installed: its manifest may be asked for."""
        ...

    def read(self, now: int, context: int) -> Effects:
        """Have a linearizable read answered: its ``Readable`` comes now or later, with this ``context``."""
        ...

    def complain(self, now: int) -> Effects:
        """A request has waited for long although blocks are decided: suspect a leader that censors."""
        ...

    def status(self) -> Status: ...

    def state_hash(self) -> bytes:
        """A digest of the whole protocol state: equal iff nothing changed (for tests)."""
        ...


class ProtocolEntry(msgspec.Struct, frozen=True):
    """A registered protocol.

    ``voters_of`` picks who votes among the scenario's voting members (solo: the first alone).
    ``quorum`` and ``faults`` are functions of the number of voters. ``replies`` is how many equal receipts a
    client needs before it may believe one, ``read_replies`` how many equal answers to a read. ``messages`` are the
    structs on the wire, ``records`` those on disk. ``options`` judges ``Setup.options``: ValueError says what is wrong.
    ``changeover`` says from when on a change of members decides, ``decides_from`` the first height that it decides if
    the block at the height given asks for it (under the protocol's options); None where members never change.
    ``keeps_proofs``: decisions are to be durable with what proves them (:func:`consensus.proof.kept_with_proof`).
    """

    name: str
    core: Callable[[Setup], Core]
    voters_of: Callable[[tuple[NodeId, ...]], tuple[NodeId, ...]]
    quorum: Callable[[int], int]
    faults: Callable[[int], int]
    replies: Callable[[int], int]
    read_replies: Callable[[int], int]
    messages: tuple[type, ...]
    records: tuple[type, ...]
    options: Callable[[Any], Any] = lambda given: given
    changeover: Changeover = Changeover.NEVER
    decides_from: Callable[[int, Any], int | None] = lambda height, options: None  # noqa: ARG005  members never change
    keeps_proofs: bool = False


_registry: dict[str, ProtocolEntry] = {}

ENTRY_POINTS = "consortium.protocols"
"""The group of entry points in which installed distributions offer protocols, each under the protocol's name."""


class ProtocolPluginError(Exception):
    """An installed distribution offers a protocol that cannot be had; the message says which and why."""


def register(entry: ProtocolEntry) -> None:
    """Add a protocol; a name may be taken once."""
    if entry.name in _registry:
        raise ValueError(f"protocol {entry.name!r} is registered already")
    _registry[entry.name] = entry


def protocol(name: str) -> ProtocolEntry:
    """The protocol of that name, registered or offered by a distribution; KeyError lists those there are.

    ProtocolPluginError where one is offered that cannot be had.
    """
    _load_shipped()
    if name not in _registry:
        offered = _offered().get(name)
        if offered is None:
            raise KeyError(f"no protocol {name!r}; there are: {', '.join(protocol_names())}")
        register(_loaded(offered))
    return _registry[name]


def protocol_names() -> tuple[str, ...]:
    """The names of all protocols, registered or offered by a distribution, ascending. Loads none of the latter."""
    _load_shipped()
    return tuple(sorted({**_offered(), **_registry}))


def _offered() -> Mapping[str, EntryPoint]:
    """What installed distributions offer, by name; of two of one name the first that is found counts."""
    return _offered_on(tuple(sys.path))


@lru_cache(maxsize=1)
def _offered_on(_path: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    """The same as of that path. Reading every distribution's description costs more than the rest of a scenario's."""
    return {point.name: point for point in reversed(tuple(entry_points(group=ENTRY_POINTS)))}


def _loaded(point: EntryPoint) -> ProtocolEntry:
    """The entry that ``point`` names."""
    where = f"the protocol {point.name!r} of {point.dist.name if point.dist is not None else 'a plug-in'}"
    try:
        entry = point.load()
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise ProtocolPluginError(f"{where}: {point.value} cannot be loaded: {why}") from error
    if not isinstance(entry, ProtocolEntry):
        raise ProtocolPluginError(f"{where}: {point.value} is no ProtocolEntry but {type(entry).__name__}")
    if entry.name != point.name:
        raise ProtocolPluginError(f"{where}: {point.value} calls itself {entry.name!r}")
    return entry


def _load_shipped() -> None:
    """Import the shipped protocols, which register themselves (late, so that they may import this file)."""
    import consensus.pbft  # noqa: PLC0415
    import consensus.raft  # noqa: PLC0415
    import consensus.solo  # noqa: F401, PLC0415
