"""The smallest machine around a core: a pool of numbered requests, a chain, catch-up, and nothing else.

It does what ``node/replica.py`` does, without ledger and contracts, so that campaigns over the bare cores are fast
and a failure is the core's own. A block names the height that its proposer had executed and the hash there: a node
that has not come so far answers WAIT, which is how cores meet blocks that they cannot judge yet. Its state, which
snapshots carry, is the :class:`~network.virtual.bare.history.History` of what was decided.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec

from consensus.chain import BLOCKS, CERTIFICATES, FORMAT_VERSION, NO_HASH, Block, Certificate, Header
from consensus.configuration import Configuration, Reconfiguration
from consensus.proof import kept_with_proof
from consensus.protocols import Application, Core, Crypto, ProtocolEntry, Setup, Slot, Status, Verdict
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot
from consensus.vocabulary import (
    MILLISECOND,
    Commit,
    Cut,
    Effects,
    Image,
    Install,
    LocalProtocolError,
    NodeId,
    Persist,
    Put,
    Readable,
    Record,
    Rejected,
    Reply,
    Send,
    SetTimer,
)
from network.catchup import TIMER as CATCHUP
from network.catchup import CatchUp, above
from network.gossip import BLOCKS_PER_REPLY, Decided, Fetch, Position
from network.virtual.bare.blocks import GENESIS, NETWORK, change, numbers, request, root
from network.virtual.bare.history import History
from network.virtual.bare.looks import CLIENT, Looks
from network.virtual.bare.members import Members
from network.virtual.bare.messages import Done, HandOver, Look, Request

POSITION = "bare.position"
POSITION_NS = 300 * MILLISECOND
REQUESTS_PER_BLOCK = 4
OWN = frozenset((Request, Look, HandOver, Position, Fetch, Decided))
"""What a bare node is told itself; every other message is its core's."""


class BareSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What a bare node is built from; see :class:`consensus.protocols.Setup`."""

    me: NodeId
    nodes: int
    voters: tuple[NodeId, ...]
    protocol: ProtocolEntry
    options: Any
    crypto: Crypto
    random: Callable[[], int]
    image: Image
    position_ns: int = POSITION_NS
    """How often, on average, it tells two others how far it is."""
    members: Members | None = None
    """What blocks ask for of the members; None: nothing, ever."""


class BareNode(Application):
    """One node. The world drives it; it drives its core."""

    def __init__(self, setup: BareSetup) -> None:
        self._me = setup.me
        self._keeps_proofs = setup.protocol.keeps_proofs
        self._others = [node for node in range(setup.nodes) if node != setup.me]
        self._random = setup.random
        self._position_ns = setup.position_ns
        self._members = setup.members
        self.history = recovered(setup.image)
        blocks, certificates = setup.image.get(BLOCKS, {}), setup.image.get(CERTIFICATES, {})
        self.chain: dict[int, tuple[Block, Certificate | None]] = {
            height: (block, certificates.get(height)) for height, block in blocks.items() if isinstance(height, int)
        }
        """The decided blocks that are held: those below a snapshot that was installed may be missing."""
        self.pool: dict[int, None] = {}
        self._claimed: dict[int, int] = {}  # request -> the height at which we proposed it
        self._waiting = False
        self._executed: list[int] = []  # heights that the core is still to be told of
        self._looks = Looks()
        self._catchup = CatchUp()
        self.core: Core = setup.protocol.core(
            Setup(
                me=setup.me,
                voters=setup.voters,
                genesis=GENESIS.hash,
                application=self,
                crypto=setup.crypto,
                image=setup.image,
                random=setup.random,
                options=setup.options,
            )
        )

    @property
    def height(self) -> int:
        return self.history.height

    @property
    def head(self) -> Header:
        return self.history.head

    # -- inputs ----------------------------------------------------------------------------------------------

    def start(self, now: int) -> Effects:
        return [self._position_timer(), *self._settle(now, self.core.start(now))]

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:
        if type(message) not in OWN:
            effects = self.core.receive(now, sender, message)
            return self._settle(now, effects) if effects else effects  # a silent core can do no more than before
        match message:
            case Position():
                return self._catchup.heard(sender, message, self.height)
            case Fetch(start):
                blocks = self._held_from(start)
                return [Send(sender, Decided(blocks=blocks))] if blocks else []
            case Decided(blocks):
                return self._adopt(now, sender, blocks)
            case _:
                return self._asked(now, message)

    def _asked(self, now: int, message: Request | Look | HandOver) -> Effects:
        """What the clients want."""
        match message:
            case Request(number):
                return self._requested(now, number)
            case Look():
                return self._settle(now, self.core.read(now, self._looks.ask(message)))
            case HandOver(target):
                return self._handed_over(now, target)

    def timer(self, now: int, name: str) -> Effects:
        if name == POSITION:
            others, position = self._others, Position(height=self.height, head=self.head.hash)
            told = [others[self._random() % len(others)] for _ in range(2)] if others else []
            return [*(Send(other, position) for other in dict.fromkeys(told)), self._position_timer()]
        if name == CATCHUP:
            return self._catchup.timer(self.height)
        return self._settle(now, self.core.timer(now, name))

    def validate(self, block: Block) -> Verdict:
        """The application's word: may ``block`` be ordered?"""
        header = block.header
        if header.network != NETWORK or header.state_height >= block.height:
            return Verdict.REJECT
        if header.transactions != root(block.transactions):
            return Verdict.REJECT
        if header.state_height > self.height:
            return Verdict.WAIT
        return Verdict.ACCEPT if header.state == self.history.deeds[header.state_height].header.hash else Verdict.REJECT

    def reconfiguration(self, block: Block) -> Reconfiguration | None:
        """The application's word: the change of members that ``block`` asks for."""
        return None if self._members is None else self._members.reconfiguration(block)

    def members_hash(self, configuration: Configuration) -> bytes | None:
        """The application's word: what the header of a block says that ``configuration`` decides."""
        return None if self._members is None else self._members.members_hash(configuration)

    def manifest(self, height: int) -> tuple[bytes, ...] | None:
        """The application's word: the digests of its state's chunks after ``height``."""
        return self.history.manifest(height)

    def chunk(self, height: int, place: int) -> bytes | None:
        """The application's word: one of those chunks."""
        return self.history.chunk(height, place)

    def status(self) -> Status:
        return self.core.status()

    # -- inside ----------------------------------------------------------------------------------------------

    def _requested(self, now: int, number: int) -> Effects:
        header = self.history.done.get(number)
        if header is not None:
            return [Reply(CLIENT, Done(number, header.height, header.hash))]
        if number in self.pool:
            return []  # it is waiting already
        self.pool[number] = None
        return self._settle(now, [])

    def _handed_over(self, now: int, target: NodeId) -> Effects:
        """Where the protocol knows of such a thing, we lead, and ``target`` may lead after us."""
        transfer = getattr(self.core, "transfer", None)
        if transfer is None or self.core.status().leader != self._me:
            return []
        try:
            return self._settle(now, transfer(now, target))
        except LocalProtocolError:  # ``target`` has no vote, or is this node
            return []

    def _settle(self, now: int, effects: Effects) -> Effects:
        """Carry out what was decided, then propose while we may; the end of every input."""
        out: Effects = []
        vouched = False
        while True:
            for effect in effects:
                if type(effect) is Commit:
                    vouched = vouched or effect.certificate is None
                    out += self._commit(effect)
                elif type(effect) is Install:
                    out += self._install(effect)
                elif type(effect) is Readable:
                    out += self._looks.readable(effect, self.head)
                else:
                    out.append(effect)
            effects = (self._executed and self._tell_executed(now)) or self._demand(now) or self._propose(now)
            if not effects:
                return kept_with_proof(out) if vouched and self._keeps_proofs else out

    def _commit(self, commit: Commit) -> Effects:
        block: Block = commit.block
        self.history.append(block)
        self.chain[block.height] = (block, commit.certificate)
        records = [Put(BLOCKS, block.height, block)]
        if commit.certificate is not None:
            records.append(Put(CERTIFICATES, block.height, commit.certificate))
        effects: Effects = [Persist(tuple(records)), commit]
        self._executed.append(block.height)
        for number in numbers(block):
            self.pool.pop(number, None)
            self._claimed.pop(number, None)
            effects.append(Reply(CLIENT, Done(number, block.height, block.hash)))
        return effects + self._looks.grown(self.head)

    def _install(self, install: Install) -> Effects:
        """Take a snapshot's state in place of ours; durable at once, all or nothing."""
        snapshot: Snapshot = install.snapshot
        self.history = History.installed(GENESIS.header, snapshot.header, install.chunks)
        records: list[Record] = [Cut(SNAPSHOT, 0), Put(SNAPSHOT, MANIFEST, snapshot)]
        records += (Put(SNAPSHOT, place, chunk) for place, chunk in enumerate(install.chunks))
        self._executed = [snapshot.height]
        for number in [number for number in self.pool if number in self.history.done]:
            del self.pool[number]
        self._claimed = {number: height for number, height in self._claimed.items() if number in self.pool}
        return [Persist(tuple(records)), install, *self._looks.grown(self.head)]

    def _held_from(self, start: int) -> tuple[tuple[Block, Certificate | None], ...]:
        """The decided blocks from ``start`` on, as far as we hold them without a gap."""
        end = start
        while end < start + BLOCKS_PER_REPLY and end in self.chain:
            end += 1
        return tuple(self.chain[height] for height in range(start, end))

    def _tell_executed(self, now: int) -> Effects:
        heights, self._executed = self._executed, []
        return [effect for height in heights for effect in self.core.executed(now, height)]

    def _demand(self, now: int) -> Effects:
        waiting = bool(self.pool)
        if waiting == self._waiting:
            return []
        self._waiting = waiting
        return self.core.demand(now, waiting)

    def _propose(self, now: int) -> Effects:
        wanted = self.core.wants_block()
        if not (self.pool or wanted):
            return []
        slot = self.core.slot()
        if slot is None:
            return []
        waiting = (number for number in self.pool if not self._in_flight(number, slot.height))
        taken = list(islice(waiting, REQUESTS_PER_BLOCK))
        if not (taken or wanted):
            return []
        self._claimed.update((number, slot.height) for number in taken)
        return self.core.propose(now, self._build(slot, taken))

    def _in_flight(self, number: int, height: int) -> bool:
        """Did we propose it below ``height``, where nothing is decided yet?"""
        return self.height < self._claimed.get(number, 0) < height

    def _build(self, slot: Slot, taken: list[int]) -> Block:
        members, transactions = self._decided_by(slot)
        transactions += tuple(map(request, taken))
        header = Header(
            version=FORMAT_VERSION,
            network=NETWORK,
            height=slot.height,
            parent=slot.parent,
            round=slot.round,
            proposer=self._me,
            members=members,
            transactions=root(transactions),
            state_height=self.height,
            state=self.head.hash,
        )
        return Block(header, transactions)

    def _decided_by(self, slot: Slot) -> tuple[bytes, tuple[bytes, ...]]:
        """What the header of a block for ``slot`` says of its members, and what changes them, if anything."""
        if self._members is None:
            return NO_HASH, ()
        asked = self._members.asked(slot)
        deciders = self._members.decides(slot, asked)
        if deciders is None:
            return NO_HASH, ()
        return self._members.members_hash(deciders), () if asked is None else (change(asked),)

    def _adopt(self, now: int, sender: NodeId, blocks: tuple[tuple[Block, Certificate | None], ...]) -> Effects:
        if any(root(block.transactions) != block.header.transactions for block, _ in blocks):
            return [Rejected(sender, "a block whose transactions are not its own")]
        run = above(blocks, self.height)
        proven = run[: self.core.proves(run)]
        if not proven:
            return [Rejected(sender, "blocks that nothing proves")]
        effects: Effects = []
        for block, certificate in proven:
            if block.height <= self.height:
                continue  # the one before it completed what the core knew of this one
            effects += self._settle(now, self.core.adopt(now, block, certificate))
        if self._keeps_proofs:
            effects = kept_with_proof(effects)
        return effects + self._catchup.received(sender, self.height)

    def _position_timer(self) -> SetTimer:
        return SetTimer(POSITION, self._position_ns // 2 + self._random() % self._position_ns)


def recovered(image: Image) -> History:
    """The state that a disk shows: the snapshot's, if there is one, and the blocks above it."""
    chunks, blocks = image.get(SNAPSHOT, {}), image.get(BLOCKS, {})
    snapshot: Snapshot | None = chunks.get(MANIFEST)
    if snapshot is None:
        history = History(GENESIS.header)
    else:
        held = tuple(chunks[place] for place in range(len(snapshot.chunks)))
        history = History.installed(GENESIS.header, snapshot.header, held)
    while (block := blocks.get(history.height + 1)) is not None:
        history.append(block)
    return history
