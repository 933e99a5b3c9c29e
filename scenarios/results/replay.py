"""Executing a ledger again, from its genesis, with this program's own contracts: what an audit compares roots with."""

from __future__ import annotations

from collections.abc import Sequence

from node.contracts.runtime import Outcome, business_entries, execute_block, genesis_state
from node.ledger import Genesis, StateTree, Transaction, business_root
from node.membership import Directory


class ContractMachine:
    """The contracts of this program at work on one ledger (``node.ledger.Machine``)."""

    def __init__(self, genesis: Genesis) -> None:
        self._directory = Directory(genesis)
        self._tree: StateTree = genesis_state(genesis)
        self._height = 0
        self.outcomes: tuple[Outcome, ...] = ()
        """What became of the last block's transactions, in their order."""

    @property
    def root(self) -> bytes:
        return self._tree.root

    @property
    def tree(self) -> StateTree:
        """The state as of now."""
        return self._tree

    def run(self, transactions: Sequence[Transaction]) -> None:
        """Execute the next block's."""
        self._height += 1
        execution = execute_block(self._tree, self._directory, transactions, height=self._height)
        self._tree, self.outcomes = execution.tree, execution.outcomes

    def business_root(self) -> bytes:
        """The business root of the state as of now."""
        return business_root(business_entries(self._tree))
