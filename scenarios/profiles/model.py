"""A profile's file as typed values; everything that is wrong with it is told at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from scenarios.language.models.base import Part, Ppm, Word
from scenarios.language.problems import Mark, Problem, ScenarioInvalid
from scenarios.language.reading import read_file
from scenarios.profiles.formulas import FORMULAS
from scenarios.profiles.quantities import read_amount
from scenarios.results import STATISTICS

SUSTAINED = "sustained.rate"
"""Transactions a second between the first and the last full stretch of a run: what it settles at."""

Text = Annotated[str, Field(min_length=3, max_length=600)]


def _amount(value: str | int) -> str | int:
    try:
        read_amount(value)
    except ValueError as error:
        raise PydanticCustomError("unit", "{said}", {"said": str(error)}) from None
    return value


Written = Annotated[str | int, AfterValidator(_amount)]
"""A quantity as it is written, as "300/s"."""


class Given(Part):
    """A setting that is taken over as it was published."""

    setting: Text
    """Which, in words or by its place in the scenario."""
    value: Text
    """Its value."""


class Fitted(Part):
    """A setting that was chosen so that a figure comes out; the figure is then no prediction."""

    setting: Text
    """Which."""
    value: Text
    """Its value."""
    to: Text
    """The figure that it was fitted to."""
    reason: Text
    """Why this setting, and what stays free to disagree."""


class Play(Part):
    """One run of a shipped scenario, in virtual time."""

    name: Word
    """What figures call it."""
    scenario: Word
    """Which scenario."""
    set: tuple[Text, ...] = ()
    """Values that differ from the scenario's, as `consortium run --set` takes them."""


class Figure(Part):
    """One published figure, and where ours comes from."""

    what: Text
    """What it is."""
    published: Written
    """Its value, as published."""
    source: Text
    """Where."""
    role: Literal["predicted", "fitted", "calculated"]
    """Whether it could have come out otherwise."""
    play: Word | None = None
    """The run that it is measured in ..."""
    measure: Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z0-9_]+)+$")] | None = None
    """... and the measure, as `commit_latency.mean` or `sustained.rate`."""
    formula: Word | None = None
    """Or the formula ..."""
    terms: dict[Word, Written] = Field(default_factory=dict)
    """... and its terms."""
    within: Ppm | None = None
    """How far off it may be for the profile to hold; left out, the error is told and not judged."""
    remark: Text | None = None
    """Why it differs."""

    @model_validator(mode="after")
    def _one_way(self) -> Figure:
        if (self.play is None) == (self.formula is None) or (self.play is None) != (self.measure is None):
            raise ValueError("give `play` and `measure`, or `formula` and `terms`")
        if (self.role == "calculated") != (self.formula is not None):
            raise ValueError("what a formula gives is `calculated`, what a run gives is `predicted` or `fitted`")
        if self.formula is not None:
            if self.formula not in FORMULAS:
                raise ValueError(f"there is no formula `{self.formula}`; there are {', '.join(FORMULAS)}")
            needs = FORMULAS[self.formula][1]
            if set(needs) != self.terms.keys():
                raise ValueError(f"`{self.formula}` takes the terms {', '.join(needs)}")
        if self.measure not in {None, SUSTAINED} and self.measure.rpartition(".")[2] not in STATISTICS:
            raise ValueError(f"`{self.measure}` is no measure: end it in .{', .'.join(STATISTICS)}")
        return self


class Profile(Part):
    """One platform."""

    title: Text
    """Its name, in a line."""
    about: Text
    """What was published, and what can be told from it."""
    rows: tuple[int, ...] = ()
    """Rows of the table of systems that it belongs to."""
    given: tuple[Given, ...] = ()
    """What was taken over."""
    fitted: tuple[Fitted, ...] = ()
    """What was fitted, and to what."""
    plays: tuple[Play, ...] = ()
    """What is run."""
    figures: Annotated[tuple[Figure, ...], Field(min_length=1)]
    """What is compared."""

    @model_validator(mode="after")
    def _plays_exist(self) -> Profile:
        names = [play.name for play in self.plays]
        for figure in self.figures:
            if figure.play is not None and figure.play not in names:
                raise ValueError(f"`{figure.what}` is measured in `{figure.play}`, and there is no such play")
        if any(figure.role == "fitted" for figure in self.figures) and not self.fitted:
            raise ValueError("a figure is `fitted`: say under `fitted` what was")
        return self


def load_profile(path: Path) -> Profile:
    """The profile at ``path``; ScenarioInvalid where it is none."""
    document = read_file(path)
    try:
        return Profile.model_validate(document.root)
    except ValidationError as error:
        problems = []
        for detail in error.errors(include_url=False):
            place = tuple(detail["loc"])
            while place and place not in document.values:
                place = place[:-1]
            mark = document.mark(place) if place else Mark(str(path), -1, 0)
            missing = f"`{detail['loc'][-1]}` is missing" if detail["type"] == "missing" else ""
            message = missing or str(detail.get("ctx", {}).get("error", detail["msg"]))
            problems.append(Problem(mark, place, message[:1].lower() + message[1:]))
        raise ScenarioInvalid(problems) from None
