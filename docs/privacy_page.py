"""Writes the table of ``docs/privacy-modes.md`` from a run of each privacy scenario: run it by itself (ten seconds).

What a place held comes from the run's ``leakage.json`` matrix; the central database's row is what one holder of
everything would give away, by definition and not by a run.
"""
# ruff: noqa: INP001, T201 - a script beside the pages, which prints

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scenarios.dashboard import NoView  # noqa: E402 - after the path
from scenarios.language import load_scenario  # noqa: E402
from scenarios.results.leakage import BUS, Holding, Leakage  # noqa: E402
from scenarios.runner import run  # noqa: E402
from scenarios.shipped import find_scenario  # noqa: E402

PAGE = ROOT / "docs" / "privacy-modes.md"
MODES = ("plain", "encrypted", "collection", "hash", "holder")
RECORD = "medical_record"
PARTIES = frozenset({"insurer", "hospital"})
"""Who has to know of a claim; the other members have not, nor has whoever listens."""

BEGIN, END = "<!-- table: docs/privacy_page.py -->\n", "<!-- end -->\n"


class Exposure(NamedTuple):
    """Of the fields of one claim's records (``fields``), how many each kind of place held at the run's end.

    ``parties``, ``others``: the most that any one of them held as a value; ``stolen``: the most that the disk of any
    node gives away as values, ``sealed`` as ciphertext; ``erased``: the most that one held and held no longer.
    """

    fields: int
    parties: int
    others: int
    bus: int
    bus_sealed: int
    stolen: int
    sealed: int
    erased: int


def main() -> None:
    """Five runs, one table."""
    rows = [(mode, exposure(leakage(mode))) for mode in MODES]
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}{table(rows)}{END}{after}", encoding="utf-8")
    print(PAGE)


def leakage(mode: str) -> Leakage:
    """The matrix of one run of the claim in that mode."""
    result = run(load_scenario(find_scenario(f"privacy_{mode}")), view=NoView(), mode="virtual", out=None)
    assert result.verdict == "pass"  # noqa: S101 - a page of a failed run would be untrue
    assert result.finished.leakage is not None  # noqa: S101
    return result.finished.leakage


def exposure(found: Leakage) -> Exposure:
    """Counted over the rows of the medical record, a field once for each time that it was shared."""
    rows = [row for row in found.rows if row.data_class == RECORD]
    nodes = [place for place in found.places if place != BUS]

    def held(place: str, how: Holding) -> int:
        return sum(row.cells[place] is how for row in rows)

    def most(places: list[str], how: Holding) -> int:
        return max(held(place, how) for place in places)

    return Exposure(
        fields=len(rows),
        parties=most([place for place in nodes if place in PARTIES], Holding.PLAIN),
        others=most([place for place in nodes if place not in PARTIES], Holding.PLAIN),
        bus=held(BUS, Holding.PLAIN),
        bus_sealed=held(BUS, Holding.CIPHERTEXT),
        stolen=most(nodes, Holding.PLAIN),
        sealed=most(nodes, Holding.CIPHERTEXT),
        erased=most(nodes, Holding.PURGED),
    )


def table(rows: list[tuple[str, Exposure]]) -> str:
    """A row for each mode, and the database's."""
    lines = ["| | a party's node | another member's | a listener on the bus | one stolen disk | erased on a node |"]
    lines += ["|-|-:|-:|-:|-:|-:|"]
    for mode, found in rows:
        bus, stolen = (
            f"{plain}{f', {sealed} sealed' if sealed else ''}"
            for plain, sealed in ((found.bus, found.bus_sealed), (found.stolen, found.sealed))
        )
        lines.append(f"| `{mode}` | {found.parties} | {found.others} | {bus} | {stolen} | {found.erased} |")
    every = rows[0][1].fields
    lines.append(f"| one central database | {every} | 0 | 0 | {every}, of everybody's records | 0 |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
