"""Plays a profile's runs and puts what came out beside what was published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.profiles.formulas import FORMULAS
from scenarios.profiles.model import SUSTAINED, Figure, Play, Profile
from scenarios.profiles.quantities import Amount, amount, read_amount
from scenarios.runner import RunResult, run
from scenarios.shipped import find_scenario

_SECOND_NS = 10**9
_BLOCKS_MIN = 3


class Reproduced(NamedTuple):
    """One figure with ours; ``ours`` is None where a run measured nothing of it."""

    figure: Figure
    published: Amount
    ours: Amount | None

    @property
    def error(self) -> Fraction | None:
        """By which share ours is more, or less."""
        return None if self.ours is None else self.ours.error(self.published)

    @property
    def holds(self) -> bool:
        """Is it as near as the profile asks? What it asks nothing of always holds."""
        if self.figure.within is None:
            return True
        return self.error is not None and abs(self.error) <= Fraction(self.figure.within, 10**6)


def reproduce(profile: Profile, played: Callable[[str], None] = lambda _: None) -> list[Reproduced]:
    """Every figure of ``profile``, after its runs; ``played`` is told the name of each that is done."""
    results = {}
    for play in profile.plays:
        results[play.name] = _run(play)
        played(play.name)
    return [_reproduced(figure, results) for figure in profile.figures]


def _run(play: Play) -> RunResult:
    return run(load_scenario(find_scenario(play.scenario), play.set), view=NoView(), mode="virtual", out=None)


def _reproduced(figure: Figure, results: dict[str, RunResult]) -> Reproduced:
    published = read_amount(figure.published)
    if figure.formula is not None:
        formula, _ = FORMULAS[figure.formula]
        terms = {name: read_amount(value) for name, value in figure.terms.items()}
        return Reproduced(figure, published, formula(terms))
    return Reproduced(figure, published, measured(results[figure.play or ""], figure.measure or ""))


def measured(result: RunResult, measure: str) -> Amount | None:
    """What ``result`` came to in ``measure``; None where there is nothing to measure."""
    if measure == SUSTAINED:
        return sustained(result)
    metrics = result.finished.metrics
    value = metrics.value(measure, result.left.record.ended_ns)
    if value is None:
        return None
    name, _, statistic = measure.rpartition(".")
    if statistic == "rate":
        return amount(value, "rate")
    if statistic == "count":
        return amount(value, "count")
    return amount(value, "duration" if metrics.summary()[name].unit == "ns" else "count")


def sustained(result: RunResult) -> Amount | None:
    """Transactions a second from the first block with any to the last one that is not smaller than the one before it.

    So neither the start nor a last block that was cut short counts. A block's time is that of the first receipt for
    something in it: executed, not only decided.
    """
    sizes: Counter[int] = Counter()
    told: dict[int, int] = {}
    for item in result.left.record.acknowledged:
        sizes[item.height] += 1
        told[item.height] = min(item.returned_ns, told.get(item.height, item.returned_ns))
    heights = sorted(sizes)
    while len(heights) > 1 and sizes[heights[-1]] < sizes[heights[-2]]:
        heights.pop()
    if len(heights) < _BLOCKS_MIN or told[heights[-1]] <= told[heights[0]]:
        return None
    took_ns = told[heights[-1]] - told[heights[0]]
    return Amount(Fraction(sum(sizes[height] for height in heights[1:]) * _SECOND_NS, took_ns), "rate")
