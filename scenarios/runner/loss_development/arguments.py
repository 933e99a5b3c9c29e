"""What a scenario says of the flow "loss-development": every value that no source gives is a declared assumption."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from node.contracts.inclusive import DAY_MS
from scenarios.language.models.base import Fen, Part, Ppm
from scenarios.language.models.network import LatencyOrDuration
from scenarios.language.schema import Scenario
from scenarios.runner.spending import STUDY_YEARS, load_person_years

FLOW = "loss-development"

YEAR_MS = 365 * DAY_MS


class LossDevelopment(Part):
    """Hospital stays of real people as losses that a reinsurer shares and hears of later, valued by an actuary."""

    flow: Literal["loss-development"]
    """This generator."""
    data: Literal["rand-hie"]
    """The spending data: configs/data/README.md. Its five study years are the years in which losses occur."""
    population: Annotated[int, Field(ge=1, le=len(load_person_years()))]
    """How many person-years of the data, spread evenly over it."""
    yuan_per_dollar: Annotated[int, Field(ge=1, le=1_000)]
    """What a dollar of the data counts."""
    notice: LatencyOrDuration
    """From a stay to when the insurer tells of it: drawn for each stay."""
    payment: LatencyOrDuration
    """From then to when the insurer has paid: drawn for each stay."""
    periods_a_year: Literal[1, 2, 4, 8] = 4
    """Into how many periods the triangle cuts a year."""
    reports_a_period: Annotated[int, Field(ge=1, le=31)] = 3
    """How many bordereaux each insurer sends in a period; the last an hour before it ends."""
    developments: Annotated[int, Field(ge=2, le=40)]
    """Within how many periods a loss can be reported, its own counted; what comes later is the insurer's alone."""
    values_every: Annotated[int, Field(ge=1, le=40)]
    """After every so many periods the actuary values."""
    cession: Ppm
    """The reinsurer's share of every loss."""
    capital: Fen
    """Cash that the reinsurer begins with."""

    @property
    def origins(self) -> int:
        """In how many periods losses occur."""
        return len(STUDY_YEARS) * self.periods_a_year

    @property
    def period_ms(self) -> int:
        """How long a period is."""
        return YEAR_MS // self.periods_a_year

    @property
    def periods(self) -> int:
        """How many periods pass until nothing more can be reported."""
        return self.origins + self.developments - 1

    @property
    def valuations(self) -> range:
        """After how many periods the actuary values, each in turn."""
        return range(self.values_every, self.periods, self.values_every)


class Cast(NamedTuple):
    """The organisations, by the scenario's names."""

    actuary: str
    reinsurer: str
    insurers: tuple[str, ...]


def cast_of(arguments: LossDevelopment, scenario: Scenario) -> Cast:  # noqa: ARG001 - a flow's shape
    """The first actuary and reinsurer, and every insurer. ValueError where one is missing."""
    names: dict[str, list[str]] = {}
    for client in scenario.client_names:
        names.setdefault(client.role, []).append(client.name)
    for role in ("actuary", "reinsurer", "insurer"):
        if role not in names:
            raise ValueError(f"losses that develop need somebody of role `{role}`")
    return Cast(names["actuary"][0], names["reinsurer"][0], tuple(names["insurer"]))
