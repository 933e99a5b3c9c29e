"""Mortality and morbidity tables 生命表 of the Society of Actuaries' collection, as the package ``pymort`` ships them.

Rates are read from the tables' own text as exact decimals; the package's code, which makes floats of them, is not run.
The collection does not say under which licence its tables stand, so none is copied into this program: whoever
prices by one installs the extra ``tables``, and what goes into a product file are premiums.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec

CHINA_LIFE = {"CL1": 3375, "CL2": 3376, "CL3": 3377, "CL4": 3378, "CL5": 3379, "CL6": 3380}
"""China Life Insurance Mortality Table (2010-2013) 中国人身保险业经验生命表: non-annuity 1 (protection), male and
female; non-annuity 2 (savings), male and female; annuity, male and female."""


class TableError(Exception):
    """There is no such table, or it is not one of rates by age."""


class RateTable(msgspec.Struct, frozen=True, kw_only=True):
    """A year's probability of the event by age in completed years, exactly as published."""

    number: int
    """In the collection."""
    name: str
    source: str
    rates: dict[int, Fraction]

    def rate(self, age: int) -> Fraction:
        """q(x), between 0 and 1; TableError where the table ends before or begins after that age."""
        if age not in self.rates:
            raise TableError(f"{self.name} goes from age {min(self.rates)} to {max(self.rates)}; {age} is not in it")
        return self.rates[age]


def load_table(name: str) -> RateTable:
    """The table called ``name``: one of :data:`CHINA_LIFE`, or a number of the collection. TableError if it is none."""
    number = CHINA_LIFE.get(name.upper())
    if number is None:
        if not (name.isdecimal() and name.isascii() and len(name) <= 6):
            known = ", ".join(CHINA_LIFE)
            raise TableError(f"there is no table `{name[:40]}`; there are {known}, and others by number")
        number = int(name)
    file = _collection() / f"t{number}.xml"
    if not file.is_file():
        raise TableError(f"the collection has no table {number}")
    return _parsed(file.read_text(encoding="utf-8-sig"), number)


def _collection() -> Path:
    found = find_spec("pymort")
    if found is None or not found.submodule_search_locations:
        raise TableError("tables come with an extra: pip install 'consortium-sim[tables]'")
    return Path(next(iter(found.submodule_search_locations))) / "table_xml"


def _parsed(text: str, number: int) -> RateTable:
    root = ET.fromstring(text)  # noqa: S314 - a file of an installed package
    tables = root.findall("./Table")
    name = root.findtext("./ContentClassification/TableName") or f"table {number}"
    axes = [] if len(tables) != 1 else tables[0].findall("./MetaData/AxisDef")
    if len(axes) != 1 or (axes[0].findtext("ScaleType") or "").lower() != "age":
        raise TableError(f"{name} is not one of rates by age alone")
    scale = Decimal(tables[0].findtext("./MetaData/ScalingFactor") or "0")
    rates = {}
    for cell in tables[0].findall("./Values/Axis/Y"):
        try:
            rate = Fraction(Decimal(cell.text or ""))
        except InvalidOperation:
            raise TableError(f"{name}: no number at age {cell.get('t')}") from None
        rates[int(cell.get("t", "-1"))] = rate / Fraction(10) ** int(scale)
    if not rates or not all(0 <= rate <= 1 for rate in rates.values()):
        raise TableError(f"{name} does not hold probabilities")
    return RateTable(
        number=number,
        name=name,
        source=root.findtext("./ContentClassification/ProviderName") or "unknown",
        rates=dict(sorted(rates.items())),
    )
