"""``consortium actuary``: what its commands print and write. Each returns an exit code."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from scenarios.actuary.triangles import DAY_MS, ActuaryError, Triangle, first_day_ms, movements_of, triangle_of
from scenarios.failures import EXIT_INVALID, EXIT_PASS, say

WIDTH_MAX = 1_000
"""Of a table on the screen; no narrower, or amounts would be cut."""

Rows = Sequence[Sequence[Any]]

MISSING = "prices take numpy and scipy, which come with an extra: pip install 'consortium-sim[actuary]'"


def show_triangle(source: Path, period_days: int, start: str | None, at: str | None, out: Path | None) -> int:
    """Print and write what was known, cumulative, in yuan on the screen and in fen in the file."""

    def show() -> None:
        found = _triangle(source, period_days, start, at)
        heads = ["origin", *(str(number + 1) for number in range(len(found.rows)))]
        lines: list[list[Any]] = [[label, *row] for label, row in zip(found.labels, found.rows, strict=True)]
        _print(f"{source}: known, in yuan", heads, [[line[0], *map(_yuan, line[1:])] for line in lines])
        _write(out, heads, lines)

    return _told(show)


def show_reserve(  # noqa: PLR0913, PLR0917 -- the choices of one command
    source: Path, period_days: int, start: str | None, at: str | None, sigma: str, out: Path | None
) -> int:
    """Print and write what each origin period will come to."""

    def show() -> None:
        from scenarios.actuary.chainladder import Sigma, estimate  # noqa: PLC0415 -- loads numpy

        found = _triangle(source, period_days, start, at)
        choice: Sigma = "log-linear" if sigma == "log-linear" else "mack"
        made = estimate(found.rows, choice)
        heads = ["origin", "known", "ultimate", "IBNR", "standard error"]
        named = [*zip(found.labels, made.rows, strict=True), ("all", made.total)]
        lines: list[list[Any]] = [[label, *(round(amount) for amount in row)] for label, row in named]
        _print(f"{source}: chain-ladder, in yuan", heads, [[line[0], *map(_yuan, line[1:])] for line in lines])
        typer.echo("factors: " + "  ".join(f"{factor:.4f}" for factor in made.factors))
        _write(out, heads, lines)

    return _told(show)


def show_price(
    severity: str, terms: tuple[float, float, float, int, float], years: int, seed: int, out: Path | None
) -> int:
    """Print and write a layer's price, simulated and numerical."""

    def show() -> None:
        try:
            from scenarios.actuary.aggregate import Layer, Risk  # noqa: PLC0415 -- loads numpy
            from scenarios.actuary.pricing import Cover, exact, simulated  # noqa: PLC0415 -- likewise
            from scenarios.actuary.severity import parse_severity  # noqa: PLC0415 -- likewise
        except ImportError:
            raise ActuaryError(MISSING) from None
        losses, limit, attachment, reinstatements, percent = terms
        try:
            risk, layer = Risk(losses, parse_severity(severity)), Layer(limit, attachment)
            cover = Cover(layer, reinstatements, percent / 100)
            drawn, worked_out = simulated(risk, cover, years, seed), exact(risk, cover)
        except ValueError as error:
            raise ActuaryError(str(error)) from None
        heads = ["", "simulated", "standard error", "95 % from", "to", "numerical"]
        lines = []
        for name, one, other in (
            ("recovery a year", drawn.recovery, worked_out.recovery),
            ("technical premium", drawn.premium, worked_out.premium),
        ):
            lines.append([name, one.value, one.standard_error, *one.interval, other.value])
        _print(
            f"{limit:g} xs {attachment:g}, {reinstatements} reinstatements at {percent:g} %, {years:,} years",
            heads,
            [[line[0], *(f"{value:.6f}" for value in line[1:])] for line in lines],
        )
        _write(out, heads, lines)

    return _told(show)


def show_delays(medians: str, seeds: int, overrides: Sequence[str], out: Path | None, plot: Path | None) -> int:
    """Print how far off the reserve is by delay; write every run, and a picture."""

    def show() -> None:
        from scenarios.actuary.delays import summaries, sweep, write_points  # noqa: PLC0415 -- loads the runner

        try:
            days = [int(part) for part in medians.split(",")]
        except ValueError:
            raise ActuaryError(f"--medians {medians}: whole days with commas, such as 0,30,90") from None
        if min(days) < 0:
            raise ActuaryError(f"--medians {medians}: a delay is not negative")
        points = sweep(days, range(1, seeds + 1), overrides)
        found = list(summaries(points))
        heads = ["median delay", "runs", "emerged", "bias", "±", "root mean square error", "±", "Mack said"]
        lines = [
            [f"{one.median_days} days", one.runs]
            + [_yuan(value) for value in (one.emerged, one.bias, one.bias_half)]
            + [_yuan(value) for value in (one.deviation, one.deviation_half, one.said)]
            for one in found
        ]
        _print("The reserve for the unreported less what emerged, in yuan", heads, lines)
        if out is not None:
            write_points(out, points)
        if plot is not None:
            from scenarios.actuary.picture import draw_delays  # noqa: PLC0415 -- loads matplotlib

            draw_delays(found, plot)

    return _told(show)


def _triangle(source: Path, period_days: int, start: str | None, at: str | None) -> Triangle:
    moved = movements_of(source)
    start_ms = first_day_ms(moved) if start is None else _day_ms("--start", start)
    return triangle_of(moved, period_days * DAY_MS, start_ms, None if at is None else _day_ms("--at", at))


def _day_ms(option: str, text: str) -> int:
    try:
        return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days * DAY_MS
    except ValueError:
        raise ActuaryError(f"{option} {text}: no day; write it like 2023-04-01") from None


def _told(show: Callable[[], None]) -> int:
    try:
        show()
    except (ActuaryError, OSError) as error:
        say(f"consortium: {error}")
        return EXIT_INVALID
    return EXIT_PASS


def _yuan(fen: float) -> str:
    return f"{fen / 100:,.2f}"


def _print(title: str, heads: Sequence[str], rows: Rows) -> None:
    table = Table(title=title, title_justify="left")
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(str, row))
    Console(width=max(80, Console(width=WIDTH_MAX).measure(table).maximum)).print(table)


def _write(out: Path | None, heads: Sequence[str], rows: Rows) -> None:
    if out is None:
        return
    if out.suffix == ".json":
        told = [dict(zip(heads, row, strict=False)) for row in rows]
        out.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    elif out.suffix == ".csv":
        with out.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([heads, *rows])
    else:
        raise ActuaryError(f"{out}: write to a .csv or a .json file")
    typer.echo(f"{out}: {len(rows)} rows")
