"""The chain a node holds: decided blocks, their certificates, and the state after executing them.

Execution happens at once when a block is decided, so ``height`` is both the highest decided and the highest
executed. Roots of every height stay known, since a header may name any earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from consensus.chain import Block, Certificate
from node.contracts.runtime import Execution, is_executed
from node.ledger.state_tree import StateTree

Execute = Callable[[StateTree, Block], Execution]
"""Runs a block's transactions on a state. Pure; the virtual world shares results between replicas."""


class Divergence(Exception):  # noqa: N818 - it names what happened
    """A decided block states a root that is not ours: a quorum lied, or execution is not deterministic."""


class Entry(msgspec.Struct, frozen=True):
    """One decided height."""

    block: Block
    certificate: Certificate | None
    root: bytes


class ChainState:
    """Append-only. Built from the genesis block and the state it describes."""

    def __init__(self, genesis: Block, tree: StateTree, execute: Execute) -> None:
        self._execute = execute
        self._entries = [Entry(block=genesis, certificate=None, root=tree.root)]
        self.tree = tree

    @property
    def height(self) -> int:
        return len(self._entries) - 1

    @property
    def head(self) -> Block:
        return self._entries[-1].block

    def root(self, height: int) -> bytes:
        """The state root after executing ``height`` (not above ours)."""
        return self._entries[height].root

    def entry(self, height: int) -> Entry:
        return self._entries[height]

    def executed(self, client: str, number: int) -> bool:
        """Has this client's transaction of that number been executed (whatever became of it)?"""
        return is_executed(self.tree, client, number)

    def append(self, block: Block, certificate: Certificate | None) -> Execution:
        """Execute the next decided block. Divergence where it contradicts what we computed ourselves."""
        header = block.header
        if header.height != self.height + 1 or header.parent != self.head.hash:
            raise Divergence(f"decided block {header.height} does not follow our head at {self.height}")
        if header.state_height >= header.height or header.state != self.root(header.state_height):
            raise Divergence(
                f"block {header.height} states root {header.state.hex()[:16]} for height {header.state_height}; "
                f"ours is {self.root(min(header.state_height, self.height)).hex()[:16]}"
            )
        execution = self._execute(self.tree, block)
        self.tree = execution.tree
        self._entries.append(Entry(block=block, certificate=certificate, root=execution.tree.root))
        return execution

    def between(self, start: int, count: int, bytes_max: int) -> tuple[tuple[Block, Certificate | None], ...]:
        """Decided blocks from ``start`` on, to the last one of them that has a certificate, which proves them all.

        Up to ``count``, and within ``bytes_max`` of transactions; but always as far as the first certificate, since
        less would prove nothing. Empty where nothing from ``start`` on is certified yet.
        """
        found: list[tuple[Block, Certificate | None]] = []
        proven = 0
        for entry in self._entries[max(start, 1) : start + count]:
            bytes_max -= sum(map(len, entry.block.transactions))
            if proven and bytes_max < 0:
                break
            found.append((entry.block, entry.certificate))
            if entry.certificate is not None:
                proven = len(found)
        return tuple(found[:proven])

    def with_certificates(self, certificates: Mapping[int | str, Certificate]) -> ChainState:
        """The same chain as another node holds it, which may have other certificates for the same blocks."""
        other = ChainState(self.entry(0).block, self.tree, self._execute)
        other._entries = [
            msgspec.structs.replace(entry, certificate=certificates.get(height))
            for height, entry in enumerate(self._entries)
        ]
        return other

    def recover(
        self, blocks: Mapping[int | str, Block], certificates: Mapping[int | str, Certificate]
    ) -> list[Execution]:
        """Execute again what a store held after a restart."""
        executions = []
        for height in range(self.height + 1, len(blocks) + 1):
            block = blocks.get(height)
            if block is None:
                break
            executions.append(self.append(block, certificates.get(height)))
        return executions
