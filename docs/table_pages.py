"""The data dictionary of exported tables, as a page: from the tables' own definitions."""
# ruff: noqa: INP001 - beside the pages

from __future__ import annotations

from collections.abc import Iterator

from scenarios.results.exports import BUSINESS_TABLES, RUN_TABLES, Table

_INTRODUCTION = """\
`consortium extract RUN_DIR --to csv|parquet` writes these, one file each ([how](../guide/results/extract.md)). A row is
one observation, a column one variable. All numbers are integers, 64 bits and signed: the end of a column's name says of
what (`_ns` nanoseconds, `_ms` milliseconds, `_fen` fen 分 of which 100 are a CNY, `_ppm` parts per million, `_bytes`
bytes); names without such an end count things. `_json` marks what lies nested in a record, as JSON. Run time begins
at 0 with the run; business time counts from 1970-01-01T00:00Z. A value that there is not is null, in CSV an empty cell.
Parquet files carry units and meanings in their columns' metadata.

A table is left out, and why is said on standard error, where the run did not record it."""


def tables_page(generated: str) -> str:
    """Every table, column by column."""
    lines = ["# Tables: the data dictionary", "", generated, "", _INTRODUCTION, ""]
    for table in RUN_TABLES:
        lines += _section(table)
    lines += [
        "## The business state",
        "",
        "One table for each kind of record that contracts keep, of what there was at the end, where there was one.",
        "Who may do what with them: [contracts](contracts.md).",
        "",
    ]
    for table in BUSINESS_TABLES:
        lines += _section(table, level="###")
    return "\n".join(lines).rstrip() + "\n"


def _section(table: Table, level: str = "##") -> Iterator[str]:
    yield f"{level} {table.name}"
    yield ""
    yield f"{table.meaning.replace('``', '`')} From {table.source}."
    yield ""
    yield "| column | type | |"
    yield "|-|-|-|"
    for column in table.columns:
        meaning = column.meaning.replace("|", "\\|")
        yield f"| `{column.name}` | {column.kind} | {meaning} |"
    yield ""
