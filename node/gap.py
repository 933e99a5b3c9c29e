"""The gap below a state that was taken over: blocks that this node has yet to fetch, check and execute.

A node that installs a snapshot can go on at once, but its ledger is not whole, and what its organisation could open of
the blocks it skipped is not in its vault. So it fetches them afterwards, from the top down: each is the one that the
block above it names as its parent, so any peer may serve them. When they reach down to the blocks it had, it executes
them, from the bottom up and a few at a time; the last root must be the one that was installed. From then on its ledger
is as if it had never skipped anything (``docs/adr/0007-snapshots.md``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from consensus.chain import Header
from node.contracts.runtime import Execution
from node.entry import Divergence, Entry, Execute, Held
from node.ledger.state_tree import StateTree


class Gap:
    """Heights ``first`` to ``header.height``, of which the state after the last is installed.

    Invariant: every block above ``_missing`` and within the gap is held, and hash links lead from ``header`` to it.
    """

    def __init__(self, parent: bytes, tree: StateTree, first: int, header: Header, root: bytes) -> None:
        self.first = first
        self.header = header
        self.held: dict[int, Held] = {}
        self._parent = parent  # hash of the block at first - 1
        self.floor = tree  # state after first - 1, where the whole part of the chain ends
        self._tree = tree  # state after the last block that was executed again
        self._root = root  # state after header.height
        self._missing = header.height
        self._entries: list[Entry] = []

    @property
    def wanted(self) -> int | None:
        """The height to fetch next, and those below it; None when all blocks are here."""
        return self._missing if self._missing >= self.first else None

    @property
    def entries(self) -> list[Entry] | None:
        """All of the gap's, once the last of its blocks is executed; None before."""
        return self._entries if len(self._entries) == self.header.height - self.first + 1 else None

    def raised(self, header: Header, root: bytes, above: Mapping[int, Held]) -> Gap:
        """The gap that there is once a later state is installed; ``above`` are the blocks held above this one."""
        gap = Gap(self._parent, self.floor, self.first, header, root)
        gap.offer({**self.held, **above})
        return gap

    def expected(self, height: int) -> bytes:
        """The hash of the block at ``height``, as far down as hash links are known."""
        return self.header.hash if height == self.header.height else self.held[height + 1][0].parent

    def add(self, blocks: Sequence[Held]) -> int:
        """Take blocks in ascending order that end where we want them; how many of them belong here."""
        taken = 0
        for block, certificate in reversed(blocks):
            wanted = self.wanted
            if wanted is None or block.height != wanted or block.hash != self.expected(wanted):
                break
            self.held[wanted] = (block, certificate)
            taken += 1
            self._descend()
        return taken

    def offer(self, known: Mapping[int, Held]) -> None:
        """Blocks that were decided here: they need no other proof, and are held where the gap has room for them."""
        self.held.update({h: held for h, held in known.items() if self.first <= h <= self.header.height})
        self._descend()

    def step(self, execute: Execute, count: int) -> list[tuple[Entry, Execution]]:
        """Execute the next ``count`` blocks from the bottom, all of which are here. Divergence at another root."""
        done: list[tuple[Entry, Execution]] = []
        while len(done) < count and self.entries is None:
            height = self.first + len(self._entries)
            block, certificate = self.held[height]
            execution = execute(self._tree, block)
            self._tree = execution.tree
            entry = Entry(block=block, certificate=certificate, root=execution.tree.root)
            self._entries.append(entry)
            done.append((entry, execution))
            if height == self.header.height and entry.root != self._root:
                raise Divergence(f"executing up to {height} gives another state than the one that was installed there")
        return done

    def _descend(self) -> None:
        while self._missing >= self.first and self._missing in self.held:
            if self.held[self._missing][0].hash != self.expected(self._missing):
                raise Divergence(
                    f"block {self._missing}, decided here, does not lie below {self.header.height}, installed"
                )
            self._missing -= 1
        if self._missing < self.first and self.held[self.first][0].parent != self._parent:
            raise Divergence(f"the installed state of height {self.header.height} stands on another chain than ours")
