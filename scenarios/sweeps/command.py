"""``consortium sweep``: play it, show how far it is, tell what came of it. Returns an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import typer

from scenarios.dashboard.sweep_progress import SweepProgress
from scenarios.failures import EXIT_FAIL, EXIT_INCONCLUSIVE, EXIT_INVALID, EXIT_PASS, say
from scenarios.sweeps.executing import Finished
from scenarios.sweeps.planning import plan_sweep
from scenarios.sweeps.sweeping import Means, Sweeping, begin, sweep
from scenarios.sweeps.table import Table
from scenarios.sweeps.telling import told

_encode = msgspec.json.Encoder().encode


def run_sweep(  # noqa: PLR0913 -- keyword-only
    path: Path, overrides: Sequence[str], means: Means, *, out: Path | None, resume: bool, machine: bool
) -> int:
    """Sweep the scenario at ``path``; ``machine``: JSON lines on standard output instead of a table for people."""
    with SweepProgress("planning") as planning:
        plan = plan_sweep(path, overrides, told=planning.move)
    for warning in plan.warnings:
        say(warning)
    sweeping = begin(plan, out or Path("runs") / plan.name / "sweep", resume=resume)
    _tell_resumed(sweeping)
    with SweepProgress("sweep", len(plan.points), sweeping.resumed) as bar:

        def show(finished: Finished) -> None:
            bar.show(finished.row.outcome)
            if machine:
                typer.echo(_encode({"event": "run", "seed": finished.point.seed, **_cell(finished), **_row(finished)}))

        table = sweep(sweeping, means, told=show)
    _tell(table, sweeping, machine=machine)
    return _exit_code(table, sweeping)


def _tell_resumed(sweeping: Sweeping) -> None:
    folder = sweeping.folder
    if sweeping.resumed:
        say(f"{sweeping.resumed} of {len(sweeping.plan.points)} runs are finished already")
    if folder is not None and folder.stale:
        say(f"{folder.stale} runs are of another version of the program, and played again")


def _tell(table: Table, sweeping: Sweeping, *, machine: bool) -> None:
    outcomes = table.outcomes()
    folder = "" if sweeping.folder is None else str(sweeping.folder.path)
    if machine:
        of = len(table.plan.points)
        typer.echo(_encode({"event": "finished", "runs": len(table), "of": of, "outcomes": outcomes, "folder": folder}))
    else:
        typer.echo(told(table), nl=False)
        typer.echo(f"results: {folder}")
    if sweeping.interrupted:
        say(f"interrupted after {len(table)} of {len(table.plan.points)} runs; the same command with --resume goes on")


def _exit_code(table: Table, sweeping: Sweeping) -> int:
    outcomes = table.outcomes()
    if sweeping.interrupted:
        return EXIT_INCONCLUSIVE
    if "fail" in outcomes:
        return EXIT_FAIL
    if "invalid" in outcomes:
        return EXIT_INVALID
    return EXIT_PASS if set(outcomes) <= {"pass"} else EXIT_INCONCLUSIVE


def _cell(finished: Finished) -> dict[str, object]:
    cell = finished.point.cell
    return {"settings": dict(cell.settings), **({"arm": cell.arm} if cell.arm else {})}


def _row(finished: Finished) -> dict[str, object]:
    row = finished.row
    return {"outcome": row.outcome, "why": row.why, "measures": row.measures}
