"""The chain a node holds: decided blocks, their certificates, and the state after executing them.

Execution happens at once when a block is decided, so ``height`` is both the highest decided and the highest
executed. Roots of every height stay known, since a header may name any earlier one.

A node far behind may install the state of a later height (:meth:`ChainState.install`). Then a :class:`node.gap.Gap`
holds what is missing below it until it is filled; meanwhile those heights have no entry, and asking for one raises
:class:`MissingBlock`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from consensus.chain import Block, Certificate, Header
from consensus.snapshots import Snapshot
from node.contracts.numbers import ClientNumbers
from node.contracts.runtime import Execution, is_executed, record_types
from node.entry import Divergence, Entry, Execute, Held, MissingBlock
from node.gap import Gap
from node.ledger.block import STATE_LAG_MAX
from node.ledger.state_chunks import ChunkError, assemble
from node.ledger.state_tree import StateTree

__all__ = ["ChainState", "Divergence", "Entry", "Execute", "Held", "MissingBlock"]

_NO_ROOT = b""


class ChainState:
    """Append-only. Built from the genesis block and the state it describes."""

    def __init__(self, genesis: Block, tree: StateTree, execute: Execute) -> None:
        self._execute = execute
        self._entries: list[Entry | None] = [Entry(block=genesis, certificate=None, root=tree.root)]
        self._roots = [tree.root]  # by height; empty bytes where not known
        self.head = genesis
        self.tree = tree
        self.gap: Gap | None = None
        self.pruned = 0  # bodies up to this height were let go of on purpose
        self._founded = tree

    @property
    def height(self) -> int:
        return self.head.height

    @property
    def whole(self) -> bool:
        """Is every block from genesis to the head here, and was every one executed?"""
        return self.gap is None

    def root(self, height: int) -> bytes:
        """The state root after executing ``height`` (not above ours). MissingBlock where we skipped it."""
        return self._roots[height] or self.entry(height).root

    def states(self, height: int, root: bytes) -> bool:
        """Is ``root`` the one after ``height``, as far as we know? False where we do not."""
        return self._roots[height] == root

    def last_roots(self) -> bytes:
        """The roots of the last heights, as many as a block may state, one after the other."""
        return b"".join(self._roots[-STATE_LAG_MAX:])

    def entry(self, height: int) -> Entry:
        """What stands at ``height``. MissingBlock where a snapshot made us skip it."""
        entry = self._entries[height]
        if entry is None:
            if self.gap is None:
                raise MissingBlock(f"blocks 1 to {self.pruned} are not here: pruned")
            raise MissingBlock(f"blocks {self.gap.first} to {self.gap.header.height} are not here (yet): skipped")
        return entry

    def executed(self, client: str, number: int) -> bool:
        """Has this client's transaction of that number been executed (whatever became of it)?"""
        return is_executed(self.tree, client, number)

    def first_executed(self, claims: Iterable[tuple[str, int]]) -> tuple[str, int] | None:
        """The first of these (client, number) that was executed; each client's numbers are looked up once."""
        used: dict[str, ClientNumbers | None] = {}
        for client, number in claims:
            if client not in used:
                used[client] = self.tree.get(ClientNumbers.namespace, client)
            numbers = used[client]
            if numbers is not None and number in numbers:
                return client, number
        return None

    def append(self, block: Block, certificate: Certificate | None) -> Execution:
        """Execute the next decided block. Divergence where it contradicts what we computed ourselves."""
        header = block.header
        if header.height != self.height + 1 or header.parent != self.head.hash:
            raise Divergence(f"decided block {header.height} does not follow our head at {self.height}")
        if header.state_height >= header.height or not self.states(header.state_height, header.state):
            raise Divergence(
                f"block {header.height} states root {header.state.hex()[:16]} for height {header.state_height}; "
                f"ours is {self._roots[min(header.state_height, self.height)].hex()[:16] or 'not known'}"
            )
        execution = self._execute(self.tree, block)
        self.tree = execution.tree
        self.head = block
        self._roots.append(execution.tree.root)
        self._entries.append(Entry(block=block, certificate=certificate, root=execution.tree.root))
        return execution

    def tried(self, block: Block) -> Execution:
        """What executing ``block`` on our head's state would do, whoever it says decides it. Changes nothing."""
        return self._execute(self.tree, block)

    # Taking over a state

    def install(self, snapshot: Snapshot, chunks: Sequence[bytes]) -> None:
        """Go on from the state in ``chunks``, the one after ``snapshot.header``, which lies above our head.

        Divergence where it is no state, or says of a height that we executed that its root is another than ours.
        """
        header = snapshot.header
        tree, known = self._read(header, chunks)
        self.gap = self._gap_below(snapshot, tree)
        self._entries = self._entries[: self.gap.first] + [None] * (header.height + 1 - self.gap.first)
        self._roots = known
        self.tree = tree
        self.head = Block(header, ())  # its body is fetched with those below it

    def flaw_in_state(
        self, snapshot: Snapshot, chunks: Sequence[bytes], judge: Callable[[StateTree], str | None]
    ) -> str | None:
        """Why :meth:`install` would raise, the block names another root than the state, or ``judge`` says no."""
        header = snapshot.header
        try:
            tree, known = self._read(header, chunks)
        except Divergence as divergence:
            return str(divergence)
        if header.state_height >= header.height or known[header.state_height] not in {header.state, _NO_ROOT}:
            return f"the snapshot of height {header.height}: its block states another root than it lists"
        return judge(tree)

    def _read(self, header: Header, chunks: Sequence[bytes]) -> tuple[StateTree, list[bytes]]:
        """The state in ``chunks`` and every root known with it."""
        try:
            tree, roots = assemble(chunks, record_types())
        except ChunkError as error:
            raise Divergence(f"the snapshot of height {header.height}: {error}") from None
        low = header.height + 1 - len(roots)
        if header.height <= self.height or low < 0:
            raise Divergence(f"a snapshot of height {header.height} with {len(roots)} roots does not lie above ours")
        known = self._roots + [_NO_ROOT] * (header.height + 1 - len(self._roots))
        for height, root in enumerate(roots, low):
            if known[height] not in {root, _NO_ROOT}:
                raise Divergence(f"the snapshot of height {header.height} lists another root than ours for {height}")
            known[height] = root
        return tree, known

    def _gap_below(self, snapshot: Snapshot, tree: StateTree) -> Gap:
        if self.gap is None:
            return Gap(self.head.hash, self.tree, self.height + 1, snapshot.header, tree.root)
        entries = enumerate(self._entries[self.gap.first :], self.gap.first)
        above = {height: (entry.block, entry.certificate) for height, entry in entries if entry is not None}
        return self.gap.raised(snapshot.header, tree.root, above)

    def fill(self, count: int) -> list[tuple[Entry, Execution]]:
        """Execute the next ``count`` blocks of a gap whose blocks are all here; the gap closes with the last."""
        gap = self.gap
        if gap is None or gap.wanted is not None:
            return []
        done = gap.step(self._execute, count)
        if (entries := gap.entries) is not None:
            self._entries[gap.first : gap.header.height + 1] = entries
            self._roots[gap.first : gap.header.height + 1] = [entry.root for entry in entries]
            if self.head.height == gap.header.height:
                self.head = entries[-1].block
            self.gap = None
        return done

    # For others

    def between(self, start: int, count: int, bytes_max: int) -> tuple[Held, ...]:
        """Decided blocks from ``start`` on, to the last one of them that has a certificate, which proves them all.

        Up to ``count``, and within ``bytes_max`` of transactions; but always as far as the first certificate, since
        less would prove nothing. Empty where nothing from ``start`` on is certified yet, or where we skipped it.
        """
        found: list[Held] = []
        proven = 0
        for entry in self._entries[max(start, 1) : start + count]:
            if entry is None:
                break
            bytes_max -= sum(map(len, entry.block.transactions))
            if proven and bytes_max < 0:
                break
            found.append((entry.block, entry.certificate))
            if entry.certificate is not None:
                proven = len(found)
        return tuple(found[:proven])

    def below(self, end: int, count: int, bytes_max: int) -> tuple[Held, ...]:
        """Decided blocks up to ``end``, ascending: up to ``count``, within ``bytes_max``, but at least one."""
        found: list[Held] = []
        if 1 <= end <= self.height:
            for entry in reversed(self._entries[max(1, end + 1 - count) : end + 1]):
                if entry is None:
                    break
                bytes_max -= sum(map(len, entry.block.transactions))
                if found and bytes_max < 0:
                    break
                found.append((entry.block, entry.certificate))
        return tuple(reversed(found))

    def whole_part(self) -> ChainState:
        """The chain as far as it has no gap: this one, where it is whole; the genesis alone, where it is pruned."""
        gap = self.gap
        if self.pruned:
            return ChainState(self.entry(0).block, self._founded, self._execute)
        if gap is None:
            return self
        part = ChainState(self.entry(0).block, gap.floor, self._execute)
        part._entries = self._entries[: gap.first]
        part._roots = self._roots[: gap.first]
        part.head = self.entry(gap.first - 1).block
        return part

    def with_certificates(self, certificates: Mapping[int | str, Certificate]) -> ChainState:
        """The same whole chain as another node holds it, which may have other certificates for the same blocks."""
        other = ChainState(self.entry(0).block, self.tree, self._execute)
        other._entries = [
            msgspec.structs.replace(self.entry(height), certificate=certificates.get(height))
            for height in range(self.height + 1)
        ]
        other._roots = self._roots
        other.head = self.head
        return other

    def recover(
        self,
        blocks: Mapping[int | str, Block],
        certificates: Mapping[int | str, Certificate],
        snapshot: tuple[Snapshot, Sequence[bytes]] | None = None,
    ) -> list[tuple[Block, Execution]]:
        """Execute again what a store held after a restart; ``snapshot`` bridges blocks that it does not hold."""
        executions = self._recover_from(self.height + 1, blocks, certificates)
        if snapshot is not None and snapshot[0].height > self.height:
            self.install(*snapshot)
            assert self.gap is not None  # noqa: S101 - that is what an installed snapshot leaves
            self.gap.offer({h: (b, certificates.get(h)) for h, b in blocks.items() if isinstance(h, int)})
            executions += self._recover_from(self.height + 1, blocks, certificates)
        return executions

    def let_go(self) -> None:
        """What is missing below the state that was recovered was pruned: nobody is to fetch it."""
        if self.gap is not None:
            self.pruned = self.gap.header.height
            self.gap = None

    def _recover_from(
        self, start: int, blocks: Mapping[int | str, Block], certificates: Mapping[int | str, Certificate]
    ) -> list[tuple[Block, Execution]]:
        executions = []
        height = start
        while (block := blocks.get(height)) is not None:
            executions.append((block, self.append(block, certificates.get(height))))
            height += 1
        return executions
