"""A run's reinsurance messages: what it agreed on by contract, as the messages that would have said so.

Whoever exports stands where a treaty's two sides stand: the ledger alone has no amounts to show.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from node.contracts.bordereaux import line_path
from node.contracts.bordereaux.books import StateArgs
from node.contracts.bordereaux.breaks import CorrectArgs
from node.contracts.money import format_fen, parse_fen
from node.ledger.transaction import decode_transaction
from node.privacy import Value, commitment
from scenarios.edges.reinsurance.messages import (
    Acknowledgement,
    Bordereau,
    ClaimMovement,
    Entry,
    Item,
    Line,
    Message,
    MessageError,
    TechnicalAccount,
    summed,
)
from scenarios.edges.run_records import Records, read_run
from scenarios.runner.plan import Plan

_KEPT = ("treaties", "statements", "bordereaux", "bordereau_lines", "reinsured_losses", "reserve_movements")
_COLUMNS = ("reference", "amount_fen", "salt")
_TELLING: Mapping[str, type[StateArgs | CorrectArgs]] = {"state": StateArgs, "correct": CorrectArgs}
_HEADINGS: tuple[tuple[str, Entry, int], ...] = (
    ("premium_fen", "premium", 1),
    ("commission_fen", "commission", -1),
    ("recovery_fen", "loss", -1),
)
"""What a statement's sealed totals are as an account's entries, and their sign from the reinsurer's side."""


def messages_of(path: Path) -> list[Message]:
    """The messages of the run whose folder is ``path``, by kind and reference; MessageError where it has none."""
    plan, records = read_run(path, _KEPT, MessageError)
    sealed = {
        shared.envelope.record: {opening.path: opening.value for opening in shared.openings}
        for shared in plan.workload.shared
    }
    found = [
        *_accounts(records, sealed),
        *_bordereaux(records, sealed, plan),
        *_movements(records, sealed),
    ]
    if not found:
        lacking = "no account of premium, commission and recovery, no bordereau's lines, no reserves"
        raise MessageError(str(path), f"has no messages: {lacking}")
    return [summed(message) for message in found]


def _accounts(records: Records, sealed: Mapping[str, Mapping[str, Value]]) -> Iterator[Message]:
    for key, statement in records["statements"].items():
        fields = sealed.get(key)
        if fields is None or any(name not in fields for name, _, _ in _HEADINGS):
            continue  # stated under other headings than an account has
        treaty = records["treaties"][statement["treaty"]]
        account = TechnicalAccount(
            reference=key,
            sender=treaty["cedent"],
            receiver=treaty["reinsurer"],
            day=_day(statement["issued_ms"]),
            contract=statement["treaty"],
            period=statement["period"],
            items=tuple(Item(entry, _yuan(fields[name], sign)) for name, entry, sign in _HEADINGS),
            balance=_yuan(fields["balance_fen"]),
        )
        yield account
        if statement["state"] != "ISSUED":
            breaks = tuple(statement["breaks"])
            yield _answer(account, statement["answered_ms"], breaks)


def _bordereaux(records: Records, sealed: Mapping[str, Mapping[str, Value]], plan: Plan) -> Iterator[Message]:
    stated = _stated(plan)
    for key, held in records["bordereaux"].items():
        told = {
            str(reference): (fen, str(salt))
            for carrier in stated.get(key, ())
            if carrier in sealed
            for reference, fen, salt in zip(*(_column(sealed[carrier], name) for name in _COLUMNS), strict=True)
        }
        standing = {name: records["bordereau_lines"].get(f"{key}|{name}") for name in sorted(told)}
        lines = tuple(
            Line(name, _yuan(told[name][0]), _agreed(line, line_path(held["kind"], name), *told[name]))
            for name, line in standing.items()
            if line is not None  # the others were taken out again
        )
        if not lines:
            continue  # stated in other fields than lines have
        bordereau = Bordereau(
            reference=key,
            sender=held["cedent"],
            receiver=held["reinsurer"],
            day=_day(held["ends_ms"]),
            contract=held["treaty"],
            period=held["period"],
            kind=held["kind"],
            lines=lines,
            total=format_fen(sum(parse_fen(line.amount) for line in lines)),
        )
        yield bordereau
        if held["state"] == "CONFIRMED":
            yield _answer(bordereau, held["confirmed_ms"], ())


def _movements(records: Records, sealed: Mapping[str, Mapping[str, Value]]) -> Iterator[Message]:
    for key, loss in records["reinsured_losses"].items():
        treaty, _, reference = key.partition("|")
        header = {"contract": treaty, "claim": reference}
        told = {**header, "sender": loss["cedent"], "receiver": loss["reinsurer"], "step": "notice", "change": "0.00"}
        yield ClaimMovement(**told, reference=key, day=_day(loss["noticed_ms"]), outstanding="0.00")
        outstanding = 0
        for number in range(loss["movements"]):
            place = f"{key}|{number:04}"
            movement = records["reserve_movements"][place]
            change = sealed[movement["moved_by"]]["change_fen"]
            outstanding += change if isinstance(change, int) else 0
            yield ClaimMovement(
                **{**told, "step": movement["kind"], "change": _yuan(change)},
                reference=place,
                day=_day(movement["time_ms"]),
                outstanding=_yuan(outstanding),
            )


def _answer(message: TechnicalAccount | Bordereau, time_ms: int, breaks: tuple[str, ...]) -> Acknowledgement:
    return Acknowledgement(
        reference=f"{message.reference}|answer",
        sender=message.receiver,
        receiver=message.sender,
        day=_day(time_ms),
        contract=message.contract,
        answers=message.reference,
        status="query" if breaks else "agreed",
        breaks=breaks,
    )


def _stated(plan: Plan) -> dict[str, list[str]]:
    """By bordereau, the transactions that tell or correct lines of it, in their order."""
    found: dict[str, list[str]] = {}
    for step in plan.workload.steps:
        if step.query is None:
            body = decode_transaction(step.raw).body
            kind = _TELLING.get(body.action) if body.contract == "bordereaux" else None
            if kind is not None:
                arguments = msgspec.msgpack.decode(body.arguments, type=kind)
                found.setdefault(arguments.bordereau, []).append(f"{body.client}/{body.number}")
    return found


def _column(fields: Mapping[str, Value], name: str) -> list[Value]:
    parts = (fields[path] for path in sorted(fields) if path.startswith(f"{name}/"))
    return [value for part in parts if isinstance(part, tuple) for value in part]


def _agreed(line: Mapping[str, Any], path: str, fen: Value, salt: str) -> bool:
    """Do both books have the very figure that was told?"""
    return not line["broken_ms"] and line["cedent"] == line["reinsurer"] == commitment(path, fen, salt)


def _yuan(fen: Value, sign: int = 1) -> str:
    if not isinstance(fen, int):
        raise MessageError("", f"{fen!r} is no amount")
    return format_fen(sign * fen)


def _day(time_ms: int) -> str:
    return dt.datetime.fromtimestamp(time_ms / 1000, dt.UTC).strftime("%Y%m%d")
