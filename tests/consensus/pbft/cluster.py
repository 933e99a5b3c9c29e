"""A small network of PBFT cores for tests: deliver by hand or in time, drop, partition, crash, restart, lie.

Every correct node is watched all the time: decided blocks agree, heights have no gaps, certificates hold, and nobody
signs two different things for one view and height, across restarts too. Only what was persisted survives a crash.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from random import Random
from typing import Any

from consensus.chain import BLOCKS, CERTIFICATES, FORMAT_VERSION, Block, Header, verify_certificate
from consensus.configuration import Configuration, Reconfiguration
from consensus.pbft import MESSAGES, Options, PbftCore
from consensus.pbft.messages import (
    ACCEPTED,
    CHECKPOINTS,
    Checkpoint,
    CommitVote,
    NewView,
    Prepare,
    PrePrepare,
    ViewChange,
)
from consensus.properties.electorates import Electorates
from consensus.protocols import Application, Setup, Slot, Verdict
from consensus.quorum import byzantine_faults, byzantine_quorum
from consensus.snapshots import MANIFEST, SNAPSHOT, checkpoint_bytes, state_digest
from consensus.vocabulary import (
    MILLISECOND,
    SECOND,
    Broadcast,
    CancelTimer,
    Commit,
    Cut,
    Drop,
    Effects,
    Image,
    Install,
    Persist,
    Put,
    Rejected,
    Send,
    SetTimer,
)
from tests.consensus.pbft.changes import change_in, members_hash

GENESIS = sha256(b"genesis").digest()


class ModelCrypto:
    """Signatures as keyed hashes: nobody in a test knows another's key."""

    def __init__(self, me: int) -> None:
        self.me = me

    def sign(self, data: bytes) -> bytes:
        return blake2b(data, key=b"member %d" % self.me).digest()

    def verify(self, member: int, data: bytes, signature: bytes) -> bool:
        return signature == ModelCrypto(member).sign(data)


CHUNKS = 4


class ClusterApplication(Application):
    """Accepts what has the right transactions root; b"bad" is refused, b"after N" waits for height N.

    Its state is a few chunks, of which each block changes one. A state can be asked for while it is the present one,
    and is kept from then on; of those, the last ``kept``.
    """

    def __init__(self, kept: int = 3, voters: tuple[int, ...] = ()) -> None:
        self.genesis_voters = voters
        self.height = 0
        self.judged: list[int] = []
        self.kept = kept
        self.state: tuple[bytes, ...] = (b"",) * CHUNKS
        self.states: dict[int, tuple[bytes, ...]] = {}

    def execute(self, block: Block) -> None:
        place = block.height % CHUNKS
        chunks = list(self.state)
        chunks[place] = sha256(chunks[place] + block.hash).digest()
        self.height, self.state = block.height, tuple(chunks)

    def corrupt(self) -> None:
        """A bit rots, or a bug: the state is not what the blocks make it."""
        self.state = (b"rotten", *self.state[1:])

    def manifest(self, height: int) -> tuple[bytes, ...] | None:
        if height == self.height and self.kept:
            self.states[height] = self.state
            for old in sorted(self.states)[: -self.kept]:
                del self.states[old]
        chunks = self.states.get(height)
        return tuple(map(self.chunk_digest, chunks)) if chunks is not None else None

    def chunk(self, height: int, place: int) -> bytes | None:
        return self.states[height][place] if height in self.states else None

    def reconfiguration(self, block: Block) -> Reconfiguration | None:
        return change_in(block)

    def members_hash(self, configuration: Configuration) -> bytes | None:
        """The genesis' voters are not named, so that blocks made without a slot's configuration are right for them."""
        return members_hash(configuration.voters) if configuration.voters != self.genesis_voters else None

    def validate(self, block: Block) -> Verdict:
        self.judged.append(block.height)
        if root_of(block.transactions) != block.header.transactions or b"bad" in block.transactions:
            return Verdict.REJECT
        wait_for = max((int(raw[6:]) for raw in block.transactions if raw.startswith(b"after ")), default=0)
        return Verdict.WAIT if self.height < wait_for else Verdict.ACCEPT


def root_of(transactions: tuple[bytes, ...]) -> bytes:
    return sha256(b"\0".join(transactions)).digest()


def make_block(slot: Slot, proposer: int, transactions: tuple[bytes, ...] = (b"pay",)) -> Block:
    header = Header(
        version=FORMAT_VERSION,
        network="test",
        height=slot.height,
        parent=slot.parent,
        round=slot.round,
        proposer=proposer,
        members=members_hash(slot.configuration.voters) if slot.configuration is not None else bytes(32),
        transactions=root_of(transactions),
        state_height=0,
        state=bytes(32),
    )
    return Block(header=header, transactions=transactions)


