"""What the run means to its parties: how far cases came, who paid whom, who learnt what, and what was assumed."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from scenarios.results.leakage import Holding, Leakage
from scenarios.results.leakage import Row as Field
from scenarios.results.report.accounts import accounts as accounts_section
from scenarios.results.report.bars import Bar, bars
from scenarios.results.report.facts import Facts
from scenarios.results.report.money import sankey
from scenarios.results.report.parts import Cell, Section, Table, figure
from scenarios.results.report.words import count, money, share

_LETTERS = {
    Holding.NOTHING: ("·", "nothing"),
    Holding.HASH: ("h", "its salted hash"),
    Holding.CIPHERTEXT: ("c", "ciphertext"),
    Holding.PURGED: ("x", "the value once, purged since"),
    Holding.PLAIN: ("P", "the value"),
}
TALK_MAX = 60
"""Rows of who talked to whom."""


def claims_funnel(facts: Facts) -> Section:
    """How many cases came to each stage."""
    id_, title = "funnel", "Funnel of cases"
    if not facts.funnel:
        absent = "no step of its workload names a stage" if facts.funnel is not None else "its files have no funnel"
        return Section(id=id_, title=title, absent=absent)
    flows = list(dict.fromkeys(stage.flow for stage in facts.funnel))
    figures = []
    for flow in flows:
        rows = [
            Bar(found.stage, found.planned, found.reached, f"{count(found.reached)} of {count(found.planned)}")
            for found in facts.funnel
            if found.flow == flow
        ]
        name = f"Cases of {flow or 'no flow'} at each stage"
        drawing = partial(bars, rows, label=name)
        figures.append(figure(name, drawing, [("c0", "reached"), ("outer", "planned")]))
    table = Table(
        caption="Cases by flow and stage",
        head=("flow", "stage", "planned", "reached", "refused", "not answered"),
        rows=[
            (s.flow, s.stage, *(count(n) for n in (s.planned, s.reached, s.refused, s.planned - s.reached - s.refused)))
            for s in facts.funnel
        ],
        numbers=frozenset({2, 3, 4, 5}),
        folded=True,
    )
    return Section(
        id=id_,
        title=title,
        lead="Stages as the workload names them, in its order; a case counts once at a stage.",
        figures=figures,
        tables=[table],
    )


def money_flows(facts: Facts) -> Section:
    """Who paid whom."""
    id_, title = "money", "Money between organisations"
    if facts.flows is None:
        return Section(id=id_, title=title, absent="the nodes agree on no business state, so there is no file of it")
    flows = facts.flows.flows
    if not flows:
        return Section(id=id_, title=title, absent="no money moved between owners")
    groups = "; ".join(
        f"{name} are {count(number)} wallets" for name, number in facts.flows.wallets.items() if number > 1
    )
    return Section(
        id=id_,
        title=title,
        lead="Cash that moved between owners, from the postings of the final state; opening balances are left out."
        + (f" {groups[0].upper()}{groups[1:]}." if groups else ""),
        figures=[figure("Money from payers, left, to payees, right", lambda width: sankey(flows, width))],
        tables=[
            Table(
                caption="Money between owners",
                head=("payer", "payee", "amount", "postings", "share"),
                rows=[
                    (f.payer, f.payee, money(f.fen), count(f.postings), share(f.fen, sum(other.fen for other in flows)))
                    for f in flows
                ],
                numbers=frozenset({2, 3, 4}),
                folded=True,
            )
        ],
    )


def accounts(facts: Facts) -> Section:
    """Every account's turnover and balance, and that they add up."""
    return accounts_section(facts.booked)


def leakage(facts: Facts) -> Section:
    """Who ever held what."""
    id_, title = "leakage", "Leakage"
    found = facts.leakage
    if found is None:
        return Section(id=id_, title=title, absent="nothing was shared, so nobody could learn it")
    legend = ", ".join(f"{letter} {meaning}" for letter, meaning in _LETTERS.values())
    talk = sorted(found.talk, key=lambda talk: (-talk.bytes, talk.sender, talk.receiver))
    rows = [(t.sender, t.receiver, count(t.messages), count(t.bytes)) for t in talk[:TALK_MAX]]
    some = "" if len(talk) <= TALK_MAX else f", the {TALK_MAX} pairs of {count(len(talk))} with the most bytes"
    return Section(
        id=id_,
        title=title,
        lead=f"The most that each node, and a listener to the whole bus, ever held of each field: {legend}.",
        tables=[
            _matrix(found),
            Table(
                caption=f"What the metadata alone tells: who talked to whom{some}",
                head=("sender", "receiver", "messages", "bytes"),
                rows=rows,
                numbers=frozenset({2, 3}),
                folded=True,
            ),
        ],
    )


def _matrix(found: Leakage) -> Table:
    """Fields of a payload that are held alike share a row."""
    groups: dict[tuple[str, str, str, tuple[Holding, ...]], list[Field]] = {}
    for row in found.rows:
        held = tuple(row.cells[place] for place in found.places)
        groups.setdefault((row.step, row.data_class, row.mode, held), []).append(row)
    rows = [
        (step, data_class, mode, ", ".join(row.path for row in fields), *map(_cell, held))
        for (step, data_class, mode, held), fields in groups.items()
    ]
    return Table(
        caption="Who ever held what",
        head=("step", "class", "mode", "fields", *found.places),
        rows=rows,
        note=f"{count(len(found.rows))} fields; those of a payload that are held alike share a row.",
    )


def _cell(holding: Holding) -> Cell:
    letter, meaning = _LETTERS[holding]
    return Cell(letter, f"held {holding.value}", meaning)


def assumptions(facts: Facts) -> Section:
    """Values that no source gives."""
    id_, title = "assumptions", "Assumptions"
    if not facts.assumptions:
        return Section(id=id_, title=title, absent="its scenario declares none")
    rows = [
        (entry.get("id", "–"), _value(entry.get("value")), _value(entry.get("row")), entry.get("reason", "–"))
        for entry in facts.assumptions
    ]
    return Section(
        id=id_,
        title=title,
        lead="Values that the sources do not give, with the row of docs/systems.md that needs each.",
        tables=[Table(caption="What was assumed", head=("name", "value", "row", "why this value"), rows=rows)],
    )


def _value(value: Any) -> str:
    """A value of the scenario as it would be written."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple | list):
        return ", ".join(map(_value, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_value(item)}" for key, item in value.items())
    return str(value) if not isinstance(value, bool | None) else msgspec.json.encode(value).decode()
