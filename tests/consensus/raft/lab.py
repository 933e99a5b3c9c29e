"""A laboratory for Raft cores: several of them, a network delivered by hand or by a small clock, and oracles.

Every node has a durable store, and one queue of outward effects in which ``Persist`` is a barrier, as in the real
drivers. A crash loses what is still queued. The oracles watch every transition and assert the properties of the
paper's figure 3 at once, so every test that uses the lab checks them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random
from typing import Any

import msgspec

from consensus.chain import BLOCKS, CERTIFICATES, Block, Certificate, Header, commit_bytes
from consensus.configuration import Configuration, Reconfiguration
from consensus.proof import Run
from consensus.properties import Observer
from consensus.properties.raft import RaftSafety
from consensus.protocols import Application, Setup, Verdict
from consensus.raft import RaftCore, RaftOptions
from consensus.raft.log import Log
from consensus.raft.messages import AppendEntries, AppendSuccess, RequestVoteReply
from consensus.raft.records import LOG, STATE, STATE_KEY, HardState
from consensus.raft.roles import Follower, Leader
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot
from consensus.vocabulary import (
    MILLISECOND,
    Broadcast,
    CancelTimer,
    Commit,
    Cut,
    Drop,
    Effect,
    Effects,
    Install,
    Persist,
    Put,
    Readable,
    Record,
    Rejected,
    Send,
    SetTimer,
    Trace,
)

LATENCY_NS = 5 * MILLISECOND
CHANGE = b"change "


def signature(member: int, data: bytes) -> bytes:
    return blake2b(data, key=b"member %d" % member, digest_size=64).digest()


@dataclass
class LabCrypto:
    me: int

    def sign(self, data: bytes) -> bytes:
        return signature(self.me, data)

    def verify(self, member: int, data: bytes, given: bytes) -> bool:
        return given == signature(member, data)


def make_block(
    height: int,
    parent: bytes,
    round_: int,
    proposer: int,
    *content: str,
    state_height: int = 0,
    change: Reconfiguration | None = None,
    members: bytes = bytes(32),
) -> Block:
    transactions = [text.encode() for text in content]
    if change is not None:
        transactions.append(CHANGE + msgspec.msgpack.encode(change))
    header = Header(
        version=1,
        network="lab",
        height=height,
        parent=parent,
        round=round_,
        proposer=proposer,
        members=members,
        transactions=blake2b(repr(transactions).encode(), digest_size=32).digest(),
        state_height=state_height,
        state=bytes(32),
    )
    return Block(header=header, transactions=tuple(transactions))


GENESIS = make_block(0, bytes(32), 0, 0, "genesis")


BLOCKS_PER_CHUNK = 2


@dataclass
class LabApplication(Application):
    """Judges as a ledger would: what is stated beyond our own execution has to wait; "bad" is refused.

    Its state is the chain itself, two blocks a chunk. Snapshots are offered of the last ``kept`` heights executed.
    """

    executed: int = 0
    chain: list[Block] = field(default_factory=lambda: [GENESIS])
    kept: int = 0
    founders: tuple[int, ...] | None = None

    def reconfiguration(self, block: Block) -> Reconfiguration | None:
        for transaction in block.transactions:
            if transaction.startswith(CHANGE):
                return msgspec.msgpack.decode(transaction[len(CHANGE) :], type=Reconfiguration)
        return None

    def members_hash(self, configuration: Configuration) -> bytes | None:
        """Zeros for the founders' (as blocks have that are made by hand); None where founders are not told."""
        if self.founders is None:
            return None
        if configuration == Configuration(voters=self.founders):
            return bytes(32)
        return blake2b(msgspec.msgpack.encode(configuration), digest_size=32).digest()

    def validate(self, block: Block) -> Verdict:
        if b"bad" in block.transactions:
            return Verdict.REJECT
        return Verdict.WAIT if block.header.state_height > self.executed else Verdict.ACCEPT

    def manifest(self, height: int) -> tuple[bytes, ...] | None:
        if not self.executed - self.kept < height <= self.executed:
            return None
        return tuple(map(self.chunk_digest, chunks_of(self.chain[: height + 1])))

    def chunk(self, height: int, place: int) -> bytes | None:
        return None if self.manifest(height) is None else chunks_of(self.chain[: height + 1])[place]


