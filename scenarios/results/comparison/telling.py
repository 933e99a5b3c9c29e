"""A comparison for people: what differs, then measures side by side; and as one JSON object for machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from scenarios.language.problems import visible
from scenarios.results.amounts import aligned, amount, interval
from scenarios.results.comparison.comparing import PPM, Change, Comparison, MeasureLine

SHOWN_OF_SWEEPS = ("commit_latency.mean", "commit_latency.p99", "throughput.rate")
"""Where there are several cells; all measures are in JSON, and with ``every``."""
STATISTICS_SHOWN = ("count", "mean", "p99", "rate")
"""Where there is one cell."""
_FAMILIES = ("heard.", "sent.", "network.")
_VALUE_MAX = 40


def told(comparison: Comparison, *, every: bool = False) -> str:
    """The text, ending in a newline. ``every``: measures of messages too, and those that do not differ."""
    lines = [f"first   {comparison.first}", f"second  {comparison.second}"]
    lines += _changed("runs", comparison.facts)
    lines += _changed("scenarios", comparison.settings)
    for cell, label in comparison.missing:
        lines.append(f"only in {label}: {_cell(cell) or 'runs'}")
    several = len({line.cell for line in comparison.measures}) > 1
    shown = [line for line in comparison.measures if every or _is_shown(line, several=several)]
    if shown:
        lines += ["", *_table(shown)]
    hidden = len(comparison.measures) - len(shown)
    if hidden:
        lines.append(f"... and {hidden} measures more, equal ones and counts of messages among them: --all shows them")
    if any(line.difference is not None and line.difference.differs for line in shown):
        lines.append("*: the 95 % interval of the difference does not hold nought")
    return visible("\n".join(lines)) + "\n"


def as_json(comparison: Comparison) -> bytes:
    """Everything, in one line; means and differences are in thousandths of the unit."""
    return msgspec.json.encode(
        {
            "event": "comparison",
            **msgspec.to_builtins(comparison),
            "measures": [
                {**msgspec.to_builtins(line), "relative_ppm": line.relative_ppm} for line in comparison.measures
            ],
        }
    )


def _changed(what: str, changes: Iterable[Change]) -> Iterator[str]:
    rows = [[change.name, _value(change.first), _value(change.second)] for change in changes]
    if rows:
        yield ""
        yield from aligned([[f"{what} differ in", "first", "second"], *rows])


def _value(value: str | None) -> str:
    if value is None:
        return "-"
    flat = " ".join(value.split())
    return flat if len(flat) <= _VALUE_MAX else flat[: _VALUE_MAX - 1] + "…"


def _is_shown(line: MeasureLine, *, several: bool) -> bool:
    """Is it among what most want to see? ``several``: there are other cells."""
    if line.measure.startswith(_FAMILIES):
        return False
    if several:
        return line.measure in SHOWN_OF_SWEEPS
    return line.first_mean != line.second_mean and line.measure.rpartition(".")[2] in STATISTICS_SHOWN


def _table(lines: list[MeasureLine]) -> list[str]:
    paths = [path for path, _ in lines[0].cell]
    return aligned([[*paths, "measure", "first", "second", "difference", ""], *map(_line, lines)])


def _line(line: MeasureLine) -> list[str]:
    counts = (line.first_count, line.second_count)
    several = max(counts) > 1
    sides = [
        f"{amount(mean, line.unit)} ({count} runs)" if several else amount(mean, line.unit)
        for mean, count in zip((line.first_mean, line.second_mean), counts, strict=True)
    ]
    told = line.difference
    difference = "" if told is None else interval(told, line.unit)
    sure = " *" if told is not None and told.differs else ""
    return [*(value for _, value in line.cell), line.measure, *sides, difference, _share(line) + sure]


def _share(line: MeasureLine) -> str:
    ppm = line.relative_ppm
    return "" if ppm is None else f"{ppm / PPM * 100:+.1f} %"


def _cell(cell: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{path}={value}" for path, value in cell if value)
