"""The replica: one organisation's node as a pure state machine.

Mempool, consensus core, ledger and contracts behind one vocabulary: ``start``, ``receive``, ``timer``, ``submit`` and
``query`` in, a list of effects out. Two drivers run it: the virtual world (:mod:`network.virtual`) and
:mod:`node.process`.

The way of a transaction through here: ``submit`` (or a peer's gossip) -> :mod:`node.intake` -> a block made by
:mod:`node.producer` of whoever leads -> the core -> ``Commit`` -> executed and made durable -> receipts to the clients
it concerns. A read without a transaction goes through :mod:`node.queries`; what other nodes have and we lack comes by
:mod:`node.sync`. Every input ends in :meth:`Replica._settle`, where decided blocks are executed and, if this node may,
the next block is proposed; so there is one place where each thing happens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from consensus.chain import BLOCKS, CERTIFICATES, Block, Certificate
from consensus.configuration import Configuration, Reconfiguration
from consensus.proof import kept_with_proof
from consensus.protocols import Application, Crypto, ProtocolEntry, Setup, Status, Verdict
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot
from consensus.vocabulary import (
    Commit,
    Cut,
    Effects,
    Image,
    Install,
    NodeId,
    Persist,
    Put,
    Readable,
    Record,
    Rejected,
    SetTimer,
    Trace,
)
from network.catchup import TIMER as CATCHUP_TIMER
from network.custody import Deposit, Hand, IsErased, Want
from network.gossip import Below, Decided, Fetch, FetchBelow, Position, Transactions
from network.requests import Query, Submit, Subscribe
from node.admission import Admission
from node.business_clock import Horizon
from node.chain_state import ChainState, Execute
from node.contracts.runtime import Execution
from node.custody import TIMER as CUSTODY_TIMER
from node.custody import Safe
from node.event_log import EventLog
from node.intake import Intake
from node.ledger.genesis import VOUCHING_PROTOCOLS, electorate
from node.ledger.state_chunks import chunk_digest
from node.ledger.state_tree import StateTree
from node.membership import Directory
from node.membership.blocks import change_in
from node.membership.registry import Registry
from node.membership.signing import Ed25519Crypto
from node.mempool import Mempool
from node.options import ReplicaOptions
from node.payloads import VAULT, Opened, Payloads
from node.producer import BATCH_TIMER, CLOSE_TIMER, Producer
from node.proposals import Proposals
from node.queries import Queries
from node.receipts import Receipts
from node.snapshots import Snapshots, pruned_to, snapshot_in
from node.subscriptions import Subscriptions
from node.sync import BACKFILL_TIMER, POSITION_TIMER, Sync
from node.voting import Voting

__all__ = ["VAULT", "Replica", "ReplicaOptions", "ReplicaSetup", "snapshot_in"]

_POOL_TIMER = "replica.pool"


class ReplicaSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What a replica is built from; ``image`` is what its store held, ``vault`` opens sealed payloads."""

    me: NodeId
    name: str  # of the organisation whose node it is
    directory: Directory
    protocol: ProtocolEntry
    protocol_options: Any
    crypto: Crypto
    admission: Admission
    genesis_block: Block
    genesis_tree: StateTree
    execute: Execute
    vault: Opened
    seal_secret: bytes = b""  # the organisation's X25519 secret; without it, it takes part in no collection
    image: Image
    random: Callable[[], int]
    options: ReplicaOptions = ReplicaOptions()