def chunks_of(chain: list[Block]) -> list[bytes]:
    """The lab's state after the last block of ``chain``, which begins with the genesis."""
    starts = range(1, len(chain), BLOCKS_PER_CHUNK)
    return [msgspec.msgpack.encode(chain[start : start + BLOCKS_PER_CHUNK]) for start in starts]


def chain_in(chunks: Sequence[bytes]) -> list[Block]:
    """The chain that such chunks hold."""
    return [GENESIS, *(block for chunk in chunks for block in msgspec.msgpack.decode(chunk, type=list[Block]))]


@dataclass
class Node:
    me: int
    core: RaftCore
    application: LabApplication
    store: dict[str, dict[Any, Any]]
    chain: list[Block]
    executed: int  # what its core was told last
    queue: Effects = field(default_factory=list)
    timers: dict[str, int] = field(default_factory=dict)
    certified: dict[int, Any] = field(default_factory=dict)
    up: bool = True


@dataclass
class Flight:
    sender: int
    receiver: int
    message: Any
    due: int


class Lab:
    """``count`` voters (and ``observers`` more nodes that do not vote).

    ``judged``: the product's own oracle watches too, which takes nothing that only a test would say.
    """

    def __init__(
        self,
        count: int,
        *,
        observers: int = 0,
        options: RaftOptions | None = None,
        seed: int = 0,
        snapshots: int = 0,
        judged: bool = False,
        observe: Callable[[int, Effects], None] = lambda _me, _effects: None,
    ):
        self.observe = observe
        self.now = 0
        self.voters = tuple(range(count))
        self.options = options or RaftOptions()
        self.random = Random(seed)
        self.flights: list[Flight] = []
        self.cut: set[tuple[int, int]] = set()
        self.loss = 0.0
        self.held: set[int] = set()  # nodes whose disk stands still
        self.slow: set[int] = set()  # nodes whose application executes nothing
        self.snapshots = snapshots  # of how many executed heights applications keep snapshots
        self.installed: dict[int, bytes] = {}  # height -> the digest of whatever was installed there
        self.rejections: list[tuple[int, Rejected]] = []
        self.traces: list[tuple[int, Trace]] = []
        self.reads: dict[int, int] = {}  # context -> the highest height decided anywhere when it was asked
        self.answers: list[Readable] = []
        self.leaders: dict[int, int] = {}
        self.votes: dict[tuple[int, int], int] = {}
        self.decided: dict[int, Block] = {0: GENESIS}
        self.decided_in: dict[int, int] = {0: 0}
        self.alone: dict[int, int] = {}  # height -> who decided it by its own signature alone, and nobody else has yet
        self.configurations = {GENESIS.hash: Configuration(voters=self.voters)}  # who decides the block of this hash
        self.changes = 0  # how many decided blocks changed the configuration
        application = LabApplication(founders=self.voters)
        self.oracle = RaftSafety(self.voters, application=application) if judged else Observer()
        self.nodes = [self._node(me, {}) for me in range(count + observers)]
        for node in self.nodes:
            self.oracle.on_start(self.now, node.me, 1, node.store)
            self._do(node, node.core.start(self.now))

    # -- Building ------------------------------------------------------------------------------------

    def _node(self, me: int, store: dict[str, dict[Any, Any]]) -> Node:
        chain = chain_on(store)
        application = LabApplication(executed=len(chain) - 1, chain=chain, kept=self.snapshots, founders=self.voters)
        node_random = Random(self.random.getrandbits(64))
        setup = Setup(
            me=me,
            voters=self.voters,
            genesis=GENESIS.hash,
            application=application,
            crypto=LabCrypto(me),
            image={space: dict(records) for space, records in store.items()},
            random=lambda: node_random.getrandbits(64),
            options=self.options,
        )
        executed = application.executed
        node = Node(me=me, core=RaftCore(setup), application=application, store=store, chain=chain, executed=executed)
        node.certified = dict(store.get(CERTIFICATES, {}))
        return node

    # -- Carrying out --------------------------------------------------------------------------------

    def _do(self, node: Node, effects: Effects) -> Effects:  # noqa: C901  one case for each kind of effect
        """Take up a step's effects, then check that every property still holds."""
        if any(isinstance(effect, Rejected) for effect in effects):
            assert len(effects) == 1
        self.observe(node.me, effects)
        self._note_lone_decisions(node, effects)
        for effect in effects:
            self._show(node, effect)
            match effect:
                case SetTimer():
                    node.timers[effect.name] = self.now + effect.after_ns
                case CancelTimer():
                    node.timers.pop(effect.name, None)
                case Commit():
                    self._commit(node, effect)
                case Install():
                    self._install(node, effect)
                case Readable():
                    self._read(effect)
                case Rejected():
                    self.rejections.append((node.me, effect))
                case Trace():
                    self.traces.append((node.me, effect))
                case _:
                    node.queue.append(effect)
        self._check(node)
        self.execute(node)
        if node.me not in self.held:
            self.drain(node.me)
        return effects

    def execute(self, node: Node) -> None:
        """Have the application execute what is decided, unless it is slow, and tell the core."""
        if node.me not in self.slow:
            node.application.executed = len(node.chain) - 1
        while node.executed < node.application.executed:
            node.executed += 1
            self._do(node, node.core.executed(self.now, node.executed))

    def _commit(self, node: Node, effect: Commit) -> None:
        assert effect.height == len(node.chain), "heights come without gaps"
        assert effect.block.parent == node.chain[-1].hash
        configuration = self._configuration(effect.block)
        news = effect.height not in self.decided
        known = self.decided.setdefault(effect.height, effect.block)
        assert known.hash == effect.block.hash, "state-machine safety"
        self.decided_in.setdefault(effect.height, node.core.server.term)
        if news:
            self.changes += configuration is not self.configurations[effect.block.parent]
        if news and effect.certificate is not None and not isinstance(node.core.server.role, Follower):
            copies = {other.me for other in self.nodes if holds_durably(other, effect.block)}
            assert is_quorum(configuration, copies), "committed without a majority of disks"
        node.chain.append(effect.block)
        records = [Put(space=BLOCKS, key=effect.height, value=effect.block)]
        if effect.certificate is not None:
            certificate = effect.certificate
            check_certificate(certificate, effect.block, configuration)
            assert node.core.certifies(effect.block, certificate)
            node.certified[effect.height] = certificate
            records.append(Put(space=CERTIFICATES, key=effect.height, value=certificate))
        node.queue.append(Persist(records=tuple(records)))

    def _note_lone_decisions(self, node: Node, effects: Effects) -> None:
        """Where one voter is all, what it decides binds nobody before it is durable (see :meth:`crash`)."""
        commits = [effect for effect in effects if isinstance(effect, Commit)]
        proofs = [commit.certificate for commit in commits if commit.certificate is not None]
        lone = bool(proofs) and [signer for signer, _ in proofs[-1].signatures] == [node.me]
        for commit in commits:
            if lone and commit.height not in self.decided:
                self.alone[commit.height] = node.me
            elif self.alone.get(commit.height) != node.me:
                self.alone.pop(commit.height, None)

    def _configuration(self, block: Block) -> Configuration:
        """Who decides a block, from the blocks alone (those before it are known, but where a test set a log)."""
        known = self.configurations.get(block.hash)
        if known is None:
            before = self.configurations.setdefault(block.parent, self.configurations[GENESIS.hash])
            known = self.configurations[block.hash] = follow(before, block, self.voters)
        return known

    def _install(self, node: Node, effect: Install) -> None:
        """A snapshot of height i has the state that everybody's execution of height i has led to, or would."""
        snapshot: Snapshot = effect.snapshot
        assert effect.height == snapshot.height >= len(node.chain), "only a later state is installed"
        assert snapshot.header.hash == self.decided[effect.height].hash, "a snapshot ends at a decided block"
        chain = chain_in(effect.chunks)
        assert [block.hash for block in chain] == [self.decided[height].hash for height in range(effect.height + 1)]
        assert self.installed.setdefault(effect.height, snapshot.digest) == snapshot.digest
        node.chain[:] = chain
        node.application.executed = effect.height
        records: list[Record] = [Cut(space=SNAPSHOT, start=0), Put(space=SNAPSHOT, key=MANIFEST, value=snapshot)]
        records += (Put(space=SNAPSHOT, key=place, value=chunk) for place, chunk in enumerate(effect.chunks))
        for height in range(1, effect.height + 1):  # as the replica fetches what lies below, with its proofs
            certificate = next((other.certified[height] for other in self.nodes if height in other.certified), None)
            if certificate is not None:
                node.certified[height] = certificate
                records.append(Put(space=CERTIFICATES, key=height, value=certificate))
        node.queue.append(Persist(records=tuple(records)))
        node.executed = effect.height - 1

    def _read(self, effect: Readable) -> None:
        """Linearizability: a read sees at least what was decided anywhere when it was asked."""
        asked = self.reads.pop(effect.context)
        if effect.height is not None:
            assert asked <= effect.height <= max(self.decided), "a stale read"
        self.answers.append(effect)

    def drain(self, me: int, count: int | None = None) -> None:
        """Carry out ``count`` queued effects of a node (all of them by default), in order."""
        node = self.nodes[me]
        taken = node.queue if count is None else node.queue[:count]
        node.queue = [] if count is None else node.queue[count:]
        for effect in taken:
            if isinstance(effect, Persist):
                apply_records(node.store, effect.records)
                self.oracle.on_durable(self.now, me, 1, effect.records, node.store)
                continue
            self.oracle.on_leave(self.now, me, 1, effect, node.store)
            if isinstance(effect, Send):
                self._post(node.me, effect.to, effect.message)
            elif isinstance(effect, Broadcast):
                for receiver in self.voters if effect.to is None else effect.to:
                    if receiver != node.me:
                        self._post(node.me, receiver, effect.message)

    def _show(self, node: Node, effect: Effect) -> None:
        """Let the product's own oracle judge it."""
        if isinstance(effect, Persist):
            self.oracle.on_persist(self.now, node.me, 1, effect.records)
        elif isinstance(effect, Commit):
            self.oracle.on_commit(self.now, node.me, 1, effect)
        elif isinstance(effect, Trace):
            self.oracle.on_trace(self.now, node.me, 1, effect)
        elif isinstance(effect, Install):
            self.oracle.on_install(self.now, node.me, 1, effect)

    def _post(self, sender: int, receiver: int, message: Any) -> None:
        self._check_durable(self.nodes[sender], receiver, message)
        if (sender, receiver) in self.cut or self.random.random() < self.loss:
            return
        self.flights.append(Flight(sender, receiver, message, self.now + LATENCY_NS))

    # -- Inputs --------------------------------------------------------------------------------------

    def core(self, me: int) -> RaftCore:
        return self.nodes[me].core

    def receive(self, sender: int, receiver: int, message: Any) -> Effects:
        """Hand a message over, whatever the network holds; a rejection must have changed nothing."""
        node = self.nodes[receiver]
        before = node.core.state_hash()
        effects = node.core.receive(self.now, sender, message)
        if effects and isinstance(effects[0], Rejected):
            assert node.core.state_hash() == before, "a rejected message changed the state"
        return self._do(node, effects)

    def deliver(self, flight: Flight) -> Effects:
        self.flights.remove(flight)
        if not self.nodes[flight.receiver].up:
            return []
        return self.receive(flight.sender, flight.receiver, flight.message)

    def deliver_all(self) -> None:
        """Deliver in order until nothing is under way, without any time passing."""
        while self.flights:
            self.deliver(self.flights[0])

    def fire(self, me: int, name: str) -> Effects:
        """Fire a timer that is set, time passing as far as it must."""
        node = self.nodes[me]
        self.now = max(self.now, node.timers.pop(name))
        return self._do(node, node.core.timer(self.now, name))

    def propose(self, me: int, *content: str, change: Reconfiguration | None = None, leave: bool = False) -> Block:
        """Have a leader order a block that states the latest state it has executed.

        ``change`` asks for other members; ``leave`` leaves a joint configuration.
        """
        node = self.nodes[me]
        slot = node.core.slot()
        assert slot is not None
        assert slot.configuration is not None
        configuration = slot.configuration
        if change is not None:
            configuration = configuration.changed(change)
        elif leave:
            configuration = configuration.left()
        block = make_block(
            slot.height,
            slot.parent,
            slot.round,
            me,
            *content,
            state_height=node.application.executed,
            change=change,
            members=node.application.members_hash(configuration) or b"",
        )
        self._do(node, node.core.propose(self.now, block))
        return block

    def run_of(self, me: int, start: int) -> Run:
        """What a node would serve to others of its chain, from ``start`` on: nothing leaves it before it is durable."""
        node = self.nodes[me]
        snapshot: Snapshot | None = node.store.get(SNAPSHOT, {}).get(MANIFEST)
        end = max([0 if snapshot is None else snapshot.height, *node.store.get(BLOCKS, {})])
        return [(block, node.certified.get(block.height)) for block in node.chain[start : end + 1]]

    def provable(self, me: int) -> int:
        """How many blocks of a node's chain its certificates prove to somebody who has only the genesis."""
        stranger = self._node(len(self.nodes), {}).core
        return stranger.proves(self.run_of(me, 1))

    def read(self, me: int, context: int) -> Effects:
        node = self.nodes[me]
        self.reads[context] = max(self.decided)
        return self._do(node, node.core.read(self.now, context))

    def transfer(self, me: int, target: int) -> Effects:
        node = self.nodes[me]
        return self._do(node, node.core.transfer(self.now, target))

    def adopt(self, me: int, block: Block, certificate: Any = None) -> Effects:
        node = self.nodes[me]
        return self._do(node, node.core.adopt(self.now, block, certificate))

    def crash(self, me: int) -> None:
        """Its memory is gone, and what it decided alone with what it had not written: nothing of that ever left it."""
        node = self.nodes[me]
        node.up, node.queue, node.timers = False, [], {}
        for height in [height for height, decider in self.alone.items() if decider == me]:
            if not holds_durably(node, self.decided[height]):
                del self.alone[height], self.decided[height], self.decided_in[height]

    def restart(self, me: int) -> None:
        node = self.nodes[me] = self._node(me, self.nodes[me].store)
        self.oracle.on_start(self.now, me, 1, node.store)
        self._do(node, node.core.start(self.now))

    def isolate(self, *members: int) -> None:
        """Cut the links between ``members`` and everyone else, both ways, and what is under way on them."""
        for a in range(len(self.nodes)):
            for b in range(len(self.nodes)):
                if (a in members) != (b in members):
                    self.cut.add((a, b))
        self.flights = [flight for flight in self.flights if (flight.sender, flight.receiver) not in self.cut]

    def heal(self) -> None:
        self.cut.clear()

    # -- A small clock -------------------------------------------------------------------------------

    def run(self, duration_ns: int, until: Any = None) -> bool:
        """Let time pass: messages arrive after their latency, timers fire when due. True once ``until()`` holds."""
        end = self.now + duration_ns
        while until is None or not until():
            flight = min(self.flights, key=lambda one: one.due, default=None)
            timers = [(due, node.me, name) for node in self.nodes if node.up for name, due in node.timers.items()]
            timer = min(timers, default=None)
            if flight is not None and (timer is None or flight.due <= timer[0]):
                if flight.due > end:
                    break
                self.now = max(self.now, flight.due)
                self.deliver(flight)
            elif timer is not None and timer[0] <= end:
                self.fire(timer[1], timer[2])
            else:
                break
        else:
            return True
        self.now = end
        return until is not None and until()

    def elect(self, me: int) -> None:
        """Make a node leader: nobody has heard of one for long, and its timer fires first.

        Its first attempt may only teach it the current term.
        """
        node = self.nodes[me]
        for _ in range(2):
            self.flights.clear()
            self.now += 2 * self.options.election_timeout_max_ns
            node.timers["raft.election"] = self.now
            self.fire(me, "raft.election")
            self.deliver_all()
            if isinstance(node.core.server.role, Leader):
                break
        assert node.core.status().role == "leader", node.core.status()

    def leader(self) -> int | None:
        """The leader of the highest term among nodes that are up."""
        leading = [node for node in self.nodes if node.up and isinstance(node.core.server.role, Leader)]
        return max(leading, key=lambda node: node.core.server.term).me if leading else None

    # -- Oracles: the paper's figure 3 ---------------------------------------------------------------

    def _check(self, node: Node) -> None:
        server = node.core.server
        assert server.log.base_index <= server.commit_index <= server.log.last_index
        assert server.commit_index == len(node.chain) - 1
        self._check_configuration(node)
        if isinstance(server.role, Leader):
            assert self.leaders.setdefault(server.term, node.me) == node.me, "election safety"
            self._check_completeness(node)
        self._check_log_matching(node)

    def _check_configuration(self, node: Node) -> None:
        """A server goes by its own log's latest configuration; of changes that nobody decided there is at most one."""
        log, start = node.core.server.log, node.core.server.commit_index
        configuration = before = self.configurations.get(log.hash_at(start), self.configurations[GENESIS.hash])
        undecided = 0
        for height in range(start + 1, log.last_index + 1):
            configuration = self._configuration(log.block_at(height))
            undecided += height not in self.decided and configuration is not before
            before = configuration
        assert node.core.status().configuration == configuration
        assert undecided <= 1, "two membership changes are under way"

    def _check_durable(self, sender: Node, receiver: int, message: Any) -> None:
        """Nothing is said before what it rests on is on disk."""
        if isinstance(message, RequestVoteReply) and message.granted:
            assert self.votes.setdefault((sender.me, message.term), receiver) == receiver, "one vote a term"
            assert sender.store[STATE][STATE_KEY] == HardState(term=message.term, voted_for=receiver)
        if isinstance(message, AppendSuccess):
            assert durable_height(sender) >= message.match_index

    def _check_completeness(self, leader: Node) -> None:
        log, term = leader.core.server.log, leader.core.server.term
        for height, block in self.decided.items():
            if self.decided_in[height] < term and height >= log.base_index:
                assert log.holds(height), "leader completeness"
                assert log.hash_at(height) == block.hash, "leader completeness"

    def _check_log_matching(self, node: Node) -> None:
        mine: Log = node.core.server.log
        for other in self.nodes:
            theirs: Log = other.core.server.log
            low = max(mine.base_index, theirs.base_index)
            same = False
            for index in range(min(mine.last_index, theirs.last_index), low - 1, -1):
                equal_terms = mine.term_at(index) == theirs.term_at(index)
                same = same or equal_terms
                if same:
                    assert mine.hash_at(index) == theirs.hash_at(index), "log matching"


