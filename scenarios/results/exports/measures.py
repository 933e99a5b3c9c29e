"""Tables of the run as a whole: what it was, what was expected, measured and heard."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import msgspec

from scenarios.results.exports.source import ExtractError, RunFiles, canonical, lines
from scenarios.results.exports.tables import Row, Table, integer, text
from scenarios.results.metrics import Row as Interval
from scenarios.results.metrics import Summary


def _run(files: RunFiles) -> Iterator[Row]:
    m = files.manifest
    failed = sum(expectation.verdict == "fail" for expectation in m.expectations)
    yield (
        m.scenario,
        m.scenario_sha256,
        m.protocol,
        m.seed,
        m.mode,
        m.bus,
        len(m.height),
        m.verdict,
        len(m.expectations),
        failed,
        max(m.height.values(), default=0),
        m.virtual_ns,
        m.started,
        m.finished,
        m.business_root,
        m.event_sha256,
        m.git,
        m.versions.get("consortium-sim"),
        m.versions.get("python"),
    )


def _expectations(files: RunFiles) -> Iterator[Row]:
    for position, expectation in enumerate(files.manifest.expectations):
        yield position, expectation.name, expectation.verdict, expectation.detail


def _metrics(files: RunFiles) -> Iterator[Row]:
    summary: dict[str, Summary] = files.document(files.folder.metrics_summary, dict[str, Summary])
    for name, one in summary.items():
        yield name, one.unit, one.count, one.mean, one.p5, one.p50, one.p90, one.p95, one.p99, one.max


def _series(files: RunFiles) -> Iterator[Row]:
    summary: dict[str, Summary] = files.document(files.folder.metrics_summary, dict[str, Summary])
    path = files.folder.metrics_table
    for number, raw in lines(path):
        cells = next(csv.reader(io.StringIO(raw.decode(errors="replace"))))
        if number == 1:
            if tuple(cells) != Interval.__struct_fields__:
                raise ExtractError(f"{path}:1: has the columns {', '.join(cells)}")
            continue
        try:
            time_ns, measure, *values = cells
            count, mean, p50, p99, most = [int(value) if value else None for value in values]
            yield int(time_ns), measure, summary[measure].unit, count, mean, p50, p99, most
        except (ValueError, KeyError) as error:
            raise ExtractError(f"{path}:{number}: is no line of metrics: {error}") from None


class _Answer(msgspec.Struct):
    code: str | None = None
    height: int | None = None
    receipt: str | None = None
    value: Any = msgspec.UNSET


class _Line(msgspec.Struct, rename={"in_": "in", "return_": "return"}):
    """A line of ``history.jsonl``."""

    client: int
    op: str
    key: str
    call: int
    status: str
    in_: str | None
    return_: int | None
    out: _Answer | None


def _operations(files: RunFiles) -> Iterator[Row]:
    for line in files.json_lines(files.folder.history, _Line):
        answer = line.out or _Answer()
        yield (
            line.call,
            line.return_,
            None if line.return_ is None else line.return_ - line.call,
            line.client,
            line.op,
            line.key,
            line.status,
            answer.code,
            answer.height,
            line.in_,
            answer.receipt,
            None if answer.value is msgspec.UNSET else canonical(answer.value),
        )


RUN = Table(
    name="run",
    meaning="The run, in one row: put the rows of many runs under each other to compare them.",
    source="`manifest.json`",
    columns=(
        text("scenario"),
        text("scenario_sha256"),
        text("protocol"),
        integer("seed"),
        text("mode", "`virtual` or `processes`"),
        text("bus", "null in virtual mode"),
        integer("nodes"),
        text("verdict", "`pass`, `fail` or `inconclusive`"),
        integer("expectations", "how many were judged"),
        integer("expectations_failed"),
        integer("height", "of the longest ledger"),
        integer("duration_ns", "run time at the end; null in processes mode"),
        text("started", "UTC"),
        text("finished", "UTC"),
        text("business_root", "null where the nodes do not agree on one"),
        text("event_sha256", "of every delivered event; null in processes mode"),
        text("git", "commit of the checkout that ran it"),
        text("version"),
        text("python"),
    ),
    rows=_run,
)

EXPECTATIONS = Table(
    name="expectations",
    meaning="What was judged, in the order in which it is told.",
    source="`manifest.json`",
    columns=(integer("position"), text("name"), text("verdict"), text("detail")),
    rows=_expectations,
)

_STATISTICS = "in `unit`; null for counters"

METRICS = Table(
    name="metrics",
    meaning="Each measure of the run, summed up.",
    source="`metrics.json`",
    columns=(
        text("measure"),
        text("unit", "of the statistics: `ns`, `events`"),
        integer("count", "samples, or how often it counted"),
        integer("mean", _STATISTICS),
        integer("p5", _STATISTICS),
        integer("p50", _STATISTICS),
        integer("p90", _STATISTICS),
        integer("p95", _STATISTICS),
        integer("p99", _STATISTICS),
        integer("max", _STATISTICS),
    ),
    rows=_metrics,
)

SERIES = Table(
    name="metrics_over_time",
    meaning="Each measure in each second of run time in which something was measured.",
    source="`metrics.csv`",
    columns=(
        integer("time_ns", "run time at which the interval begins"),
        text("measure"),
        text("unit", "of the statistics: `ns`, `events`"),
        integer("count", "samples, or how often it counted"),
        integer("mean", _STATISTICS),
        integer("p50", _STATISTICS),
        integer("p99", _STATISTICS),
        integer("max", _STATISTICS),
    ),
    rows=_series,
)

OPERATIONS = Table(
    name="operations",
    meaning="What every client asked and heard.",
    source="`history.jsonl`",
    columns=(
        integer("called_ns", "run time of the first submission"),
        integer("returned_ns", "null: nothing was heard"),
        integer("latency_ns"),
        integer("client", "a number, as in the file"),
        text("operation", "`transact` or `read`"),
        text("key", "the step's id; of a read, the entry"),
        text("status", "`ok`, `fail` (refused), `info` (its client does not know)"),
        text("code", "`ok`, or the refusal's; null where nothing was heard"),
        integer("height", "of its block, or of the state that was read"),
        text("transaction", "its id; null for a read"),
        text("receipt", "SHA-256 of what the nodes signed"),
        text("value_json", "what a read found"),
    ),
    rows=_operations,
)
