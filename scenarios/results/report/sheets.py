"""The tables that a run's flows tell of their business: what a year of a plan came to, say."""

from __future__ import annotations

from scenarios.results.figures import Sheet, Unit
from scenarios.results.report.facts import Facts
from scenarios.results.report.parts import Section, Table
from scenarios.results.report.words import count, money


def figures(facts: Facts) -> Section:
    """What the business came to."""
    id_, title = "figures", "What the business came to"
    if not facts.figures:
        return Section(id=id_, title=title, absent="neither its workload's flows nor tables on its ledger tell of it")
    return Section(
        id=id_,
        title=title,
        lead="From the state at the end of the run.",
        tables=[_table(sheet) for sheet in facts.figures],
    )


def _table(sheet: Sheet) -> Table:
    units = [column.unit for column in sheet.columns]
    return Table(
        caption=sheet.title,
        head=tuple(column.name for column in sheet.columns),
        rows=[tuple(map(_cell, row, units)) for row in sheet.rows],
        numbers=frozenset(place for place, unit in enumerate(units) if unit != "text"),
        note=sheet.note,
    )


def _cell(value: str | int | None, unit: Unit) -> str:
    if value is None:
        return "–"
    if not isinstance(value, int):
        return value
    match unit:
        case "fen":
            return money(value)
        case "ppm":
            return f"{value / 10_000:.2f} %"
        case _:
            return count(value)
