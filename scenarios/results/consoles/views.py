"""What each end may see of the state, as data: a console is made of these parts and of nothing else.

G, the government's, sees totals by institution and what is kept for supervisors; no person and no pseudonym. C sees the
customer's own policies, claims, accounts, and who read what about them. B sees an institution's own business, in counts
and by object, without its customers' names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from scenarios.results.accounts.telling import moment
from scenarios.results.exports.source import ExtractError, RunFiles
from scenarios.results.figures import Column, Sheet, Unit

ENDS = ("G", "C", "B")

Row = Mapping[str, Any]
State = Mapping[str, Sequence[tuple[str, Row]]]
Cells = tuple[str | int | None, ...]
Part = Callable[[State, str], Sheet]
"""(business state, who looks) -> one table of the console."""

_GOVERNMENT = ("regulator", "bureau")
_CUSTOMER = ("patient",)


class ConsoleError(Exception):
    """There is no such console; the message says what there is."""


class Console(NamedTuple):
    """One end's view of one run."""

    end: str
    title: str
    who: str
    run: str
    sheets: tuple[Sheet, ...]


def open_console(folder: Path, end: str, who: str | None = None) -> Console:
    """The console of that end for ``who``, or for the only one or the first it could be for.

    ConsoleError where there is no such end or nobody of that name stands at it, or the folder is no run's.
    """
    if end not in ENDS:
        raise ConsoleError(f"there is no end {end!r}; there are {', '.join(ENDS)}")
    try:
        files = RunFiles(folder)
        roles = {client.name: client.role for client in files.genesis.clients}
        state = files.business
    except ExtractError as error:
        raise ConsoleError(str(error)) from None
    at = [name for name, role in sorted(roles.items()) if _end_of(role) == end]
    if not at:
        raise ConsoleError(f"{folder}: nobody of this run stands at the end {end}")
    if who is not None and who not in at:
        raise ConsoleError(f"{who!r} does not stand at the end {end}; there: {', '.join(at)}")
    viewer = who or next((name for name in at if roles[name] == "regulator"), at[0])
    title, parts = _CONSOLES[end]
    sheets = (part(state, viewer) for part in parts)
    return Console(end, title, viewer, files.manifest.scenario, tuple(sheet for sheet in sheets if sheet.rows))


def _end_of(role: str) -> str:
    return "G" if role in _GOVERNMENT else "C" if role in _CUSTOMER else "B"


def _sheet(title: str, columns: Mapping[str, Unit], rows: Iterator[Cells], note: str = "") -> Sheet:
    return Sheet(title=title, columns=tuple(Column(*one) for one in columns.items()), rows=tuple(rows), note=note)


def _of(state: State, namespace: str) -> Sequence[tuple[str, Row]]:
    return state.get(namespace, ())


# What the government sees


def _market(state: State, _: str) -> Sheet:
    sold: Counter[str] = Counter()
    premium: Counter[str] = Counter()
    for _key, policy in _of(state, "policies"):
        sold[policy["insurer"]] += 1
        premium[policy["insurer"]] += policy["premium_fen"]
    claims = Counter(claim["insurer"] for _, claim in _of(state, "claims"))
    paid: Counter[str] = Counter()
    for _key, claim in _of(state, "claims"):
        paid[claim["insurer"]] += claim["paid_fen"]
    rows = ((name, sold[name], premium[name], claims[name], paid[name]) for name in sorted({*sold, *claims}))
    columns: Mapping[str, Unit] = {
        "insurer": "text",
        "policies": "count",
        "yearly premium": "fen",
        "claims": "count",
        "paid": "fen",
    }
    return _sheet("The market 市场", columns, iter(rows), "Totals by institution; no person is in them.")


def _alerts(state: State, _: str) -> Sheet:
    rows = (
        (alert["rule"], alert["institution"], moment(alert["occurred_ms"]), moment(alert["detected_ms"]))
        for _, alert in _of(state, "oversight_alerts")
    )
    columns: Mapping[str, Unit] = {"rule": "text", "institution": "text", "a breach since": "text", "found": "text"}
    return _sheet("Alerts 预警", columns, iter(rows), "Whom and what each is about, the regulator asks its node for.")


def _reports(state: State, who: str) -> Sheet:
    rows = (
        (moment(report["time_ms"]), report["reporter"], report["kind"], len(report["values"]))
        for _, report in _of(state, "supervision_reports")
        if report["regulator"] == who
    )
    columns: Mapping[str, Unit] = {"when": "text", "reporter": "text", "kind": "text", "fields": "count"}
    return _sheet(
        "Reports to this regulator 报送", columns, iter(rows), "Its node opens them; the ledger has commitments."
    )


def _orders(state: State, _: str) -> Sheet:
    rows = (
        (key.partition("/")[0], order["state"].lower(), order["reason"], ", ".join(order["decided_by"]))
        for key, order in _of(state, "oversight_freezes")
    )
    columns: Mapping[str, Unit] = {"what": "text", "state": "text", "reason": "text", "decided by": "text"}
    return _sheet("Freeze orders 冻结令", columns, iter(rows))


