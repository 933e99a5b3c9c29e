"""Disease map 疫病地图 (row 25): how many animals died of what in which region, for supervisors.

A region shows from so many deaths on that no farm stands out among them.
"""

from __future__ import annotations

from typing import ClassVar

from node.contracts.context import Context
from node.contracts.fields import Readers, Record

CELL_MIN = 3
"""Where the settings say nothing."""


class DiseaseCount(Record, frozen=True):
    """How many animals died of a disease in a region; the key is ``disease/region``."""

    namespace: ClassVar[str] = "disease_counts"

    deaths: int


class DiseaseMap(Record, frozen=True):
    """The same for supervisors 疫病地图: None where there are so few that a farm would stand out."""

    namespace: ClassVar[str] = "disease_map"
    readers: ClassVar[Readers] = Readers.SUPERVISORS

    deaths: int | None


class DiseaseTerms(Record, frozen=True):
    """From how many deaths on a region shows; the key is "terms"."""

    namespace: ClassVar[str] = "disease_terms"
    readers: ClassVar[Readers] = Readers.EVERYONE

    cell_min: int


def count_death(ctx: Context, disease: str, region: str) -> None:
    """One more animal has died."""
    cell = f"{disease}/{region}"
    found = ctx.get(DiseaseCount, cell)
    deaths = 1 if found is None else found.deaths + 1
    ctx.put(cell, DiseaseCount(deaths=deaths))
    terms = ctx.get(DiseaseTerms, "terms") or DiseaseTerms(cell_min=CELL_MIN)
    ctx.put(cell, DiseaseMap(deaths=shown(deaths, terms.cell_min)))


def shown(deaths: int, cell_min: int) -> int | None:
    """What supervisors see of a region's deaths."""
    return deaths if deaths >= cell_min else None
