"""Crashes that wait for a disk to write: what a crash takes is decided between a write and the end of its sync.

A crash at a random instant mostly meets an idle disk. The reaper watches what nodes ask their disks to keep and strikes
while it is being written: the writer alone, everybody at once, or so many that those left cannot decide. What it lays
are ordinary items of a plan.
"""

from __future__ import annotations

from consensus.properties import Observer
from consensus.vocabulary import MILLISECOND, NodeId, Record
from network.virtual.draws import Stream
from network.virtual.faults import Crash
from network.virtual.world import World
from scenarios.adversary.trial import Trial
from scenarios.crashes.plans import lasting_ns

_WITHIN_NS = (1, 2 * MILLISECOND, 8 * MILLISECOND, 20 * MILLISECOND)
_GAPS_NS = (1, 30 * MILLISECOND, 120 * MILLISECOND, 400 * MILLISECOND)


class Reaper(Observer):
    """Strikes up to ``strikes`` times, until the trial's network heals, in the world that :meth:`bind` is given."""

    def __init__(self, trial: Trial, strikes: int) -> None:
        self._nodes = trial.case.nodes
        self._quorum = (self._nodes * 2 + 2) // 3
        self._end_ns = trial.case.heal_ns
        self._left = strikes
        self._draws = Stream(f"{trial.case.protocol}/{trial.case.seed}/reaper")
        self._quiet_until = 0
        self._pass_ = 0
        self._world: World | None = None

    def bind(self, world: World) -> None:
        """Strike there from now on."""
        self._world = world

    def on_persist(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...]) -> None:  # noqa: ARG002
        if node >= self._nodes or now < self._quiet_until or not self._left or self._world is None:
            return
        if self._pass_:
            self._pass_ -= 1
            return
        draws = self._draws
        at = now + 1 + draws.below(_WITHIN_NS[draws.below(len(_WITHIN_NS))])
        for victim in self._victims(node):
            lasting = min(lasting_ns(draws), self._end_ns - at - 1)
            if lasting > 0:
                self._world.inject(Crash(at_ns=at, for_ns=lasting, node=victim))
        self._left -= 1
        self._pass_ = draws.below(6)
        self._quiet_until = at + draws.below(_GAPS_NS[draws.below(len(_GAPS_NS))])

    def _victims(self, writer: NodeId) -> list[NodeId]:
        """The writer; one time in four it is not alone."""
        others = [(writer + step) % self._nodes for step in range(1, self._nodes)]
        match self._draws.below(8):
            case 0:
                return [writer, *others]
            case 1:
                return [writer, *others[: self._nodes - self._quorum]]
            case _:
                return [writer]
