"""A sweep's folder: each finished run in a file of its own, and the tables made of them.

``points/`` holds one file a run, called after its point's digest and written whole or not at all, so that a sweep which
was killed at any moment goes on with what was finished. A run that another version of the program has played is played
again, as is one that died without a verdict: the tables are always those of one uninterrupted sweep.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from scenarios.failures import FailureError
from scenarios.results.run_folder import write_atomically
from scenarios.sweeps.planning import SweepPlan
from scenarios.sweeps.playing import RunRow, lean
from scenarios.sweeps.program import program_sha256

POINT_BYTES_MAX = 1 << 20
_REMEDY = "remove it, and its run is played again"


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    program: str
    row: RunRow


class SweepFolder:
    """The places of one sweep's results."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._points = path / "points"
        self.stale = 0
        """Rows found that another version of the program made."""

    @property
    def table(self) -> Path:
        """One line a run."""
        return self.path / "runs.csv"

    @property
    def summary(self) -> Path:
        """One line a cell and measure: the mean and its interval."""
        return self.path / "summary.csv"

    @property
    def differences(self) -> Path:
        """One line a cell and measure: the difference in pairs and its interval."""
        return self.path / "differences.csv"

    def begin(self, plan: SweepPlan, *, resume: bool) -> dict[str, RunRow]:
        """Make the folder; what is finished already, by point.

        FailureError where runs lie there and ``resume`` was not asked for. OSError where it cannot be written.
        """
        self._points.mkdir(parents=True, exist_ok=True)
        files = sorted(self._points.glob("*/*.json"))
        if files and not resume:
            remedy = "--resume goes on with them, --out DIR begins elsewhere"
            raise FailureError(f"{self.path}: holds {len(files)} finished runs already; {remedy}")
        known = {point.sha256 for point in plan.points}
        rows = [self._read(file) for file in files if file.stem in known]
        return {row.point: row for row in rows if row is not None}

    def keep(self, row: RunRow) -> None:
        """Write down one finished run; one that died is not finished."""
        if row.outcome != "crashed":
            path = self._points / row.point[:2] / f"{row.point}.json"
            write_atomically(path, msgspec.json.encode(_Kept(program_sha256(), row)) + b"\n")

    def publish(self, tables: Mapping[Path, str]) -> None:
        """Write the tables, each whole or not at all."""
        for path, text in tables.items():
            write_atomically(path, text)

    def _read(self, file: Path) -> RunRow | None:
        """The row in ``file``; None where another program made it."""
        try:
            if file.stat().st_size > POINT_BYTES_MAX:
                raise FailureError(f"{file}: is larger than any row; {_REMEDY}")
            kept = msgspec.json.decode(file.read_bytes(), type=_Kept)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise FailureError(f"{file}: is no row of a sweep ({error}); {_REMEDY}") from None
        if kept.row.point != file.stem:
            raise FailureError(f"{file}: is the row of another run; {_REMEDY}")
        if kept.program != program_sha256():
            self.stale += 1
            return None
        return lean(kept.row)
