"""``network``: the links between nodes.

In the virtual world they are simulated. Processes mode injects loss and doubling between nodes where frames arrive;
latency is there what it is, and more of it comes by faults alone.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from scenarios.language.models.base import Nanoseconds, Part, Ppm, Word
from scenarios.language.units import parse_duration

SAMPLES_MAX = 4096
PARETO_SPREAD_MAX = 1000


class Latency(Part):
    """How long a message travels. Draws use integer tables, so that every machine agrees."""

    dist: Literal["constant", "uniform", "normal", "lognormal", "pareto", "empirical"] = "constant"
    """The distribution; each needs its own values."""
    value: Nanoseconds | None = None
    """constant: always this."""
    min: Nanoseconds | None = None
    """uniform: from here ...; pareto: never less, and seldom much more."""
    max: Nanoseconds | None = None
    """... to here."""
    mean: Nanoseconds | None = None
    """normal."""
    sd: Nanoseconds | None = None
    """normal: the standard deviation."""
    median: Nanoseconds | None = None
    """lognormal."""
    p99: Nanoseconds | None = None
    """lognormal, pareto: 99 of 100 messages are not slower."""
    samples: Annotated[tuple[Nanoseconds, ...], Field(min_length=1, max_length=SAMPLES_MAX)] | None = None
    """empirical: what was measured; each is drawn as often as any other."""
    file: str | None = None
    """empirical: a file of samples, one a line, by its name from the scenario's folder. They take its place."""

    @model_validator(mode="after")
    def _complete(self) -> Latency:
        needs = _LATENCY_NEEDS[self.dist]
        if self.file is not None:
            raise ValueError("a `file` of samples can be had for the links of a scenario's `network` alone")
        for name in ("value", "min", "max", "mean", "sd", "median", "p99", "samples"):
            given = getattr(self, name) is not None
            if given != (name in needs):
                raise ValueError(f"`dist: {self.dist}` takes {' and '.join(f'`{need}`' for need in needs)}")
        if self.dist == "uniform" and (self.min or 0) > (self.max or 0):
            raise ValueError("`min` is above `max`")
        if self.dist == "lognormal" and not 0 < (self.median or 0) <= (self.p99 or 0):
            raise ValueError("`median` must be more than nothing and not above `p99`")
        if self.dist == "pareto" and not 0 < (self.min or 0) <= (self.p99 or 0) <= PARETO_SPREAD_MAX * (self.min or 0):
            raise ValueError(f"`p99` must be at least `min`, and at most {PARETO_SPREAD_MAX} times as much")
        return self


_LATENCY_NEEDS = {
    "constant": ("value",),
    "uniform": ("min", "max"),
    "normal": ("mean", "sd"),
    "lognormal": ("median", "p99"),
    "pareto": ("min", "p99"),
    "empirical": ("samples",),
}


def _short_latency(value: Any) -> Any:
    """`latency: 5ms` is short for the constant one."""
    return {"dist": "constant", "value": value} if isinstance(value, str) else value


LatencyOrDuration = Annotated[Latency, BeforeValidator(_short_latency, json_schema_input_type=Latency | str)]


class Link(Part):
    """The qualities of a link in either direction."""

    latency: LatencyOrDuration = Latency(dist="normal", mean="5 ms", sd="1 ms")  # type: ignore[arg-type] # reads units
    """How long a message takes."""
    loss: Ppm = 0
    """The share of messages that never arrive."""
    duplicate: Ppm = 0
    """The share of messages that arrive twice."""


class LinkBetween(Part):
    """A link that differs from the default one, between two nodes or roles."""

    between: Annotated[tuple[Word, ...], Field(min_length=2, max_length=2)]
    """Two names of nodes or roles."""
    latency: LatencyOrDuration | None = None
    """How long a message takes; the default's where it is left out."""
    loss: Ppm | None = None
    """The share of messages that never arrive; the default's where it is left out."""
    duplicate: Ppm | None = None
    """The share of messages that arrive twice; the default's where it is left out."""


class Disk(Part):
    """The virtual world's disks."""

    write: Nanoseconds = parse_duration("1 ms")
    """How long until a batch of records is durable."""


class Network(Part):
    """All links, and the disks of the virtual world."""

    default: Link = Link()
    """Every link that is not named below."""
    links: tuple[LinkBetween, ...] = ()
    """Links of their own; a later one wins over an earlier one."""
    disk: Disk = Disk()
    """How fast nodes write (virtual world only)."""
