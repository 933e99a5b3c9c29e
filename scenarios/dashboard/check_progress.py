"""The progress of a search for violations: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scenarios.adversary import Search


class CheckProgress:
    """Shows how many of ``runs`` cases were played; on standard error, so that results can be piped."""

    def __init__(self, runs: int) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("searching"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("search", total=runs)

    def show(self, search: Search) -> None:
        """One more case was played."""
        self._progress.update(self._task, completed=search.runs)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