def apply_records(image: Image, records: Iterable[Any]) -> None:
    for record in records:
        space = image.setdefault(record.space, {})
        match record:
            case Put():
                space[record.key] = record.value
            case Cut():
                for key in [k for k in space if isinstance(k, int) and k >= record.start]:
                    del space[key]
            case Drop():
                for key in [k for k in space if isinstance(k, int) and k < record.end]:
                    del space[key]


@dataclass
class Flight:
    due: int
    order: int
    sender: int
    to: int
    message: Any

    def __repr__(self) -> str:
        return f"{self.sender}->{self.to} {self.message!r}"


@dataclass
class Node:
    number: int
    image: Image = field(default_factory=dict)
    core: PbftCore | None = None
    application: ClusterApplication = field(default_factory=ClusterApplication)
    timers: dict[str, tuple[int, int]] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    committed: dict[int, bytes] = field(default_factory=dict)
    waiting: bool = False
    corrupted: bool = False

    @property
    def up(self) -> bool:
        return self.core is not None

    @property
    def running(self) -> PbftCore:
        assert self.core is not None, f"node {self.number} is down"
        return self.core

    @property
    def height(self) -> int:
        snapshot = self.image.get(SNAPSHOT, {}).get(MANIFEST)
        return max(self.image.get(BLOCKS, {}), default=snapshot.height if snapshot is not None else 0)

    @property
    def head(self) -> bytes:
        block = self.image.get(BLOCKS, {}).get(self.height)
        snapshot = self.image.get(SNAPSHOT, {}).get(MANIFEST)
        return block.hash if block is not None else snapshot.header.hash if snapshot is not None else GENESIS

    @property
    def stable(self) -> int:
        """The low watermark on its disk."""
        proof = self.image.get(CHECKPOINTS, {}).get("stable")
        return proof.height if proof is not None else 0