def follow(before: Configuration, block: Block, founders: tuple[int, ...]) -> Configuration:
    """Who decides a block, told from it and who decided its parent."""
    application = LabApplication(founders=founders)
    asked = application.reconfiguration(block)
    if asked is not None:
        return before.changed(asked)
    if before.joint and block.header.members == application.members_hash(before.left()):
        return before.left()
    return before


def is_quorum(configuration: Configuration, nodes: set[int]) -> bool:
    """A majority of the voters and, in a joint configuration, one of the outgoing voters."""
    sets = [voters for voters in (configuration.voters, configuration.outgoing) if voters]
    return all(2 * len(nodes & set(voters)) > len(voters) for voters in sets)


def check_certificate(certificate: Certificate, block: Block, configuration: Configuration) -> None:
    """Exactly a quorum of good signatures over this block, ascending."""
    assert (certificate.height, certificate.hash, certificate.round) == (block.height, block.hash, block.round)
    signers = [member for member, _ in certificate.signatures]
    assert signers == sorted(set(signers))
    assert is_quorum(configuration, set(signers))
    assert not any(is_quorum(configuration, set(signers) - {one}) for one in signers), "a superfluous signature"
    data = commit_bytes(certificate.round, certificate.height, certificate.hash)
    assert all(given == signature(member, data) for member, given in certificate.signatures)


