"""Proposals: the blocks that were accepted here and are not decided yet, and what makes a block acceptable.

A block may not repeat a transaction of any block it builds on, decided or not; so what is still undecided has to be
remembered along its chain of parents.
"""

from __future__ import annotations

import msgspec

from consensus.chain import NO_HASH, Block, Header
from consensus.protocols import Slot, Verdict
from node.admission import Admission
from node.business_clock import Horizon
from node.chain_state import ChainState
from node.contracts.runtime import OK
from node.ledger.block import build_block, check_block
from node.ledger.transaction import Transaction, TransactionError
from node.membership.blocks import change_in, flaw_in_place
from node.mempool import Claim, claim_of

UNDECIDED_MAX = 1024


class _Undecided(msgspec.Struct, frozen=True):
    """``signed``: its signatures were verified, by keys of the registry as after the height that it states."""

    header: Header
    transactions: tuple[bytes, ...]
    claims: frozenset[Claim]
    signed: bool = False


class Proposals:
    """Judges proposed blocks against the chain; the replica's answer to ``Application.validate``.

    ``members``: what headers name where members never change; else the core sees to that.
    """

    def __init__(
        self,
        chain: ChainState,
        admission: Admission,
        network: str,
        members: bytes | None,
        horizon: Horizon,
    ) -> None:
        self._chain = chain
        self._admission = admission
        self._network = network
        self._members = members
        self._horizon = horizon
        self._undecided: dict[bytes, _Undecided] = {}
        self.reason = ""  # why the last REJECT

    def judge(self, block: Block) -> Verdict:
        """Everything but the block's place in the protocol: roots, form, signatures, repetition, stated state.

        A block whose stated state is not executed here yet has its form judged all the same, and is remembered: a Raft
        follower appends what an earlier term's leader built on a state that the follower has yet to learn of. Whose
        keys may sign its transactions, only that state tells.
        """
        known = self._undecided.get(block.hash)
        try:
            if known is None or known.transactions != block.transactions:  # the hash names the header, not the body
                known = self.remember(block, self._read(block))
            return self._judge_state(block, known)
        except TransactionError as error:
            self.reason = str(error)
            return Verdict.REJECT

    def _judge_state(self, block: Block, known: _Undecided) -> Verdict:
        header = block.header
        if header.state_height > self._chain.height:
            return Verdict.WAIT
        flaw = self._flaw_in_contents(block, known)
        if flaw is not None:
            self._undecided.pop(block.hash, None)
            raise TransactionError(flaw)
        self._undecided[block.hash] = msgspec.structs.replace(known, signed=True)
        return Verdict.ACCEPT

    def _flaw_in_contents(self, block: Block, known: _Undecided) -> str | None:
        """Why the state that ``block`` states, which is executed here, speaks against it; or None."""
        header = block.header
        if not self._chain.states(header.state_height, header.state):
            return f"states a root for height {header.state_height} that is not ours"
        flaw = None if known.signed else self._flaw_in_signatures(block)
        if flaw is None and change_in(block) is not None:
            flaw = self._not_carried_out(block)
            return flaw and f"asks for members in vain: {flaw}"
        return flaw

    def _flaw_in_signatures(self, block: Block) -> str | None:
        """By keys that were certified as after the height that the block states: the same for nodes behind."""
        registry = self._admission.registry(self._chain.tree.get)
        try:
            for raw in block.transactions:
                self._admission.check(raw, registry, block.header.state_height)
        except TransactionError as error:
            return str(error)
        return None

    def flaw_in_change(self, raw: bytes) -> str | None:
        """Why the block right above our head could not carry out this change of members; None where it could."""
        chain = self._chain
        block = build_block(
            Slot(height=chain.height + 1, parent=chain.head.hash, round=0),
            network=self._network,
            proposer=0,
            members=NO_HASH,
            transactions=(raw,),
            state_height=chain.height,
            state=chain.tree.root,
        )
        return self._not_carried_out(block)

    def _not_carried_out(self, block: Block) -> str | None:
        """Why executing this change of members, alone in its block, on our head's state would not do it."""
        if block.height != self._chain.height + 1:
            return f"height {block.height} is decided here already"
        (outcome,) = self._chain.tried(block).outcomes
        return None if outcome.code == OK else f"{outcome.code} {outcome.detail}".rstrip()

    def remember(self, block: Block, transactions: list[Transaction]) -> _Undecided:
        """Hold an acceptable block until it, or another at its height, is decided."""
        if len(self._undecided) >= UNDECIDED_MAX:
            self._undecided.pop(next(iter(self._undecided)))
        known = self._undecided[block.hash] = _Undecided(
            header=block.header,
            transactions=block.transactions,
            claims=frozenset(map(claim_of, transactions)),
        )
        return known

    def decided(self, height: int) -> None:
        """Forget what can no longer be decided."""
        for block_hash in [h for h, u in self._undecided.items() if u.header.height <= height]:
            del self._undecided[block_hash]

    def claimed(self, parent: bytes) -> set[Claim]:
        """What the undecided blocks from ``parent`` down to our head claim."""
        claims: set[Claim] = set()
        while (undecided := self._undecided.get(parent)) is not None:
            claims |= undecided.claims
            parent = undecided.header.parent
        return claims

    def _read(self, block: Block) -> list[Transaction]:
        reason = check_block(block, network=self._network, members=self._members)
        if reason is not None:
            raise TransactionError(reason)
        transactions = [self._admission.read(raw) for raw in block.transactions]
        for transaction in transactions:
            reason = flaw_in_place(block, transaction)
            if reason is not None:
                raise TransactionError(reason)
            self._horizon.require_come(transaction, in_block=True)
        claims = list(map(claim_of, transactions))
        taken = self._taken(block, claims) or self._chain.first_executed(claims)
        if taken is not None:
            raise TransactionError(f"{taken[0]}'s number {taken[1]} is used already")
        return transactions

    def _taken(self, block: Block, claims: list[Claim]) -> Claim | None:
        """The first of the block's claims that it makes twice, or that an undecided block below it makes."""
        taken = self.claimed(block.parent)
        for claim in claims:
            if claim in taken:
                return claim
            taken.add(claim)
        return None