class Replica(Application):
    """One node. Create it, call ``start`` once, then feed it inputs; carry out the effects in order."""

    def __init__(self, setup: ReplicaSetup) -> None:
        self._me = setup.me
        self._options = setup.options
        self._unvouched_blocks = setup.protocol.name in VOUCHING_PROTOCOLS
        self._keeps_proofs = setup.protocol.keeps_proofs
        genesis = setup.directory.genesis
        self._network = genesis.network
        self._founding = setup.directory.founding
        self.chain = ChainState(setup.genesis_block, setup.genesis_tree, setup.execute)
        self.voting = Voting(setup.protocol, lambda: self.registry)
        self._horizon = Horizon(setup.options.clock)
        self._proposals = Proposals(self.chain, setup.admission, genesis.network, self.voting.fixed, self._horizon)
        self._crypto = setup.crypto
        if isinstance(setup.crypto, Ed25519Crypto):  # a model of signatures knows everybody's
            setup.crypto.follow(self._certified_key)
        self._receipts = Receipts(genesis.network, setup.crypto.sign)
        self._events = EventLog(setup.options.events_kept)
        self._snapshots = Snapshots(self.chain, serve=setup.options.snapshots)
        self._waiting = False
        held = self._recover(setup.image)
        self.core = setup.protocol.core(
            Setup(
                me=setup.me,
                voters=electorate(genesis).voters,
                genesis=setup.genesis_block.hash,
                application=self,
                crypto=setup.crypto,
                image=setup.image,
                random=setup.random,
                options=setup.protocol_options,
            )
        )
        self._build_parts(setup, held)

    def _certified_key(self, number: NodeId) -> bytes | None:
        return self.registry.member_key(number)

    def _build_parts(self, setup: ReplicaSetup, held: Sequence[tuple[Block, Execution]]) -> None:
        options, network = setup.options, setup.directory.network
        self._intake = Intake(
            me=setup.me,
            options=options,
            chain=self.chain,
            admission=setup.admission,
            horizon=self._horizon,
            flaw_in_change=self._proposals.flaw_in_change,
            audience=lambda: self.voting.audience(setup.me),
            receipts=self._receipts,
            status=self.core.status,
        )
        self._producer = Producer(
            me=setup.me,
            network=network,
            voting=self.voting,
            options=options,
            chain=self.chain,
            pool=self._intake.pool,
            proposals=self._proposals,
            core=self.core,
        )
        self._queries = Queries(setup.directory, self.chain, setup.crypto.sign, client_max=options.queries_client_max)
        self._subscriptions = Subscriptions(
            network,
            self._events,
            self._role_of,
            setup.crypto.sign,
            client_max=options.subscriptions_client_max,
        )
        self._safe = Safe(
            me=setup.me,
            name=setup.name,
            network=network,
            registry=lambda: self.registry,
            chain=self.chain,
            seal_secret=setup.seal_secret,
            sign=setup.crypto.sign,
            image=setup.image,
        )
        self._payloads = Payloads(setup.vault, self._safe, setup.image, held)
        self._sync = Sync(
            me=setup.me,
            voting=self.voting,
            network=network,
            options=options,
            chain=self.chain,
            random=setup.random,
            vouched=self._vouched,
        )

    @property
    def mempool(self) -> Mempool:
        """The transactions that wait here to be ordered."""
        return self._intake.pool

    @property
    def registry(self) -> Registry:
        """Who is who, as after the last executed block."""
        return Registry(self._founding, self.chain.tree.get)

    @property
    def electors(self) -> tuple[NodeId, ...]:
        """Everyone with a vote on the block at our head or, as the core has it, on the next; ascending."""
        decided, configuration = self.voting.electors, self.core.status().configuration
        if configuration is None or configuration.electors == decided:
            return decided
        return tuple(sorted({*decided, *configuration.electors}))

    def status(self) -> Status:
        return self.core.status()

    # Inputs

    def begin_business(self, at_ns: int) -> None:
        """Business time began when this node's clock showed ``at_ns``: :mod:`node.business_clock`."""
        self._horizon.begin(at_ns)

    def start(self, now: int) -> Effects:
        """Begin, or begin again from the image."""
        self._horizon.see(now)
        effects = [
            *self._sync.started(),
            *self._payloads.started(whole=self.chain.whole),
            SetTimer(_POOL_TIMER, self._options.pool_resend_ns),
            *self._producer.close_later(),
        ]
        return effects + self._settle(now, self.core.start(now))

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:
        """A message from an authenticated node; what clients ask, from the clients' process."""
        self._horizon.see(now)
        match message:
            case Submit():
                return self.submit(now, message.transactions)
            case Query() | Subscribe() | Deposit() | IsErased():
                return self._from_client(now, sender, message)
            case _ if sender >= self.voting.nodes:
                return [Rejected(sender, "no member, as far as the chain goes here")]
            case _:
                return self._from_member(now, sender, message)

    def _from_client(self, now: int, sender: NodeId, message: Query | Subscribe | Deposit | IsErased) -> Effects:
        if sender < self.voting.nodes:
            return [Rejected(sender, f"a {type(message).__name__.lower()}, which only clients ask")]
        match message:
            case Query():
                return self.query(now, message)
            case Subscribe():
                return self.subscribe(now, message)
            case _:
                return self.keep(message)

    def _from_member(self, now: int, sender: NodeId, message: Any) -> Effects:  # noqa: PLR0911 - a table
        match message:
            case Transactions():
                effects = self._intake.gossiped(now, sender, message.transactions)
                return effects + self._settle(now, [])
            case Position():
                return self._sync.heard(sender, message)
            case Fetch():
                return self._sync.serve(sender, message)
            case Decided():
                return self._adopt(now, sender, message)
            case FetchBelow():
                return self._sync.serve_below(sender, message)
            case Below():
                return self._sync.filled(sender, message)
            case Want() | Hand():
                return self._safe.receive(now, sender, message)
            case _:
                return self._settle(now, self.core.receive(now, sender, message))

    def timer(self, now: int, name: str) -> Effects:  # noqa: PLR0911 - a table
        """A timer that this replica, a part of it, or its core set fired."""
        self._horizon.see(now)
        match name:
            case _ if name == POSITION_TIMER:
                return self._sync.tell_position()
            case _ if name == _POOL_TIMER:
                return self._look_at_pool(now)
            case _ if name in {CLOSE_TIMER, BATCH_TIMER}:
                self._producer.timer(name)
                return self._settle(now, [])
            case _ if name == CATCHUP_TIMER:
                return self._sync.fetch()
            case _ if name == BACKFILL_TIMER:
                return self._backfill()
            case _ if name == CUSTODY_TIMER:
                return self._safe.timer()
            case _:
                return self._settle(now, self.core.timer(now, name))

    def submit(self, now: int, raws: tuple[bytes, ...]) -> Effects:
        """A client asks for these transactions; those executed before are answered again."""
        self._horizon.see(now)
        effects = self._intake.submitted(now, raws)
        return effects + self._settle(now, [])

    def query(self, now: int, query: Query) -> Effects:
        """A client, authenticated as the one it names, asks for an entry of the state: see :mod:`node.queries`."""
        context, effects = self._queries.ask(now, query)
        if context is None:
            return effects
        if self._me not in self.voting.electors:
            return self._queries.refuse(context)
        return self._settle(now, self.core.read(now, context))

    def keep(self, message: Deposit | IsErased) -> Effects:
        """Our organisation's wallet, authenticated, brings a payload of a collection, or asks if one is erased."""
        return self._safe.keep(message)

    def subscribe(self, now: int, request: Subscribe) -> Effects:
        """A client, authenticated as the one it names, watches for events: see :mod:`node.subscriptions`."""
        return self._subscriptions.subscribe(now, request)

    # What the core asks of us

    def validate(self, block: Block) -> Verdict:
        """``Application``: may this block be ordered?"""
        return self._proposals.judge(block)

    def reconfiguration(self, block: Block) -> Reconfiguration | None:
        """``Application``: the change of members that this block asks for."""
        return change_in(block)

    def members_hash(self, configuration: Configuration) -> bytes | None:
        """``Application``: what headers of blocks name that this configuration decides."""
        return self.voting.name_of(configuration)

    def manifest(self, height: int) -> tuple[bytes, ...] | None:
        """``Application``: the digests of the state's chunks; of the present height, or one asked for lately."""
        return self._snapshots.manifest(height)

    def chunk(self, height: int, place: int) -> bytes | None:
        """``Application``: one of those chunks."""
        return self._snapshots.chunk(height, place)

    def chunk_digest(self, chunk: bytes) -> bytes:
        """``Application``: a chunk's digest is the hash of the subtree that it holds."""
        return chunk_digest(chunk)

    def flaw_in_state(self, snapshot: Snapshot, chunks: tuple[bytes, ...]) -> str | None:
        """``Application``: why a state that a leader sent is none of this network's."""
        if snapshot.header.network != self._network:
            return "its block is none of this network's"

        def flaw_in(tree: StateTree) -> str | None:
            return self.voting.flaw_in_registry(snapshot, Registry(self._founding, tree.get))

        return self.chain.flaw_in_state(snapshot, chunks, flaw_in)

    # Deciding and proposing

    def _settle(self, now: int, effects: Effects) -> Effects:
        """Execute what was decided, then propose while we may; the one end of every input.

        The core hears of each executed height before the next is executed, so that it can ask for that very state.
        """
        out: Effects = []
        vouched = False
        pending = deque(effects)
        while True:
            while pending:
                effect = pending.popleft()
                if isinstance(effect, Commit):
                    vouched = vouched or effect.certificate is None
                    out += self._commit(now, effect)
                    pending.extend(self.core.executed(now, effect.height))
                elif isinstance(effect, Install):
                    out += self._install(effect)
                    pending.extend(self.core.executed(now, effect.height))
                elif isinstance(effect, Readable):
                    out += self._queries.readable(effect)
                else:
                    out.append(effect)
            pending.extend(self._tell_demand(now) or self._producer.propose(now))
            if not pending:
                return kept_with_proof(out) if vouched and self._keeps_proofs else out

    def _commit(self, now: int, commit: Commit) -> Effects:
        block: Block = commit.block
        execution = self.chain.append(block, commit.certificate)
        self.voting.follow(block)
        records: list[Record] = [Put(BLOCKS, block.height, block)]
        if commit.certificate is not None:
            records.append(Put(CERTIFICATES, block.height, commit.certificate))
        payloads, payload_effects = self._payloads.executed(block.height, execution)
        records += payloads
        self._intake.decided(now, block, execution)
        self._proposals.decided(block.height)
        answered = self._receipts.record(block, execution)
        self._events.record(block, execution)
        effects: Effects = [Persist(tuple(records)), commit, Trace("executed", (block.height, execution))]
        effects += payload_effects
        if self._me in self.voting.electors:
            effects += self._receipts.replies(answered)
        if len(self._queries):
            effects += self._queries.executed()
        effects += self._subscriptions.executed()
        leads = self.core.status().leader == self._me
        effects += self._sync.tell_observers(block, commit.certificate, leads=leads)
        return effects + self._producer.close_later()

    def _install(self, install: Install) -> Effects:
        """Take a later state in place of ours, durably and at once; its blocks follow in the background."""
        snapshot: Snapshot = install.snapshot
        self.chain.install(snapshot, install.chunks)
        self.voting.installed(snapshot)
        records: list[Record] = [Cut(SNAPSHOT, 0), Put(SNAPSHOT, MANIFEST, snapshot)]
        records += (Put(SNAPSHOT, place, chunk) for place, chunk in enumerate(install.chunks))
        self._intake.installed()
        self._proposals.decided(snapshot.height)
        erased, erasing = self._safe.overtaken()
        return [
            Persist((*records, *erased)),
            install,
            *erasing,
            *self._queries.executed(),
            *self._sync.installed(),
            *self._producer.close_later(),
        ]

    def _tell_demand(self, now: int) -> Effects:
        waiting = len(self.mempool) > 0
        if waiting == self._waiting:
            return []
        self._waiting = waiting
        return self.core.demand(now, waiting)

    # What waits, what is missing

    def _look_at_pool(self, now: int) -> Effects:
        """Now and then: pass on again what waits, complain of a leader that ignores it, give up on stale queries."""
        effects = [SetTimer(_POOL_TIMER, self._options.pool_resend_ns), *self._intake.resent(now)]
        effects += self._queries.expire(now)
        self._subscriptions.expire(now)
        if not self._sync.behind and self._intake.censored(now):
            effects.append(Trace("complaint", ()))
            effects += self._settle(now, self.core.complain(now))
        return effects

    def _adopt(self, now: int, sender: NodeId, decided: Decided) -> Effects:
        """Take what a certificate proves; the rest is worth nothing, whoever sent it."""
        proven = self._sync.proven(sender, decided, self.core.proves)
        if isinstance(proven, Rejected):
            return [proven]
        effects: Effects = []
        for block, certificate in proven:
            if block.height != self.chain.height + 1:
                continue  # with the block before it, the core decided this one by itself
            effects += self._settle(now, self.core.adopt(now, block, certificate))
        if self._keeps_proofs:
            effects = kept_with_proof(effects)
        return effects + self._sync.received(sender) if proven else []

    def _backfill(self) -> Effects:
        """Go on with what a snapshot made us skip: receipts, vault and safe get what those blocks held for them."""
        done, effects = self._sync.backfill()
        for entry, execution in done:
            self._receipts.record(entry.block, execution)
            self._events.record(entry.block, execution)
        return self._payloads.filled(done, whole=self.chain.whole) + effects

    def _vouched(self, block: Block, certificate: Certificate | None) -> bool:
        if certificate is None:
            return self._unvouched_blocks
        return self.voting.fault_of(block, certificate, self._crypto.verify) is None

    def _role_of(self, name: str) -> str | None:
        return self.registry.role(name)

    def _recover(self, image: Image) -> list[tuple[Block, Execution]]:
        snapshot = snapshot_in(image)
        held = self.chain.recover(image.get(BLOCKS, {}), image.get(CERTIFICATES, {}), snapshot)
        for block, execution in held:
            self._receipts.record(block, execution)
            self._events.record(block, execution)
        first = 1
        if snapshot is not None and not self.chain.whole:
            self.voting.installed(snapshot[0])
            first = snapshot[0].height + 1
        if pruned_to(image):
            self.chain.let_go()
        for height in range(first, self.chain.height + 1):
            self.voting.follow(self.chain.entry(height).block)
        return held
