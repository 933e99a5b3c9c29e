"""The shipped spending data is the study's: its checksum, its rows, and the summary figures of the README."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from fractions import Fraction
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from pathlib import Path

import pytest

from scenarios.runner.spending import PersonYear, load_person_years

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "configs" / "data" / "rand_hie.csv.gz"
EXTRACT_SHA256 = "0a5c2d8682ef21a86c269a3b3924f60553b6d7be23bc1204eb866449c78dbcc2"

# The first rows of the source table, with the columns the extract does not use cut out of header and rows alike.
SOURCE_HEAD = """\
plan,coins,year,zper,xage,female,inpdol,meddol,totadm,mdvis
3,100,1,125024,42.87748,0,0,8.451119,0,0
3,100,2,125024,43.87748,0,0,62.07547,0,2
"""


def extractor():
    spec = spec_from_file_location("rand_hie_extract", HERE / "rand_hie_extract.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def quantile(values: list[int], q: Fraction) -> Fraction:
    """Linear interpolation between order statistics (Hyndman and Fan's type 7)."""
    place = (len(values) - 1) * q
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


def test_the_extract_is_the_one_the_readme_names():
    digest = sha256(gzip.decompress(SHIPPED.read_bytes())).hexdigest()
    assert digest == EXTRACT_SHA256
    assert digest in (SHIPPED.parent / "README.md").read_text()


def test_extraction_keeps_order_and_rounds_half_to_even_from_the_text():
    module = extractor()
    expected = module.HEADER + "\n125024,1,3,100,42,0,0,0,0,845\n125024,2,3,100,43,0,2,0,0,6208\n"
    assert module.extract(SOURCE_HEAD) == expected
    assert gzip.decompress(SHIPPED.read_bytes()).decode().startswith(expected)
    assert [module.cents(text) for text in ("0", ".005", ".015", "39182.02", "8.451119")] == [0, 0, 2, 3918202, 845]


@pytest.mark.skipif("RAND_HIE_SOURCE" not in os.environ, reason="set RAND_HIE_SOURCE to the study's randhie.csv")
def test_the_extract_is_rebuilt_from_the_source():
    assert extractor().main([os.environ["RAND_HIE_SOURCE"]]) == 0


def test_rows_are_unique_ordered_and_whole():
    rows = load_person_years()
    assert len(rows) == 20_190
    assert rows[0] == PersonYear(125024, 1, 3, 100, 42, 0, 0, 0, 0, 845)
    keys = [(row.person, row.year) for row in rows]
    assert all(a < b for a, b in pairwise(keys))
    assert len({row.person for row in rows}) == 5_912
    assert Counter(row.year for row in rows) == {1: 5_638, 2: 5_575, 3: 5_548, 4: 1_715, 5: 1_714}
    assert Counter(row.coinsurance for row in rows) == {0: 10_997, 25: 4_065, 50: 1_401, 95: 2_653, 100: 1_074}
    assert {row.female for row in rows} == {0, 1}
    assert (min(row.age for row in rows), max(row.age for row in rows)) == (0, 64)
    assert all(0 <= row.inpatient_cents <= row.medical_cents for row in rows)
    assert all(row.outpatient_cents >= 0 for row in rows)


def test_medical_spending_has_the_published_shape():
    medical = sorted(row.medical_cents for row in load_person_years())
    assert round(Fraction(medical.count(0), len(medical)) * 1000) == 221  # 22.1 % spend nothing
    assert round(Fraction(sum(medical), len(medical)) / 10) == 1_716  # mean 171.6 dollars
    quantiles = [round(quantile(medical, Fraction(q, 100)) / 100) for q in (50, 90, 99, 100)]
    assert quantiles == [35, 341, 2_211, 39_182]


def test_inpatient_spending_has_the_published_shape():
    inpatient = [row.inpatient_cents for row in load_person_years()]
    assert round(Fraction(inpatient.count(0), len(inpatient)) * 1000) == 910  # 91.0 % are never admitted
    assert round(Fraction(sum(inpatient), len(inpatient)) / 10) == 1_005  # mean 100.5 dollars
