"""Proposals: the blocks that were accepted here and are not decided yet, and what makes a block acceptable.

A block may not repeat a transaction of any block it builds on, decided or not; so what is still undecided has to be
remembered along its chain of parents.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from consensus.chain import Block, Header
from consensus.protocols import Verdict
from node.admission import Admission
from node.chain_state import ChainState
from node.ledger.block import check_block
from node.ledger.transaction import Transaction, TransactionError
from node.mempool import Claim, claim_of
from node.voting import change_in, flaw_in_place

UNDECIDED_MAX = 1024


Electing = Callable[[Transaction, int], str | None]
"""(a ``members`` transaction, height) -> why the registry executed here does not allow it in that block, or None."""


class _Undecided(msgspec.Struct, frozen=True):
    header: Header
    transactions: tuple[bytes, ...]
    claims: frozenset[Claim]


class Proposals:
    """Judges proposed blocks against the chain; the replica's answer to ``Application.validate``.

    ``members``: what headers name where members never change; else the core sees to that.
    """

    def __init__(
        self, chain: ChainState, admission: Admission, network: str, members: bytes | None, electing: Electing
    ) -> None:
        self._chain = chain
        self._admission = admission
        self._network = network
        self._members = members
        self._electing = electing
        self._undecided: dict[bytes, _Undecided] = {}
        self.reason = ""  # why the last REJECT

    def judge(self, block: Block) -> Verdict:
        """Everything but the block's place in the protocol: roots, form, signatures, repetition, stated state.

        A block whose stated state is not executed here yet has its body judged all the same, and remembered: a Raft
        follower appends what an earlier term's leader built on a state that the follower has yet to learn of.
        """
        known = self._undecided.get(block.hash)
        try:
            if known is None or known.transactions != block.transactions:  # the hash names the header, not the body
                self.remember(block, self._checked(block))
            return self._judge_state(block)
        except TransactionError as error:
            self.reason = str(error)
            return Verdict.REJECT

    def _judge_state(self, block: Block) -> Verdict:
        header = block.header
        if header.state_height > self._chain.height:
            return Verdict.WAIT
        if not self._chain.states(header.state_height, header.state):
            self._undecided.pop(block.hash, None)
            raise TransactionError(f"states a root for height {header.state_height} that is not ours")
        if change_in(block) is not None:
            self._judge_members(block)
        return Verdict.ACCEPT

    def _judge_members(self, block: Block) -> None:
        """A change of members must be one that the registry allows as after the height right below."""
        reason = self._electing(self._admission.read(block.transactions[0]), block.height)
        if reason is not None:
            self._undecided.pop(block.hash, None)
            raise TransactionError(f"asks for members against the registry's rule: {reason}")

    def remember(self, block: Block, transactions: list[Transaction]) -> None:
        """Hold an acceptable block until it, or another at its height, is decided."""
        if len(self._undecided) >= UNDECIDED_MAX:
            self._undecided.pop(next(iter(self._undecided)))
        self._undecided[block.hash] = _Undecided(
            header=block.header,
            transactions=block.transactions,
            claims=frozenset(map(claim_of, transactions)),
        )

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

    def _checked(self, block: Block) -> list[Transaction]:
        reason = check_block(block, network=self._network, members=self._members)
        if reason is not None:
            raise TransactionError(reason)
        check = self._admission.check
        transactions = [check(raw) for raw in block.transactions]
        for transaction in transactions:
            reason = flaw_in_place(block, transaction)
            if reason is not None:
                raise TransactionError(reason)
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
