"""Traffic: how many messages of each kind left nodes and wallets, and how many arrived, second by second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from consensus.vocabulary import SECOND
from scenarios.results import Metrics


class Traffic:
    """A message to everyone counts once as it leaves ("sent"), and once at each who hears it ("heard")."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, str]] = Counter()

    def add(self, now_ns: int, measure: str) -> None:
        """One more message of ``measure`` ("sent.raft.append", "heard.raft.append") at run time ``now_ns``."""
        self._counts[now_ns // SECOND, measure] += 1

    def told(self, now_ns: int, counts: Mapping[str, int]) -> None:
        """What a node counted since it last told, by measure."""
        for measure, by in counts.items():
            self._counts[now_ns // SECOND, measure] += by

    def measure(self, metrics: Metrics) -> None:
        """Enter the counts."""
        for second, measure, by in self:
            metrics.count(measure, second * SECOND, by)

    def __iter__(self) -> Iterator[tuple[int, str, int]]:
        """(second of the run, measure, how many), in order."""
        for (second, measure), by in sorted(self._counts.items()):
            yield second, measure, by
