"""The replica: one organisation's node as a pure state machine.

Mempool, consensus core, ledger and contracts behind one vocabulary: ``start``, ``receive``, ``timer``, ``submit`` in,
a list of effects out. Two drivers run it: the virtual world (:mod:`network.virtual`) and :mod:`node.process`.

The way of a transaction through here: ``submit`` (or a peer's gossip) -> admission -> mempool -> a block proposed by
whoever leads -> the core -> ``Commit`` -> executed and made durable -> receipts to the clients it concerns. Every
input ends in :meth:`Replica._settle`, where decided blocks are executed and, if this node may propose, the next block
is built; so there is one place where each thing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from consensus.chain import BLOCKS, CERTIFICATES, Block
from consensus.protocols import Application, Crypto, ProtocolEntry, Setup, Status, Verdict
from consensus.vocabulary import (
    MILLISECOND,
    SECOND,
    Audience,
    Broadcast,
    Commit,
    Effects,
    Image,
    LocalProtocolError,
    NodeId,
    Persist,
    Put,
    Record,
    Rejected,
    Send,
    SetTimer,
    Trace,
)
from network.catchup import TIMER as CATCHUP_TIMER
from network.catchup import CatchUp, above
from network.gossip import BLOCKS_PER_REPLY, Decided, Fetch, Position, Submit, Transactions
from node.admission import Admission
from node.chain_state import ChainState, Execute
from node.ledger.block import BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX, build_block, check_block
from node.ledger.genesis import electorate
from node.ledger.state_tree import StateTree
from node.ledger.transaction import TransactionError
from node.membership import Directory
from node.mempool import Claim, Mempool
from node.proposals import Proposals
from node.receipts import Receipts

VAULT = "vault"
"""Durable space: what this organisation could open of the sealed payloads on the chain."""

_POSITION_TIMER = "replica.position"
_POOL_TIMER = "replica.pool"
_CLOSE_TIMER = "replica.close"
_DECIDED_BYTES_MAX = 1024 * 1024


class ReplicaOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a node that no other node needs to share."""

    block_transactions_max: int = 1000
    block_bytes_max: int = 1024 * 1024
    idle_close_ns: int = 200 * MILLISECOND
    """A chain that goes idle is closed with one empty block after this long, so that its last root is certified."""
    position_ns: int = 400 * MILLISECOND
    position_fanout: int = 3
    pool_resend_ns: int = SECOND

    def __post_init__(self) -> None:
        """ValueError where no block or no timer could be as the options say."""
        for name, least, most in (
            ("block_transactions_max", 1, BLOCK_TRANSACTIONS_MAX),
            ("block_bytes_max", 1, BLOCK_BYTES_MAX),
            ("idle_close_ns", 1, None),
            ("position_ns", 1, None),
            ("position_fanout", 0, None),
            ("pool_resend_ns", 1, None),
        ):
            value = getattr(self, name)
            if value < least or (most is not None and value > most):
                upto = f" and at most {most}" if most is not None else ""
                raise ValueError(f"{name} must be at least {least}{upto}, not {value}")


class ReplicaSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What a replica is built from; ``image`` is what its store held, ``vault`` opens sealed payloads."""

    me: NodeId
    directory: Directory
    protocol: ProtocolEntry
    protocol_options: Any
    crypto: Crypto
    admission: Admission
    genesis_block: Block
    genesis_tree: StateTree
    execute: Execute
    vault: Callable[[Any], Mapping[str, Any]]
    image: Image
    random: Callable[[], int]
    options: ReplicaOptions = ReplicaOptions()


class Replica(Application):
    """One node. Create it, call ``start`` once, then feed it inputs; carry out the effects in order."""

    def __init__(self, setup: ReplicaSetup) -> None:
        self._me = setup.me
        self._options = setup.options
        self._directory = setup.directory
        self._random = setup.random
        self._vault = setup.vault
        genesis = setup.directory.genesis
        chosen = electorate(genesis)
        self._voters = chosen.voters
        self._others = tuple(node for node in range(len(genesis.members)) if node != setup.me)
        self._observers = tuple(node for node in self._others if node not in self._voters)
        self._members = chosen.members_hash
        self.chain = ChainState(setup.genesis_block, setup.genesis_tree, setup.execute)
        self.mempool = Mempool()
        self._admission = setup.admission
        self._proposals = Proposals(self.chain, setup.admission, genesis.network, self._members)
        self._receipts = Receipts(genesis.network, setup.crypto.sign)
        self._catchup = CatchUp(len(genesis.members))
        self._unproven: list[tuple[Block, Any]] = []
        self._close_due = False
        self._waiting = False
        self._executed: list[int] = []  # heights that the core is still to be told of
        self._recover(setup.image)
        self.core = setup.protocol.core(
            Setup(
                me=setup.me,
                voters=self._voters,
                genesis=setup.genesis_block.hash,
                application=self,
                crypto=setup.crypto,
                image=setup.image,
                random=setup.random,
                options=setup.protocol_options,
            )
        )

    # Inputs

    def start(self, now: int) -> Effects:
        """Begin, or begin again from the image."""
        effects: Effects = [
            SetTimer(_POSITION_TIMER, 1 + self._random() % self._options.position_ns),
            SetTimer(_POOL_TIMER, self._options.pool_resend_ns),
            *self._close_later(),
        ]
        return effects + self._settle(now, self.core.start(now))

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:
        """A message from an authenticated node, or ``Submit`` from a client's process."""
        match message:
            case Submit():
                return self.submit(now, message.transactions)
            case Transactions():
                return self._pool(now, sender, message.transactions)
            case Position():
                return self._catchup.heard(sender, message, self.chain.height)
            case Fetch():
                return self._serve(sender, message)
            case Decided():
                return self._adopt(now, sender, message)
            case _:
                return self._settle(now, self.core.receive(now, sender, message))

    def timer(self, now: int, name: str) -> Effects:
        """A timer that this replica or its core set fired."""
        match name:
            case "replica.position":
                return self._tell_position()
            case "replica.pool":
                return self._resend_pool(now)
            case "replica.close":
                self._close_due = True
                return self._settle(now, [])
            case _ if name == CATCHUP_TIMER:
                return self._catchup.timer(self.chain.height)
            case _:
                return self._settle(now, self.core.timer(now, name))

    def submit(self, now: int, raws: tuple[bytes, ...]) -> Effects:
        """A client asks for these transactions; those executed before are answered again."""
        effects: Effects = []
        fresh: list[bytes] = []
        executed: list[Claim] = []
        for raw in raws:
            try:
                transaction = self._admission.check(raw)
            except TransactionError as error:
                effects.append(Trace("refused", (str(error),)))
                continue
            body = transaction.body
            if self.chain.executed(body.client, body.number):
                executed.append((body.client, body.number))
            elif self.mempool.add(raw, transaction, now):
                fresh.append(raw)
        effects += self._receipts.replies(executed)
        if fresh and self.core.status().leader != self._me:
            effects.append(Broadcast(Transactions(tuple(fresh)), Audience.VOTERS))
        return effects + self._settle(now, [])

    # What the core asks of us

    def validate(self, block: Block) -> Verdict:
        """``Application``: may this block be ordered?"""
        return self._proposals.judge(block)

    def status(self) -> Status:
        return self.core.status()

    # Deciding and proposing

    def _settle(self, now: int, effects: Effects) -> Effects:
        """Execute what was decided, then propose while we may; the one end of every input."""
        out: Effects = []
        while True:
            for effect in effects:
                if isinstance(effect, Commit):
                    out += self._commit(effect)
                else:
                    out.append(effect)
            effects = self._tell_executed(now) or self._tell_demand(now) or self._propose(now)
            if not effects:
                return out

    def _commit(self, commit: Commit) -> Effects:
        block: Block = commit.block
        execution = self.chain.append(block, commit.certificate)
        records: list[Record] = [Put(BLOCKS, block.height, block)]
        if commit.certificate is not None:
            records.append(Put(CERTIFICATES, block.height, commit.certificate))
        records += (Put(VAULT, key, record) for key, record in self._vault(execution).items())
        self.mempool.remove((outcome.client, outcome.number) for outcome in execution.outcomes)
        self._proposals.decided(block.height)
        self._executed.append(block.height)
        answered = self._receipts.record(block, execution)
        effects: Effects = [Persist(tuple(records)), commit, Trace("executed", (block.height, execution))]
        if self._me in self._voters:
            effects += self._receipts.replies(answered)
        effects += self._tell_observers(block, commit.certificate)
        self._close_due = False
        return effects + self._close_later()

    def _propose(self, now: int) -> Effects:
        slot = self.core.slot()
        if slot is None:
            return []
        options = self._options
        in_flight = self._proposals.claimed(slot.parent)
        taken = self.mempool.take(options.block_transactions_max, options.block_bytes_max, in_flight)
        idle = slot.height == self.chain.height + 1
        if not self._worth_a_block(len(taken), idle=idle):
            return []
        block = build_block(
            slot,
            network=self._directory.network,
            proposer=self._me,
            members=self._members,
            transactions=tuple(taken),
            state_height=self.chain.height,
            state=self.chain.tree.root,
        )
        self._close_due = False
        if self._proposals.judge(block) is not Verdict.ACCEPT:
            raise LocalProtocolError(f"our own block is not acceptable: {self._proposals.reason}")
        return self.core.propose(now, block)

    def _worth_a_block(self, transactions: int, *, idle: bool) -> bool:
        """With nothing of ours in flight any transaction is; else only a full block, so that batches form."""
        if self.core.wants_block():
            return True
        if idle:
            return transactions > 0 or (self._close_due and self._open())
        return transactions >= self._options.block_transactions_max

    def _open(self) -> bool:
        """Does the head hold transactions whose effects no header has stated yet?"""
        return bool(self.chain.head.transactions)

    def _close_later(self) -> Effects:
        return [SetTimer(_CLOSE_TIMER, self._options.idle_close_ns)] if self._open() else []

    def _tell_executed(self, now: int) -> Effects:
        heights, self._executed = self._executed, []
        return [effect for height in heights for effect in self.core.executed(now, height)]

    def _tell_demand(self, now: int) -> Effects:
        waiting = len(self.mempool) > 0
        if waiting == self._waiting:
            return []
        self._waiting = waiting
        return self.core.demand(now, waiting)

    # Gossip and catch-up

    def _pool(self, now: int, sender: NodeId, raws: tuple[bytes, ...]) -> Effects:
        effects: Effects = []
        for raw in raws:
            try:
                transaction = self._admission.check(raw)
            except TransactionError as error:
                effects.append(Rejected(sender, str(error)))
                continue
            if not self.chain.executed(transaction.body.client, transaction.body.number):
                self.mempool.add(raw, transaction, now)
        return effects + self._settle(now, [])

    def _resend_pool(self, now: int) -> Effects:
        effects: Effects = [SetTimer(_POOL_TIMER, self._options.pool_resend_ns)]
        overdue = self.mempool.oldest(now - self._options.pool_resend_ns, count=256)
        if overdue and self.core.status().leader != self._me:
            effects.append(Broadcast(Transactions(tuple(overdue)), Audience.VOTERS))
        return effects

    def _tell_position(self) -> Effects:
        position = Position(height=self.chain.height, head=self.chain.head.hash)
        count = min(self._options.position_fanout, len(self._others))
        first = self._random() % len(self._others) if self._others else 0
        stride = 1 + self._random() % len(self._others) if self._others else 1
        peers = dict.fromkeys(self._others[(first + i * stride) % len(self._others)] for i in range(count))
        effects: Effects = [Send(peer, position) for peer in peers]
        return [*effects, SetTimer(_POSITION_TIMER, self._options.position_ns)]

    def _tell_observers(self, block: Block, certificate: Any) -> Effects:
        """The leader sends decided blocks on, once something among them is certified."""
        if self.core.status().leader != self._me or not self._observers:
            self._unproven.clear()
            return []
        self._unproven.append((block, certificate))
        if certificate is None and len(self._unproven) < BLOCKS_PER_REPLY:
            return []
        decided = Decided(blocks=tuple(self._unproven))
        self._unproven.clear()
        return [Send(observer, decided) for observer in self._observers]

    def _serve(self, sender: NodeId, fetch: Fetch) -> Effects:
        blocks = self.chain.between(fetch.start, BLOCKS_PER_REPLY, _DECIDED_BYTES_MAX)
        return [Send(sender, Decided(blocks=blocks))] if blocks else []

    def _adopt(self, now: int, sender: NodeId, decided: Decided) -> Effects:
        """Take what a certificate proves; the rest is worth nothing, whoever sent it.

        A certificate proves headers, and a header its block's body; so every body is held against its header here.
        """
        height = self.chain.height
        heights = [block.height for block, _ in decided.blocks]
        if not heights or heights[-1] <= height or heights[0] > height + 1:
            return []  # nothing new, or nothing that our chain reaches
        run = above(decided.blocks, height)
        proven = run[: self.core.proves(run)]
        if not proven:
            return [Rejected(sender, "blocks that no certificate proves decided")]
        for block, _ in proven:
            reason = check_block(block, network=self._directory.network, members=self._members)
            if reason is not None:
                return [Rejected(sender, f"decided block {block.height} with a body not its own: {reason}")]
        effects: Effects = []
        for block, certificate in proven:
            if block.height != self.chain.height + 1:
                continue  # with the block before it, the core decided this one by itself
            effects += self._settle(now, self.core.adopt(now, block, certificate))
        return effects + self._catchup.received(sender, self.chain.height)

    def _recover(self, image: Image) -> None:
        for execution, height in zip(
            self.chain.recover(image.get(BLOCKS, {}), image.get(CERTIFICATES, {})),
            range(1, self.chain.height + 1),
            strict=False,
        ):
            self._receipts.record(self.chain.entry(height).block, execution)