def _books(state: State, _: str) -> Sheet:
    rows = (
        (*key.split("/", 1), closing["entries"], moment(closing["closed_ms"]))
        for key, closing in _of(state, "ledger_closings")
    )
    columns: Mapping[str, Unit] = {"institution": "text", "period": "text", "entries": "count", "signed": "text"}
    return _sheet("Books signed 总账", columns, iter(rows))


def _accesses(state: State, _: str) -> Sheet:
    read = Counter((entry["reader"], entry["field"]) for _, entry in _of(state, "access_log"))
    columns: Mapping[str, Unit] = {"reader": "text", "field": "text", "times": "count"}
    return _sheet("Personal data read 信息调阅", columns, ((*who, times) for who, times in sorted(read.items())))


# What a customer sees


def _my_policies(state: State, who: str) -> Sheet:
    rows = (
        (
            key,
            policy["product"],
            policy["insurer"],
            policy["state"].lower(),
            moment(policy["ends_ms"]),
            policy["premium_fen"],
        )
        for key, policy in _of(state, "policies")
        if policy["holder"] == who
    )
    columns: Mapping[str, Unit] = {
        "policy": "text",
        "product": "text",
        "insurer": "text",
        "state": "text",
        "until": "text",
        "yearly premium": "fen",
    }
    return _sheet("My policies 我的保单", columns, iter(rows))


def _my_claims(state: State, who: str) -> Sheet:
    mine = {key for key, policy in _of(state, "policies") if policy["holder"] == who}
    rows = (
        (key, claim["benefit"], claim["state"].lower(), moment(claim["reported_ms"]), claim["paid_fen"])
        for key, claim in _of(state, "claims")
        if claim["policy"] in mine
    )
    columns: Mapping[str, Unit] = {
        "claim": "text",
        "benefit": "text",
        "state": "text",
        "reported": "text",
        "paid": "fen",
    }
    return _sheet("My claims 我的理赔", columns, iter(rows))


def _my_readers(state: State, who: str) -> Sheet:
    mine = {key for key, subject in _of(state, "subjects") if who in subject["wallets"]}
    rows = (
        (moment(entry["time_ms"]), entry["reader"], entry["holder"], entry["field"])
        for _, entry in _of(state, "access_log")
        if entry["subject"] in mine
    )
    columns: Mapping[str, Unit] = {"when": "text", "who read": "text", "held by": "text", "field": "text"}
    return _sheet("Who read about me 谁看过我", columns, iter(rows))


def _my_accounts(state: State, who: str) -> Sheet:
    rows = ((of["kind"], of["balance_fen"]) for _, of in _of(state, "accounts") if of["owner"] == who)
    return _sheet("Accounts 账户", {"kind": "text", "balance": "fen"}, iter(rows), "Debits count positive.")


# What a business sees


def _sold(state: State, who: str) -> Sheet:
    kinds = Counter(
        (policy["product"], policy["state"].lower()) for _, policy in _of(state, "policies") if policy["insurer"] == who
    )
    columns: Mapping[str, Unit] = {"product": "text", "state": "text", "policies": "count"}
    return _sheet("Policies sold 承保", columns, ((*kind, number) for kind, number in sorted(kinds.items())))


def _handled(state: State, who: str) -> Sheet:
    rows = (
        (key, claim["benefit"], claim["state"].lower(), claim["payable_fen"], claim["paid_fen"])
        for key, claim in _of(state, "claims")
        if who in {claim["insurer"], claim["hospital"]}
    )
    columns: Mapping[str, Unit] = {
        "claim": "text",
        "benefit": "text",
        "state": "text",
        "approved": "fen",
        "paid": "fen",
    }
    return _sheet("Claims 理赔", columns, ((_numbered(key), *rest) for key, *rest in rows))


def _treaties(state: State, who: str) -> Sheet:
    rows = (
        (key, treaty["state"].lower(), treaty["cedent"], treaty["reinsurer"])
        for key, treaty in _of(state, "treaties")
        if who in {treaty["cedent"], treaty["reinsurer"]}
    )
    columns: Mapping[str, Unit] = {"treaty": "text", "state": "text", "cedent": "text", "reinsurer": "text"}
    return _sheet("Treaties 再保险合约", columns, iter(rows), "Terms are sealed.")


def _numbered(key: str) -> str:
    """An object's number alone: its key names the customer who made it."""
    return f"no. {key.rpartition('/')[2]}"


_CONSOLES: dict[str, tuple[str, tuple[Part, ...]]] = {
    "G": ("Government 管理 (G)", (_market, _alerts, _orders, _reports, _books, _accesses)),
    "C": ("Customer 存证 (C)", (_my_policies, _my_claims, _my_readers, _my_accounts)),
    "B": ("Business 运营 (B)", (_sold, _handled, _treaties, _my_accounts)),
}
