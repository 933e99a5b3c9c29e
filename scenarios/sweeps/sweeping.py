"""A whole sweep: what is finished already, what is still to be played, and the tables at the end or at Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from scenarios.sweeps.dask import on_cluster
from scenarios.sweeps.executing import Finished, in_processes, in_this_process
from scenarios.sweeps.keeping import SweepFolder
from scenarios.sweeps.planning import Point, SweepPlan
from scenarios.sweeps.playing import RunRow, lean
from scenarios.sweeps.summary import differences_csv, summary_csv
from scenarios.sweeps.table import Table


class Means(msgspec.Struct, frozen=True):
    """Where runs are played: in ``jobs`` processes (one: in this one), or at a Dask ``scheduler``'s address."""

    jobs: int = 1
    scheduler: str | None = None

    def play(self, points: Sequence[Point]) -> Iterator[Finished]:
        """All of ``points``, as they finish."""
        if self.scheduler is not None:
            return on_cluster(points, self.scheduler)
        if self.jobs == 1 or len(points) < 2:
            return in_this_process(points)
        return in_processes(points, min(self.jobs, len(points)))


class Sweeping(msgspec.Struct, kw_only=True):
    """``rows``, by point, grow as runs finish; ``resumed`` of them were finished before."""

    plan: SweepPlan
    folder: SweepFolder | None
    rows: dict[str, RunRow] = {}
    resumed: int = 0
    interrupted: bool = False

    @property
    def table(self) -> Table:
        """Of what is finished by now."""
        return Table(self.plan, self.rows)


def begin(plan: SweepPlan, out: Path | None, *, resume: bool = False) -> Sweeping:
    """A sweep whose folder is ready; None keeps nothing on disk. FailureError where ``out`` holds runs already."""
    if out is None:
        return Sweeping(plan=plan, folder=None)
    folder = SweepFolder(out)
    rows = folder.begin(plan, resume=resume)
    return Sweeping(plan=plan, folder=folder, rows=rows, resumed=len(rows))


def sweep(sweeping: Sweeping, means: Means, *, told: Callable[[Finished], None] = lambda _: None) -> Table:
    """Play what is missing and write the tables; ``told`` hears of each run.

    Ctrl-C ends it with what is finished, and ``interrupted`` says so. FailureError where there is no such cluster.
    """
    missing = [point for point in sweeping.plan.points if point.sha256 not in sweeping.rows]
    playing = means.play(missing)
    try:
        for finished in playing:
            sweeping.rows[finished.row.point] = lean(finished.row)
            if sweeping.folder is not None:
                sweeping.folder.keep(finished.row)
            told(finished)
    except KeyboardInterrupt:
        sweeping.interrupted = True
    finally:
        playing.close()  # type: ignore[attr-defined] # all are generators: their processes end now
    return publish(sweeping)


def publish(sweeping: Sweeping) -> Table:
    """Write the tables of what is finished."""
    table, folder = sweeping.table, sweeping.folder
    if folder is not None:
        tables = {folder.table: table.csv(), folder.summary: summary_csv(table)}
        if table.plan.arms or table.plan.differences:
            tables[folder.differences] = differences_csv(table)
        folder.publish(tables)
    return table