def apply_records(store: dict[str, dict[Any, Any]], records: Any) -> None:
    """What a durable store does."""
    for record in records:
        space = store.setdefault(record.space, {})
        match record:
            case Put():
                space[record.key] = record.value
            case Cut():
                for key in [key for key in space if isinstance(key, int) and key >= record.start]:
                    del space[key]
            case Drop():
                for key in [key for key in space if isinstance(key, int) and key < record.end]:
                    del space[key]


def chain_on(store: dict[str, dict[Any, Any]]) -> list[Block]:
    """The decided chain that a disk shows: a snapshot's, and the blocks above it."""
    space, blocks = store.get(SNAPSHOT, {}), store.get(BLOCKS, {})
    chunks = [space[place] for place in range(len(space) - 1)]
    chain = chain_in(chunks)
    while len(chain) in blocks:
        chain.append(blocks[len(chain)])
    return chain


def holds_durably(node: Node, block: Block) -> bool:
    """Is the block on a node's disk, or in its queue for the disk?"""
    queued = [record for effect in node.queue if isinstance(effect, Persist) for record in effect.records]
    store = {space: dict(records) for space, records in node.store.items()}
    apply_records(store, queued)
    entry = store.get(LOG, {}).get(block.height)
    return block in (entry.block if entry else None, store.get(BLOCKS, {}).get(block.height)) or (
        block in chain_on(store)[block.height : block.height + 1]
    )


def durable_height(node: Node) -> int:
    """The highest entry on a node's disk."""
    return max([len(chain_on(node.store)) - 1, *node.store.get(LOG, {})])


def appends(lab: Lab) -> list[AppendEntries]:
    return [flight.message for flight in lab.flights if isinstance(flight.message, AppendEntries)]
