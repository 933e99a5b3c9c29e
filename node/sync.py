"""Sync: how this node and others come to hold the same blocks, besides deciding them together.

Nodes tell each other how high they are; who is behind fetches blocks, and believes them as far as certificates reach
(:mod:`network.catchup`). Whoever leads sends decided blocks to the observers. And where a snapshot made us skip blocks,
we fetch those from the top down, believe them by their hash links, and execute them (:mod:`node.gap`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from consensus.chain import BLOCKS, CERTIFICATES, Block, Certificate
from consensus.vocabulary import (
    MILLISECOND,
    SECOND,
    Effects,
    NodeId,
    Persist,
    Put,
    Record,
    Rejected,
    Send,
    SetTimer,
)
from network.catchup import CatchUp, above
from network.gossip import BLOCKS_PER_REPLY, Below, Decided, Fetch, FetchBelow, Position
from node.chain_state import ChainState
from node.contracts.runtime import Execution
from node.entry import Entry, Held
from node.ledger.block import check_block
from node.options import ReplicaOptions
from node.voting import Voting

POSITION_TIMER = "replica.position"
BACKFILL_TIMER = "replica.backfill"

DECIDED_BYTES_MAX = 1024 * 1024
BACKFILL_PATIENCE_NS = SECOND
BACKFILL_PAUSE_NS = 5 * MILLISECOND
"""Between two steps of executing what was skipped, so that what is going on comes first."""

BACKFILL_BLOCKS = 16
"""Executed in one such step."""


class Sync:
    """One node's knowledge of how high others are, and its ways to get and give blocks."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        *,
        me: NodeId,
        voting: Voting,
        network: str,
        options: ReplicaOptions,
        chain: ChainState,
        random: Callable[[], int],
        vouched: Callable[[Block, Certificate | None], bool],
    ) -> None:
        self._me = me
        self._voting = voting
        self._network = network
        self._options = options
        self._chain = chain
        self._random = random
        self._vouched = vouched
        votes = me in voting.electors
        self._catchup = CatchUp(far=options.snapshot_lag if options.snapshots and votes else None)
        self._unproven: list[Held] = []

    @property
    def _others(self) -> list[NodeId]:
        """Every other node, ascending."""
        return [node for node in range(self._voting.nodes) if node != self._me]

    # Telling and hearing how high

    def started(self) -> Effects:
        """The first position, at a random moment; and what a snapshot of an earlier life left to do."""
        effects: Effects = [SetTimer(POSITION_TIMER, 1 + self._random() % self._options.position_ns)]
        return effects if self._chain.whole else [*effects, SetTimer(BACKFILL_TIMER, BACKFILL_PAUSE_NS)]

    def tell_position(self) -> Effects:
        """Tell a few others, drawn at random, how high our chain is."""
        position = Position(height=self._chain.height, head=self._chain.head.hash)
        return [
            *(Send(peer, position) for peer in self._draw_peers(self._options.position_fanout)),
            SetTimer(POSITION_TIMER, self._options.position_ns),
        ]

    def heard(self, sender: NodeId, position: Position) -> Effects:
        return self._catchup.heard(sender, position, self._chain.height)

    @property
    def behind(self) -> bool:
        """Are we fetching what others have decided?"""
        return self._catchup.fetching

    def fetch(self) -> Effects:
        """The timer of catch-up fired."""
        return self._catchup.timer(self._chain.height)

    def received(self, sender: NodeId) -> Effects:
        """Blocks of ``sender`` were adopted."""
        return self._catchup.received(sender, self._chain.height)

    # Giving

    def serve(self, sender: NodeId, fetch: Fetch) -> Effects:
        """Blocks from a height on, as far as certificates prove them."""
        blocks = self._chain.between(fetch.start, BLOCKS_PER_REPLY, DECIDED_BYTES_MAX)
        return [Send(sender, Decided(blocks=blocks))] if blocks else []

    def serve_below(self, sender: NodeId, fetch: FetchBelow) -> Effects:
        """Blocks up to a height, as many as fit."""
        blocks = self._chain.below(fetch.end, BLOCKS_PER_REPLY, DECIDED_BYTES_MAX)
        return [Send(sender, Below(blocks=blocks))] if blocks else []

    def tell_observers(self, block: Block, certificate: Certificate | None, *, leads: bool) -> Effects:
        """The leader sends decided blocks on, once something among them is certified."""
        observers = [node for node in self._others if node not in self._voting.electors] if leads else []
        if not observers:
            self._unproven.clear()
            return []
        self._unproven.append((block, certificate))
        if certificate is None and len(self._unproven) < BLOCKS_PER_REPLY:
            return []
        decided = Decided(blocks=tuple(self._unproven))
        self._unproven.clear()
        return [Send(observer, decided) for observer in observers]

    # Taking

    def proven(self, sender: NodeId, decided: Decided, proves: Callable[[Any], int]) -> list[Held] | Rejected:
        """What of these blocks follows our head and is proven decided, body and all.

        A certificate proves headers, and a header its block's body; so every body is held against its header here.
        """
        height = self._chain.height
        heights = [block.height for block, _ in decided.blocks]
        if not heights or heights[-1] <= height or heights[0] > height + 1:
            return []  # nothing new, or nothing that our chain reaches
        run = above(decided.blocks, height)
        proven = list(run[: proves(run)])
        if not proven:
            return Rejected(sender, "blocks that no certificate proves decided")
        return self._whole(sender, proven)

    def _whole(self, sender: NodeId, blocks: list[Held]) -> list[Held] | Rejected:
        for block, _ in blocks:
            reason = check_block(block, network=self._network)
            if reason is not None:
                return Rejected(sender, f"decided block {block.height} with a body not its own: {reason}")
        return blocks

    # What a snapshot made us skip

    def installed(self) -> Effects:
        """A later state was installed: begin to fetch what lies below it."""
        self._unproven.clear()
        return [SetTimer(BACKFILL_TIMER, BACKFILL_PAUSE_NS)]

    def filled(self, sender: NodeId, below: Below) -> Effects:
        """Blocks that we asked for, or not: those that hash links prove are kept, durably."""
        gap = self._chain.gap
        if gap is None or gap.wanted is None:
            return []
        if below.blocks[-1][0].height != gap.wanted:
            return []  # the answer to an earlier question
        blocks = self._whole(sender, list(below.blocks))
        if isinstance(blocks, Rejected):
            return [blocks]
        if not all(self._vouched(block, certificate) for block, certificate in blocks):
            return [Rejected(sender, "an older block with a certificate that does not vouch for it")]
        taken = gap.add(blocks)
        if not taken:
            return [Rejected(sender, f"block {gap.wanted} is not the one below ours")]
        records: list[Record] = []
        for block, certificate in blocks[len(blocks) - taken :]:
            records.append(Put(BLOCKS, block.height, block))
            if certificate is not None:
                records.append(Put(CERTIFICATES, block.height, certificate))
        return [Persist(tuple(records)), *self._go_on(sender)]

    def backfill(self) -> tuple[list[tuple[Entry, Execution]], Effects]:
        """The timer fired: ask for what is missing, or execute a few of what is here; those, and the effects."""
        gap = self._chain.gap
        if gap is None:
            return [], []
        if gap.wanted is not None:
            return [], self._go_on(*self._draw_peers(1))
        done = self._chain.fill(BACKFILL_BLOCKS)
        return done, [] if self._chain.whole else [SetTimer(BACKFILL_TIMER, BACKFILL_PAUSE_NS)]

    def _go_on(self, *peers: NodeId) -> Effects:
        """Ask ``peers`` for what is missing next; when nothing is, execute."""
        gap = self._chain.gap
        if gap is None or gap.wanted is None:
            return [SetTimer(BACKFILL_TIMER, BACKFILL_PAUSE_NS)]
        return [
            *(Send(peer, FetchBelow(end=gap.wanted)) for peer in peers),
            SetTimer(BACKFILL_TIMER, BACKFILL_PATIENCE_NS),
        ]

    def _draw_peers(self, count: int) -> list[NodeId]:
        others = self._others
        if not others:
            return []
        first, stride = self._random() % len(others), 1 + self._random() % len(others)
        peers = (others[(first + i * stride) % len(others)] for i in range(min(count, len(others))))
        return list(dict.fromkeys(peers))
