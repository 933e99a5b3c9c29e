"""Writes tables: as CSV with nothing but Python, as Parquet and pandas frames with the extra ``analysis``."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

import msgspec

from scenarios.language.problems import did_you_mean
from scenarios.results.exports.catalogue import BUSINESS_TABLES, TABLES
from scenarios.results.exports.source import ExtractError, RunFiles
from scenarios.results.exports.tables import Row, Table
from scenarios.results.run_folder import replacing

Format = Literal["csv", "parquet"]

_BATCH_ROWS = 1 << 16
_END = 1 << 63
_FITS: dict[str, Callable[[Any], bool]] = {
    "integer": lambda value: type(value) is int and -_END <= value < _END,
    "text": lambda value: type(value) is str,
    "truth": lambda value: type(value) is bool,
}


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """One table that was written to ``path``, or why it was not (``absent``)."""

    table: str
    rows: int = 0
    path: Path | None = None
    absent: str | None = None


def write_tables(files: RunFiles, folder: Path, form: Format, names: Sequence[str] | None = None) -> list[Written]:
    """Write the tables named, or all that the run has, as ``<folder>/<table>.csv`` or ``.parquet``.

    Where all are meant, kinds of business records that the run has none of are left out. Each file appears whole or
    not at all. ExtractError where the run's files are damaged or a table is unknown; OSError where it cannot write.
    """
    chosen = [find_table(name) for name in names] if names is not None else list(TABLES.values())
    if form == "parquet":
        _analysis("pyarrow.parquet")
    return [found for table in chosen if (found := _write(files, folder, form, table, asked=names is not None))]


def find_table(name: str) -> Table:
    """The table of that name; ExtractError where there is none."""
    if name not in TABLES:
        raise ExtractError(f"there is no table {name!r}{did_you_mean(name, TABLES)}; there are: {', '.join(TABLES)}")
    return TABLES[name]


def frame(run: Path | str, name: str) -> Any:
    """One table of the run in the folder ``run``, as a ``pandas.DataFrame`` whose types know nulls.

    ExtractError where the run has no such table, and where pandas is not installed.
    """
    files, table = RunFiles(Path(run)), find_table(name)
    reason = table.absent(files)
    if reason is not None:
        raise ExtractError(f"{run}: has no table {name}: {reason}")
    pandas = _analysis("pandas")
    dtypes = {"integer": pandas.Int64Dtype(), "text": pandas.StringDtype(), "truth": pandas.BooleanDtype()}
    rows = list(_checked(files, table))
    return pandas.DataFrame(
        {
            column.name: pandas.array([row[place] for row in rows], dtype=dtypes[column.kind])
            for place, column in enumerate(table.columns)
        }
    )


def _write(files: RunFiles, folder: Path, form: Format, table: Table, *, asked: bool) -> Written | None:
    reason = table.absent(files)
    if reason is not None:
        return Written(table=table.name, absent=reason)
    rows = _checked(files, table)
    first = list(islice(rows, 1))
    if not first and not asked and table in BUSINESS_TABLES:
        return None
    path = folder / f"{table.name}.{form}"
    writer = _write_csv if form == "csv" else _write_parquet
    return Written(table=table.name, rows=writer(path, table, chain(first, rows)), path=path)


def _checked(files: RunFiles, table: Table) -> Iterator[Row]:
    """The table's rows; ExtractError where the run's files hold a value that is none of its column's."""
    fits = [_FITS[column.kind] for column in table.columns]
    for number, row in enumerate(table.rows(files), start=1):
        for value, fit, column in zip(row, fits, table.columns, strict=True):
            if value is not None and not fit(value):
                where = f"{files.folder.path}: {table.name}, row {number}"
                raise ExtractError(f"{where}: {column.name} is {value!r:.80}, no {column.kind}")
        yield row


def _write_csv(path: Path, table: Table, rows: Iterable[Row]) -> int:
    count = 0
    with replacing(path) as raw:
        file = io.TextIOWrapper(raw, encoding="utf-8", newline="")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in table.columns])
        for row in rows:
            writer.writerow([_cell(value) for value in row])
            count += 1
        file.flush()
        file.detach()
    return count


def _cell(value: Any) -> Any:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else value


def _write_parquet(path: Path, table: Table, rows: Iterable[Row]) -> int:
    arrow, parquet = _analysis("pyarrow"), _analysis("pyarrow.parquet")
    types = {"integer": arrow.int64(), "text": arrow.string(), "truth": arrow.bool_()}
    schema = arrow.schema(
        [
            arrow.field(column.name, types[column.kind], metadata={"unit": column.unit, "meaning": column.meaning})
            for column in table.columns
        ],
        metadata={"table": table.name, "meaning": table.meaning},
    )
    count = 0
    with replacing(path) as file, parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in _batches(rows):
            count += len(batch)
            values = zip(*batch, strict=True)
            columns = [arrow.array(column, type=field.type) for column, field in zip(values, schema, strict=True)]
            writer.write_table(arrow.Table.from_arrays(columns, schema=schema))
    return count


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, _BATCH_ROWS)):
        yield batch


def _analysis(module: str) -> Any:
    """A library of the extra ``analysis``."""
    try:
        return import_module(module)
    except ImportError:
        name = module.partition(".")[0]
        raise ExtractError(
            f"{name} is not installed: pip install 'consortium-sim[analysis]', or take --to csv"
        ) from None
