"""The file of an experiment on elections, and what was measured of one of its lines.

The experiment is that of Ongaro & Ousterhout 2014, section 9.3, told at more length in Ongaro's dissertation, section
9.5: how long a Raft cluster is without a leader after its leader crashed, by the range that election timeouts are
drawn from. One trial is in :mod:`scenarios.experiments.leaderless`.
"""

from __future__ import annotations

from pathlib import Path
from statistics import fmean, median
from typing import Annotated, Literal

import msgspec
from pydantic import Field, ValidationError

from consensus.vocabulary import MILLISECOND
from scenarios.language.models.base import Nanoseconds, Part
from scenarios.language.models.network import LatencyOrDuration
from scenarios.language.problems import ScenarioInvalid
from scenarios.language.reading import read_file
from scenarios.language.verdicts import problems_of


class Published(Part):
    """What was published of a line, in the text or by its curve."""

    least: Nanoseconds | None = None
    """The shortest trial."""
    median: Nanoseconds | None = None
    """Half of the trials were over by then."""
    mean: Nanoseconds | None = None
    """The average trial."""
    worst: Nanoseconds | None = None
    """The longest trial."""


class Range(Part):
    """One line of the figure."""

    timeout: Annotated[tuple[Nanoseconds, Nanoseconds], Field(min_length=2, max_length=2)]
    """Election timeouts are drawn from here; of two equal ones all are the same."""
    trials: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Another number than for the other lines."""
    cap: Nanoseconds = 10 * 60 * 1000 * MILLISECOND
    """A trial without a new leader ends after this time, and counts as so long."""
    printed: Published = Published()
    """What the text says of it."""
    drawn: Published = Published()
    """What its curve shows."""

    @property
    def label(self) -> str:
        """``150-155``: the range in milliseconds."""
        return "-".join(f"{ns // MILLISECOND}" for ns in self.timeout)


class Elections(Part):
    """The experiment."""

    kind: Literal["elections"]
    """Which experiment this is."""
    nodes: Annotated[int, Field(ge=3, le=101)]
    """Servers in the cluster, with the one that crashes."""
    trials: Annotated[int, Field(ge=1, le=100_000)]
    """Crashes of a leader, for each range."""
    seed: int
    """What every draw derives from."""
    link: LatencyOrDuration
    """How long a message takes, the same for every range."""
    disk: LatencyOrDuration
    """How long a sync takes, the same for every range."""
    ranges: Annotated[tuple[Range, ...], Field(min_length=1)]
    """The lines of the figure."""

    def trials_of(self, range_: Range) -> int:
        """How many trials the line ``range_`` has."""
        return range_.trials or self.trials


class Measured(msgspec.Struct, frozen=True):
    """The time without a leader in every trial of a range, ascending, in nanoseconds."""

    range: Range
    downtimes_ns: tuple[int, ...]

    @property
    def least_ns(self) -> int:
        return self.downtimes_ns[0]

    @property
    def median_ns(self) -> int:
        return int(median(self.downtimes_ns))

    @property
    def mean_ns(self) -> int:
        return int(fmean(self.downtimes_ns))

    @property
    def worst_ns(self) -> int:
        return self.downtimes_ns[-1]

    @property
    def capped(self) -> int:
        """How many trials were given up."""
        return sum(ns == self.range.cap for ns in self.downtimes_ns)


def load_elections(path: Path) -> Elections:
    """The experiment in the file at ``path``; ScenarioInvalid with every problem found."""
    document = read_file(path)
    try:
        return Elections.model_validate(document.root)
    except ValidationError as error:
        raise ScenarioInvalid(problems_of(error, document, [])) from None
