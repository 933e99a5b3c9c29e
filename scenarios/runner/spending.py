"""Real health spending 真实医疗支出: the person-years of the RAND Health Insurance Experiment.

The shipped extract (``configs/data/rand_hie.csv.gz``, see the README beside it) gives what one person spent on
medical care in one year of the study, in US cents of the 1970s and 1980s, integers only.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from typing import NamedTuple

STUDY_YEARS = (1, 2, 3, 4, 5)

_HEADER = "person,year,plan,coinsurance,age,female,visits,admissions,inpatient_cents,medical_cents"


class PersonYear(NamedTuple):
    """One person in one year of the study. ``(person, year)`` is unique; rows ascend by it."""

    person: int  # the study's identifier; the leading digit is the site
    year: int  # of the study, 1 to 5
    plan: int  # number of the insurance plan the family was assigned to
    coinsurance: int  # percent of a bill that the plan left to the family: 0, 25, 50, 95 or 100
    age: int  # completed years, 0 to 64
    female: int  # 1 or 0
    visits: int  # face to face with a physician
    admissions: int  # to hospital
    inpatient_cents: int  # facilities and physicians
    medical_cents: int  # inpatient, outpatient, drugs and supplies; without psychotherapy

    @property
    def outpatient_cents(self) -> int:
        """Everything but inpatient care: visits, drugs and supplies. Never negative."""
        return self.medical_cents - self.inpatient_cents


@cache
def load_person_years() -> tuple[PersonYear, ...]:
    """All 20,190 person-years, in order of (person, year).

    Raises ValueError where the shipped file is not what this program expects.
    """
    packed = files("configs").joinpath("data", "rand_hie.csv.gz").read_bytes()
    header, *lines = gzip.decompress(packed).decode("ascii").splitlines()
    if header != _HEADER:
        raise ValueError(f"configs/data/rand_hie.csv.gz has the columns {header!r}")
    return tuple(PersonYear(*map(int, line.split(","))) for line in lines)
