"""``arrivals``: when the cases of a flow begin, in run time.

Open arrivals come whatever the network does; closed ones wait for it. How many there are, and all that is drawn,
follows from the scenario and its seed alone, so that every protocol and both worlds carry the same load.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from scenarios.language.models.base import Nanoseconds, Part, RatePer
from scenarios.language.models.network import LatencyOrDuration
from scenarios.language.models.replay import ReplayOrFile
from scenarios.language.units import Rate

Period = Annotated[Nanoseconds, Field(ge=1)]


class Bursts(Part):
    """Many at once, then nothing until the next burst."""

    size: Annotated[int, Field(ge=1, le=100_000)]
    """How many there are in a burst."""
    every: Period
    """From the beginning of a burst to the next one's."""
    within: Nanoseconds = 0
    """Over how much time a burst is spread, evenly; left out, all come at the same moment."""

    @model_validator(mode="after")
    def _apart(self) -> Bursts:
        if self.within > self.every:
            raise ValueError("a burst lasts longer (`within`) than until the next one (`every`)")
        return self


class Diurnal(Part):
    """Day and night: the rate rises evenly from `low` to `high` for half a day, and falls for the other half."""

    low: RatePer
    """The least, half a day from the peak."""
    high: RatePer
    """The most, at the peak."""
    day: Period
    """How long a day is, in run time."""
    peak: Nanoseconds
    """When in the day the rate is `high`."""

    @model_validator(mode="after")
    def _rises(self) -> Diurnal:
        if per_day(self.low) > per_day(self.high):
            raise ValueError("`low` is above `high`")
        if self.peak >= self.day:
            raise ValueError("the `peak` lies within the `day`")
        return self


class Closed(Part):
    """So many actors, each of whom begins a case, waits until it is settled, thinks, and begins the next."""

    actors: Annotated[int, Field(ge=1, le=10_000)]
    """How many are at it at a time. They are not clients of their own: the parties' wallets act for them."""
    rounds: Annotated[int, Field(ge=1, le=100_000)]
    """How many cases each has, one after the other."""
    think: LatencyOrDuration
    """How long each thinks before every case, drawn anew each time."""


KINDS = ("rate", "poisson", "bursts", "diurnal", "replay", "closed")
CASES_MAX = 200_000
"""Of one flow."""


class Arrivals(Part):
    """One way of arriving. `arrivals: 8/s` is short for `{rate: 8/s}`."""

    rate: RatePer | None = None
    """Evenly, one after the other."""
    poisson: RatePer | None = None
    """At random: a Poisson process of this mean rate."""
    bursts: Bursts | None = None
    """Many at once, again and again."""
    diurnal: Diurnal | None = None
    """At random, at a rate that rises and falls with the time of the day."""
    replay: ReplayOrFile | None = None
    """As they were recorded: a file of arrivals (*.csv, *.jsonl), by its name from the scenario's folder."""
    closed: Closed | None = None
    """A closed loop: whoever is answered thinks and begins again."""

    @property
    def kind(self) -> str:
        """Which one of :data:`KINDS` it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def is_bounded(self) -> bool:
        """Does it end by itself?"""
        return self.kind in {"replay", "closed"}

    @model_validator(mode="after")
    def _one_way(self) -> Arrivals:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            found = " and ".join(f"`{kind}`" for kind in given) or "nothing"
            raise ValueError(f"cases arrive in exactly one way of {', '.join(KINDS)}; here is {found}")
        for rate in (self.rate, self.poisson, self.diurnal.high if self.diurnal else None):
            if rate is not None and not rate.events:
                raise ValueError("at this rate nothing ever arrives")
        if self.closed is not None and self.closed.actors * self.closed.rounds > CASES_MAX:
            raise ValueError(f"{self.closed.actors * self.closed.rounds:,} cases are more than {CASES_MAX:,}")
        return self


def per_day(rate: Rate) -> int:
    """How many come in a day of 24 hours: two rates as comparable integers."""
    return rate.events * 86_400_000_000_000 // rate.per_ns


def _short(value: Any) -> Any:
    return value if isinstance(value, dict | Arrivals) else {"rate": value}


ArrivalsOrRate = Annotated[Arrivals, BeforeValidator(_short, json_schema_input_type=Arrivals | str)]
