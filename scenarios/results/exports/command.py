"""``consortium extract``: writes what was asked for, and says what, and what the run has not got."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
import typer

from scenarios.failures import EXIT_INVALID, EXIT_PASS, say
from scenarios.results.exports.mermaid import CHARACTERS_MAX, MESSAGES_MAX, mermaid_lines, partial
from scenarios.results.exports.perfetto import missing, perfetto_lines
from scenarios.results.exports.scope import scope_of
from scenarios.results.exports.shiviz import HEADER, MANY, shiviz_lines
from scenarios.results.exports.source import ExtractError, RunFiles
from scenarios.results.exports.writing import Format, write_tables
from scenarios.results.run_folder import replacing

PICTURES = {"perfetto": "perfetto.json", "shiviz": "shiviz.log", "mermaid": "sequence.mmd"}
"""Formats that are one file, and what it is called where nobody says."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The command's options. ``form``: "csv", "parquet" or one of :data:`PICTURES`."""

    form: str
    out: Path | None = None
    tables: Sequence[str] | None = None
    window: str | None = None
    nodes: Sequence[str] | None = None
    messages: int | None = None


def run_extract(run: Path, asked: Asked) -> int:
    """Extract from the run's folder; the exit code. OSError where the output cannot be written."""
    try:
        files = RunFiles(run)
        picture = asked.form in PICTURES
        _require_sense(asked, picture=picture)
        return _picture(files, asked) if picture else _tables(files, asked)
    except ExtractError as error:
        say(f"consortium: {error}")
        return EXIT_INVALID


def _require_sense(asked: Asked, *, picture: bool) -> None:
    """ExtractError where an option would do nothing."""
    given: dict[str, object] = (
        {"--window": asked.window, "--nodes": asked.nodes} if not picture else {"--tables": asked.tables}
    )
    if asked.form != "mermaid":
        given["--messages"] = asked.messages
    for option, value in given.items():
        if value is not None:
            raise ExtractError(f"{option} says nothing about --to {asked.form}")


def _tables(files: RunFiles, asked: Asked) -> int:
    out = asked.out or files.folder.path / "extract" / asked.form
    form: Format = "parquet" if asked.form == "parquet" else "csv"
    written = write_tables(files, out, form, asked.tables)
    for table in written:
        if table.path is not None:
            typer.echo(f"{table.rows:>9,} rows  {table.path}")
        else:
            say(f"no {table.table}: {table.absent}")
    return EXIT_PASS if asked.tables is None or all(table.path for table in written) else EXIT_INVALID


def _picture(files: RunFiles, asked: Asked) -> int:
    out = asked.out or files.folder.path / "extract" / PICTURES[asked.form]
    scope = scope_of(files, asked.window, asked.nodes)
    lines: Iterable[str | bytes]
    if asked.form == "perfetto":
        for lack in missing(files):
            say(lack)
        lines = perfetto_lines(files, scope)
    elif asked.form == "shiviz":
        lines = shiviz_lines(files, scope)
    else:
        if (why := partial(files)) is not None:
            say(why)
        lines = mermaid_lines(files, scope, asked.messages or MESSAGES_MAX)
    counted = _Counted(lines)
    _write(out, counted)
    shown = (counted.lines - len(HEADER)) // 2
    if asked.form == "shiviz" and shown > MANY:
        say(f"{shown:,} events; ShiViz draws about {MANY:,} without trouble: choose a --window, or some --nodes")
    if asked.form == "mermaid" and counted.size > CHARACTERS_MAX:
        say(f"{counted.size:,} characters; Mermaid draws {CHARACTERS_MAX:,} unless its maxTextSize is set higher")
    typer.echo(out)
    return EXIT_PASS


def _write(out: Path, lines: Iterable[str | bytes]) -> None:
    """Write the lines whole or not at all, compressed where the name says so; the same lines give the same bytes."""
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(replacing(out))
        write: Callable[[bytes], object] = file.write
        if out.suffix == ".gz":
            write = stack.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0, compresslevel=6)).write
        for line in lines:
            write((line if isinstance(line, bytes) else line.encode()) + b"\n")


class _Counted:
    """Counts lines and their characters as they pass."""

    def __init__(self, lines: Iterable[str | bytes]) -> None:
        self._inner = iter(lines)
        self.lines = self.size = 0

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> str | bytes:
        line = next(self._inner)
        self.lines += 1
        self.size += len(line) + 1
        return line
