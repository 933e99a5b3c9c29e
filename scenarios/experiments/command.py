"""``consortium experiment NAME``: play an experiment, print it beside what was published, write its page."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scenarios.experiments import collusion, phases, phases_page
from scenarios.experiments.curves import curves
from scenarios.experiments.elections import load_elections
from scenarios.experiments.page import page, table
from scenarios.experiments.running import measure
from scenarios.language.problems import Mark, Problem, ScenarioInvalid
from scenarios.language.reading import read_file


def run_experiment(path: Path, *, trials: int | None, jobs: int, kept: Path | None, written: Path | None) -> None:
    """Play the file at ``path``; ScenarioInvalid where it, or what was kept, is none of ours."""
    kind = read_file(path).root.get("kind")
    if kind == "elections":
        _elections(path, trials, jobs, kept, written)
    elif kind == "pbft-phases":
        _phases(path, trials, jobs, written)
    elif kind == "collusion":
        _collusion(path, written)
    else:
        message = "`kind` must be `collusion`, `elections` or `pbft-phases`"
        raise ScenarioInvalid([Problem(Mark(str(path), -1, 0), ("kind",), message)])


def _elections(path: Path, trials: int | None, jobs: int, kept: Path | None, written: Path | None) -> None:
    experiment = load_elections(path)
    total = sum(min(trials or 10**9, experiment.trials_of(range_)) for range_ in experiment.ranges)
    with _progress() as progress:
        task = progress.add_task("elections", total=total)
        lines = measure(
            experiment, trials=trials, jobs=jobs, kept=kept, played=lambda count: progress.advance(task, count)
        )
    typer.echo(table(lines))
    if written is not None:
        command = f"consortium experiment {path.stem} --page {written}"
        written.with_suffix(".svg").write_text(curves(lines), encoding="utf-8")
        written.write_text(page(experiment, lines, written.with_suffix(".svg").name, command), encoding="utf-8")


def _phases(path: Path, trials: int | None, jobs: int, written: Path | None) -> None:
    experiment = phases.load_phases(path)
    with _progress() as progress:
        task = progress.add_task("decisions", total=len(experiment.sizes))
        rows = phases.measure(experiment, trials=trials, jobs=jobs, played=lambda: progress.advance(task))
    typer.echo(phases_page.table(rows))
    if written is not None:
        command = f"consortium experiment {path.stem} --page {written}"
        written.write_text(phases_page.page(experiment, rows, command), encoding="utf-8")


def _collusion(path: Path, written: Path | None) -> None:
    rows = collusion.measure(collusion.load_collusion(path))
    typer.echo(collusion.table(rows))
    if written is not None:
        command = f"consortium experiment {path.stem} --page {written}"
        written.write_text(collusion.page(rows, command), encoding="utf-8")


def _progress() -> Progress:
    """A bar on a terminal, nothing elsewhere; on standard error, so that results can be piped."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
