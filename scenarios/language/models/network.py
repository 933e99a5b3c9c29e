"""``network``: the links between nodes.

In the virtual world they are simulated. Processes mode injects loss and doubling between nodes where frames arrive;
latency is there what it is, and more of it comes by faults alone.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from scenarios.language.models.base import Bytes, Nanoseconds, Part, Ppm, Word
from scenarios.language.models.distribution import require_complete
from scenarios.language.units import parse_duration

SAMPLES_MAX = 4096
BUS = "bus"
"""What the nodes of a star are linked to."""


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
        if self.file is not None:
            raise ValueError("a `file` of samples can be had for the links of a scenario's `network` alone")
        require_complete(self)
        return self


def _short_latency(value: Any) -> Any:
    """`latency: 5ms` is short for the constant one."""
    return value if isinstance(value, dict | Latency) else {"dist": "constant", "value": value}


LatencyOrDuration = Annotated[Latency, BeforeValidator(_short_latency, json_schema_input_type=Latency | str)]


class Link(Part):
    """The qualities of a link in either direction."""

    latency: LatencyOrDuration = Latency(dist="normal", mean="5 ms", sd="1 ms")  # type: ignore[arg-type] # reads units
    """How long a message takes."""
    loss: Ppm = 0
    """The share of messages that never arrive."""
    duplicate: Ppm = 0
    """The share of messages that arrive twice."""
    bandwidth: Annotated[Bytes, Field(ge=1)] | None = None
    """What it carries at most in a second; messages wait in line for it (virtual world only). Left out: no limit."""


class LinkBetween(Part):
    """A link that differs from the default one, between two nodes or roles."""

    between: Annotated[tuple[Word, ...], Field(min_length=2, max_length=2)]
    """Two names of nodes or roles; in a star, one of them is `bus`."""
    latency: LatencyOrDuration | None = None
    """How long a message takes; the default's where it is left out."""
    loss: Ppm | None = None
    """The share of messages that never arrive; the default's where it is left out."""
    duplicate: Ppm | None = None
    """The share of messages that arrive twice; the default's where it is left out."""
    bandwidth: Annotated[Bytes, Field(ge=1)] | None = None
    """What it carries at most in a second; the default's where it is left out."""


class Apart(Part):
    """How far two regions of a profile are from each other."""

    regions: Annotated[tuple[Word, ...], Field(min_length=2, max_length=2)]
    """Two regions."""
    latency: LatencyOrDuration
    """How long a message takes from one to the other."""


class Profile(Part):
    """Latencies by region; those that are shipped lie in configs/links."""

    within: LatencyOrDuration
    """Between two nodes of one region, or where there are none."""
    between: tuple[Apart, ...] = ()
    """Between nodes of two regions."""

    @property
    def regions(self) -> tuple[str, ...]:
        """Every region that is named, in order."""
        return tuple(dict.fromkeys(region for apart in self.between for region in apart.regions))


def _unread(value: Any) -> Any:
    """Names of files are gone by now: whoever reads a scenario puts their contents in their place."""
    if isinstance(value, str):
        raise ValueError("a name stands for a file; give `within` and `between`")  # noqa: TRY004 (told as a problem)
    return value


ProfileOrName = Annotated[Profile, BeforeValidator(_unread, json_schema_input_type=Profile | str)]


class Disk(Part):
    """The virtual world's disks."""

    write: Nanoseconds = parse_duration("1 ms")
    """How long until a batch of records is durable."""


class Network(Part):
    """All links, and the disks of the virtual world."""

    shape: Literal["mesh", "star"] = "mesh"
    """mesh: every two nodes have a link; star: each has one to the bus, and a message takes two."""
    default: Link = Link()
    """Every link that is not named below."""
    profile: ProfileOrName | None = None
    """Latencies by region, in place of the default one: a shipped file's name, or one from the scenario's folder."""
    regions: dict[Word, Annotated[tuple[Word, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """With `profile`: which nodes or roles lie in which of its regions."""
    links: tuple[LinkBetween, ...] = ()
    """Links of their own; a later one wins over an earlier one."""
    disk: Disk = Disk()
    """How fast nodes write (virtual world only)."""