class Cluster:
    """``n`` voters and ``observers`` more; ``filter_sent(sender, to, message)`` lets a test lie: it returns what goes
    out instead (None: nothing)."""

    def __init__(
        self,
        n: int = 4,
        *,
        observers: int = 0,
        seed: int = 0,
        byzantine: Iterable[int] = (),
        options: Options | None = None,
        observe: Callable[[int, Any], None] = lambda _node, _what: None,
    ) -> None:
        self.n = n
        self.quorum, self.faults = byzantine_quorum(n), byzantine_faults(n)
        self.options = options or Options()
        self.voters = tuple(range(n))
        self.electorates = Electorates(self.voters, self.options.checkpoint_interval, change_in)
        self.nodes = [Node(number) for number in range(n + observers)]
        self.byzantine = frozenset(byzantine)
        self.random = Random(seed)
        self.now = 0
        self.flights: list[Flight] = []
        self.loss = 0.0
        self.latency = (1 * MILLISECOND, 20 * MILLISECOND)
        self.cut: set[tuple[int, int]] = set()
        self.filter_sent: Callable[[int, int, Any], Any] = lambda _sender, _to, message: message
        self.decided: dict[int, bytes] = {}
        self.headers: dict[int, Header] = {}
        self.states: dict[int, tuple[bytes, ...]] = {}
        """Height -> the chunks of the canonical state there."""
        self.states_kept = 3
        """So many states that were asked for an application keeps; 0: it has no snapshots."""
        self.ask_for: Callable[[Slot], bytes | None] = lambda _slot: None
        """The change of members that the next block asks for, if any."""
        self.blocks_kept = 10**9
        """So many decided blocks a node serves to others, and always those above its low watermark."""
        self.signed: dict[tuple[Any, ...], Any] = {}
        self.observe = observe
        self._order = 0
        for node in self.nodes:
            self.restart(node.number)

    # Life and death

    def restart(self, number: int) -> None:
        node = self.nodes[number]
        node.application = ClusterApplication(self.states_kept, self.voters)
        self._recover(node)
        node.timers.clear()
        node.core = PbftCore(
            Setup(
                me=number,
                voters=self.voters,
                genesis=GENESIS,
                application=node.application,
                crypto=ModelCrypto(number),
                image=copy.deepcopy(node.image),
                random=lambda: self.random.getrandbits(64),
                options=self.options,
            )
        )
        self.carry_out(number, node.core.start(self.now))
        if node.waiting:
            self.carry_out(number, node.core.demand(self.now, True))

    def crash(self, number: int) -> None:
        """Everything but the durable image is lost; what was sent is still under way."""
        self.nodes[number].core = None
        self.nodes[number].timers.clear()

    def corrupt(self, number: int) -> None:
        """Its state is not what the blocks make it, from now on."""
        self.nodes[number].application.corrupt()
        self.nodes[number].corrupted = True

    # Carrying out effects

    def carry_out(self, number: int, effects: Effects, *, first: int | None = None) -> None:  # noqa: C901, PLR0912 - one case an effect
        """Do the effects in order; ``first`` of them only if given (then the node dies)."""
        node = self.nodes[number]
        executed: list[int] = []
        for effect in effects[:first]:
            self.observe(number, effect)
            match effect:
                case Persist():
                    self._persist(node, effect.records)
                case Send():
                    self._post(number, effect.to, effect.message)
                case Broadcast():
                    self._watch(number, effect.message)
                    for to in self.voters if effect.to is None else effect.to:
                        if to != number:
                            self._post(number, to, effect.message)
                case SetTimer():
                    self._order += 1
                    node.timers[effect.name] = (self.now + effect.after_ns, self._order)
                case CancelTimer():
                    node.timers.pop(effect.name, None)
                case Commit():
                    self._commit(node, effect)
                    executed.append(effect.height)
                case Install():
                    self._install(node, effect)
                    executed.append(effect.height)
                case Rejected():
                    node.rejected.append(effect)
        if first is not None:
            self.crash(number)
            return
        for height in executed:
            self.carry_out(number, node.running.executed(self.now, height))

    def _post(self, sender: int, to: int, message: Any) -> None:
        assert isinstance(message, MESSAGES)
        message = self.filter_sent(sender, to, message)
        if message is None or (sender, to) in self.cut or self.random.random() < self.loss:
            return
        self._order += 1
        self.flights.append(Flight(self.now + self.random.randint(*self.latency), self._order, sender, to, message))

    def _commit(self, node: Node, effect: Commit) -> None:
        block, certificate = effect.block, effect.certificate
        assert effect.height == node.height + 1, "heights without gaps"
        assert block.height == effect.height
        assert block.parent == node.head
        if node.number not in self.byzantine:
            assert self.decided.setdefault(block.height, block.hash) == block.hash, "agreement"
            self.headers[block.height] = block.header
            self.electorates.follow(block)
            named = {bytes(32), members_hash(self.electorates.voters(block.height))}
            assert block.header.members in named, "a block names its members"
            assert root_of(block.transactions) == block.header.transactions, "the header's body"
        if certificate is not None:
            assert (certificate.height, certificate.hash) == (block.height, block.hash)
            voters, quorum = self.electorates.voters(block.height), self.electorates.quorum(block.height)
            assert verify_certificate(certificate, voters, quorum, ModelCrypto(0).verify) is None
        records = [Put(BLOCKS, block.height, block)]
        if certificate is not None:
            records.append(Put(CERTIFICATES, block.height, certificate))
        apply_records(node.image, records)
        node.application.execute(block)
        if not node.corrupted:
            state = node.application.state
            assert self.states.setdefault(block.height, state) == state, "execution is deterministic"

    def _install(self, node: Node, effect: Install) -> None:
        snapshot = effect.snapshot
        assert effect.height == snapshot.height > node.height, "only what is newer"
        assert tuple(map(node.application.chunk_digest, effect.chunks)) == snapshot.chunks, "complete, and checked"
        assert effect.chunks == self.states[effect.height], "the canonical state"
        node.corrupted = False
        records: list[Any] = [Drop(BLOCKS, effect.height + 1), Drop(CERTIFICATES, effect.height + 1)]
        records += [Drop(SNAPSHOT, 10**9), Put(SNAPSHOT, MANIFEST, snapshot)]
        records += (Put(SNAPSHOT, place, chunk) for place, chunk in enumerate(effect.chunks))
        apply_records(node.image, records)
        node.application.height, node.application.state = effect.height, effect.chunks

    def _recover(self, node: Node) -> None:
        """Execute again what the disk holds; states of checkpoints outlive a restart, as blocks below may be gone."""
        space = node.image.get(SNAPSHOT, {})
        snapshot = space.get(MANIFEST)
        if snapshot is not None:
            node.application.height = snapshot.height
            node.application.state = tuple(space[place] for place in range(CHUNKS))
            node.application.manifest(snapshot.height)
        for _, block in sorted(node.image.get(BLOCKS, {}).items()):
            node.application.execute(block)
            if block.height % self.options.checkpoint_interval == 0:
                node.application.manifest(block.height)
        node.corrupted = False

    def _persist(self, node: Node, records: tuple[Any, ...]) -> None:
        """Make durable, one by one; the window and the low watermark are judged on the way."""
        for record in records:
            if isinstance(record, Put) and node.number not in self.byzantine:
                self._judge(node, record)
            apply_records(node.image, [record])

    def _judge(self, node: Node, record: Put) -> None:
        if record.space == ACCEPTED:
            low = max(node.stable, self.electorates.began(record.value.block.height))
            high = low + self.options.heights_kept
            assert low < record.value.block.height <= high, "nothing outside the window"
        elif record.space == CHECKPOINTS and record.key == "stable":
            proof = record.value
            assert proof.height > node.stable, "the low watermark only rises"
            signers = [replica for replica, _ in proof.signatures]
            assert len(signers) == self.electorates.quorum(proof.height), "a stable certificate is a quorum's"
            assert set(signers) <= set(self.electorates.voters(proof.height)), "of those who decided that height"
            assert signers == sorted(set(signers)), "each signer once"
            data = checkpoint_bytes(proof.height, proof.digest)
            assert all(ModelCrypto(0).verify(replica, data, signature) for replica, signature in proof.signatures)
            assert proof.digest == self.canonical(proof.height), "f + 1 correct replicas have that state"
            own = node.image[CHECKPOINTS].get(proof.height) if CHECKPOINTS in node.image else None
            assert own is None or own.digest == proof.digest, "whoever contradicts a quorum has diverged"

    def canonical(self, height: int) -> bytes:
        """The digest of the right state at ``height``."""
        chunks = tuple(map(ClusterApplication().chunk_digest, self.states[height])) if self.states_kept else ()
        configuration = Configuration(voters=self.electorates.voters(height + 1))
        return state_digest(self.headers[height], configuration, chunks, self.electorates.since(height + 1))

    def _watch(self, number: int, message: Any) -> None:
        """A correct node never contradicts itself."""
        if number in self.byzantine:
            return
        match message:
            case PrePrepare():
                key, said = ("pre-prepare", number, message.view, message.block.height), message.block.hash
            case Prepare() | CommitVote():
                key, said = (type(message).__name__, number, message.view, message.height), message.hash
            case Checkpoint():
                key, said = ("checkpoint", number, message.height), message.digest
            case ViewChange():
                key, said = ("view-change", number, message.epoch, message.view), message.signature
            case NewView():
                key, said = ("new-view", number, message.view_changes[0].epoch, message.view), message.signature
            case _:
                return
        assert self.signed.setdefault(key, said) == said, f"{key} contradicted"

    # By hand

    def propose(self, number: int, *transactions: bytes) -> Block:
        core = self.nodes[number].running
        slot = core.slot()
        assert slot is not None, f"node {number} has no slot"
        block = make_block(slot, number, transactions or (b"pay %d" % slot.height,))
        self.carry_out(number, core.propose(self.now, block))
        return block

    def give(self, sender: int, to: int, message: Any) -> Effects:
        """Hand one message over, and carry out what follows."""
        self.observe(to, Flight(self.now, 0, sender, to, message))
        effects = self.nodes[to].running.receive(self.now, sender, message)
        self.carry_out(to, effects)
        return effects

    def deliver(self, where: Callable[[Flight], bool] = lambda _: True, *, rounds: int = 1000) -> None:
        """Deliver what is under way and matches, and what follows from it, until nothing matches."""
        for _ in range(rounds):
            flight = next((f for f in self.flights if where(f)), None)
            if flight is None:
                self._run_zero_timers()
                if not any(where(f) for f in self.flights):
                    return
                continue
            self.flights.remove(flight)
            if self.nodes[flight.to].up:
                self.give(flight.sender, flight.to, flight.message)
        raise AssertionError("messages without end")

    def drop(self, where: Callable[[Flight], bool] = lambda _: True) -> None:
        self.flights = [flight for flight in self.flights if not where(flight)]

    def fire(self, number: int, name: str) -> None:
        """Let time pass until this timer is due, for this node alone."""
        node = self.nodes[number]
        while name in node.timers:
            self.now = max(self.now, node.timers.pop(name)[0])
            effects = node.running.timer(self.now, name)
            self.carry_out(number, effects)
            if any(isinstance(effect, Broadcast | Send) for effect in effects):
                return
        raise AssertionError(f"{name} is not set at node {number}")

    def demand(self, *numbers: int, waiting: bool = True) -> None:
        for number in numbers or self.voters:
            node = self.nodes[number]
            node.waiting = waiting
            if node.core is not None:
                self.carry_out(number, node.core.demand(self.now, waiting))

    def _run_zero_timers(self) -> None:
        for node in self.nodes:
            for name, (due, _) in list(node.timers.items()):
                if due <= self.now and node.core is not None:
                    del node.timers[name]
                    self.carry_out(node.number, node.core.timer(self.now, name))

    # In time

    def isolate(self, *numbers: int) -> None:
        others = [node.number for node in self.nodes if node.number not in numbers]
        self.cut = {pair for a in numbers for b in others for pair in ((a, b), (b, a))}

    def heal(self) -> None:
        self.cut = set()

    def step(self) -> bool:
        """The next delivery or timer; False when nothing is left."""
        timers = [(due, order, node.number, name) for node in self.nodes for name, (due, order) in node.timers.items()]
        flight = min(self.flights, key=lambda f: (f.due, f.order), default=None)
        timer = min(timers, default=None)
        if flight is None and timer is None:
            return False
        if timer is None or (flight is not None and (flight.due, flight.order) < timer[:2]):
            assert flight is not None
            self.now = max(self.now, flight.due)
            self.flights.remove(flight)
            if self.nodes[flight.to].up:
                self.give(flight.sender, flight.to, flight.message)
        else:
            due, _, number, name = timer
            self.now = max(self.now, due)
            del self.nodes[number].timers[name]
            self.carry_out(number, self.nodes[number].running.timer(self.now, name))
        return True

    def run(
        self,
        until: Callable[[], bool],
        *,
        limit_ns: int = 60 * SECOND,
        proposing: bool = True,
        gossip: bool = True,
    ) -> None:
        """Run in time until the condition holds; primaries propose whenever they may while requests wait."""
        end = self.now + limit_ns
        next_gossip = self.now
        while not until():
            assert self.now < end, f"not reached in {limit_ns / SECOND} s of time: {self.describe()}"
            if proposing:
                self.propose_where_possible()
            if gossip and self.now >= next_gossip:
                self.gossip()
                next_gossip = self.now + 400 * MILLISECOND
            if not self.step():
                assert gossip and next_gossip > self.now, f"nothing left to do: {self.describe()}"  # noqa: PT018
                self.now = next_gossip

    def propose_where_possible(self) -> None:
        for node in self.nodes:
            core = node.core
            if core is None or not (node.waiting or core.wants_block()) or (slot := core.slot()) is None:
                continue
            change = self.ask_for(slot) if slot.reconfigurable else None
            self.propose(node.number, *([change] if change is not None else []))

    def gossip(self, *, loss: bool = True) -> None:
        """What the replica layer does: every node asks a random other, if the network lets it, and adopts."""
        for node in self.nodes:
            other = self.random.choice([peer for peer in self.nodes if peer is not node])
            lost = loss and self.random.random() < self.loss
            if node.up and other.up and not lost and (other.number, node.number) not in self.cut:
                self.catch_up(node.number, other.number)

    def catch_up(self, number: int, source: int) -> None:
        node, other = self.nodes[number], self.nodes[source]
        blocks, certificates = other.image.get(BLOCKS, {}), other.image.get(CERTIFICATES, {})
        first = max(1, min(other.height - self.blocks_kept, other.stable) + 1)
        run = [
            (block, certificates.get(height))
            for height, block in sorted(blocks.items())
            if height > node.height and height >= first
        ]
        for block, certificate in run[: node.running.proves(run)]:
            if block.height > node.height:
                self.carry_out(number, node.running.adopt(self.now, block, certificate))

    # Looking

    def core(self, number: int) -> PbftCore:
        return self.nodes[number].running

    def heights(self) -> list[int]:
        return [node.height for node in self.nodes]

    def views(self) -> list[int]:
        return [node.core.status().round if node.core is not None else -1 for node in self.nodes]

    def correct(self) -> list[Node]:
        return [node for node in self.nodes if node.number not in self.byzantine]

    def all_at(self, height: int, among: Iterable[int] | None = None) -> Callable[[], bool]:
        numbers = list(among) if among is not None else [node.number for node in self.correct()]
        return lambda: all(self.nodes[number].height >= height for number in numbers)

    def describe(self) -> str:
        states = [
            f"{node.number}: " + (str(node.core.status()) if node.core is not None else "down") for node in self.nodes
        ]
        return f"t={self.now / SECOND:.3f}s\n" + "\n".join(states)
