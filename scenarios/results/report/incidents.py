"""What went wrong, by the four classes of risk 四类风控, and who found it how soon."""

from __future__ import annotations

from scenarios.results.incidents.classes import CLASSES
from scenarios.results.report.facts import Facts
from scenarios.results.report.incident_list import HEAD, row, summary
from scenarios.results.report.parts import Cell, Section, Table

_STYLES = {"prevented": "verdict pass", "detected": "verdict pass", "felt": "verdict warn", "unseen": "verdict fail"}


def incidents(facts: Facts) -> Section:
    """A table for each class in which something went wrong."""
    id_, title = "incidents", "Incidents 事件"
    if not facts.incidents:
        return Section(id=id_, title=title, absent="nothing was injected, refused, suspected or found apart")
    return Section(
        id=id_,
        title=title,
        lead=f"{summary(facts.incidents)} Felt: nobody named it, but answers were slower than without faults."
        " Unseen: no detector answered. A dash stands for what no file of the run keeps.",
        tables=[table for risk in CLASSES if (table := _table(facts, risk)).rows],
    )


def _table(facts: Facts, risk: str) -> Table:
    rows = []
    for one in facts.incidents:
        if one.risk == risk:
            what, cause, when, fate, found, after = row(one)
            rows.append((what, cause, when, Cell(fate, _STYLES.get(fate, "")), found, after))
    return Table(caption=f"{risk.capitalize()} {CLASSES[risk]}", head=HEAD, rows=rows, folded=len(rows) > 12)
