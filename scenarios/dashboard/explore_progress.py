"""The progress of an exhaustive search: how much of its time is spent, and how far it is (on a terminal only)."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from scenarios.adversary.explore import Tally


class ExploreProgress:
    """Shows states and depth of each scene; on standard error, so that results can be piped."""

    def __init__(self, budget_s: float | None) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("exploring", total=budget_s)
        self._began = monotonic()

    def show(self, tallies: Sequence[Tally]) -> None:
        """Some scene is further than before."""
        far = ", ".join(f"{tally.scene}: {tally.states:,} states, depth {tally.depth}" for tally in tallies)
        self._progress.update(self._task, completed=monotonic() - self._began, description=far)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
