"""Tables of the business state at the end: one for each kind of record that contracts keep, and the journal's lines.

Columns are the records' own fields, so a new contract's records become a table by themselves. What lies nested in a
record is one cell of JSON.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect as types

from node.contracts import CATALOGUE
from node.contracts.accounts import Posting
from node.contracts.fields import Record
from scenarios.results.exports.source import ExtractError, RunFiles, canonical
from scenarios.results.exports.tables import Column, Row, Table, integer, text

_NESTED = "_json"


def business_tables() -> tuple[Table, ...]:
    """By name, ``posting_lines`` last."""
    kinds = {kind.namespace: kind for contract in CATALOGUE.values() for kind in contract.records if kind.business}
    return (*(_table(kinds[name]) for name in sorted(kinds)), _LINES)


def _table(kind: type[Record]) -> Table:
    columns = tuple(_column(field) for field in _fields(kind))
    return Table(
        name=re.sub(r"\W", "_", kind.namespace),
        meaning=" ".join((inspect.getdoc(kind) or "").split()),
        source="`state/business.jsonl`",
        columns=(text("key", "of the entry; mostly the id of the transaction that made it"), *columns),
        rows=lambda files: _records(files, kind.namespace, columns),
        absent=_unshared,
    )


def _fields(kind: type[Record]) -> tuple[types.Field, ...]:
    found = types.type_info(kind)
    assert isinstance(found, types.StructType)  # noqa: S101 - every record is one
    return found.fields


def _column(field: types.Field) -> Column:
    inner: Any = field.type
    if isinstance(inner, types.UnionType):
        inner = next(option for option in inner.types if not isinstance(option, types.NoneType))
    match inner:
        case types.BoolType():
            return Column(field.name, "truth")
        case types.IntType():
            return Column(field.name, "integer")
        case types.StrType() | types.LiteralType():
            return Column(field.name, "text")
        case _:
            return Column(field.name + _NESTED, "text")


def _records(files: RunFiles, namespace: str, columns: tuple[Column, ...]) -> Iterator[Row]:
    for key, record in files.business.get(namespace, ()):
        yield (key, *(_cell(record, column) for column in columns))


def _cell(record: dict[str, Any], column: Column) -> Any:
    if column.name in record:
        return record[column.name]
    value = record.get(column.name.removesuffix(_NESTED))
    return None if value is None else canonical(value)


def _postings(files: RunFiles) -> Iterator[Row]:
    for key, record in files.business.get("postings", ()):
        try:
            posting = msgspec.convert(record, Posting)
        except msgspec.ValidationError as error:
            raise ExtractError(f"{files.folder.business}: the posting {key}: {error}") from None
        for position, (account, amount) in enumerate(posting.lines):
            yield key, position, posting.memo, posting.time_ms, account, account.partition("/")[0], amount


def _unshared(files: RunFiles) -> str | None:
    if files.manifest.business_root is None:
        return "the nodes at the greatest height share no business state"
    return None


_LINES = Table(
    name="posting_lines",
    meaning="The journal, a line a row: debits are positive, each posting sums up to nothing.",
    source="`state/business.jsonl`",
    columns=(
        text("posting", "its key in `postings`"),
        integer("position", "of the line, from 0"),
        text("memo"),
        integer("time_ms", "business time"),
        text("account", "its key in `accounts`"),
        text("owner", "of the account"),
        integer("amount_fen"),
    ),
    rows=_postings,
    absent=_unshared,
)
