"""The progress of a sweep: a bar with the time that is left on a terminal, nothing elsewhere."""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class SweepProgress:
    """Shows how much of ``total`` is done, and odd outcomes; on standard error, so that results can be piped."""

    def __init__(self, what: str, total: int | None = None, before: int = 0) -> None:
        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[outcomes]}"),
        )
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._outcomes: Counter[str] = Counter()
        self._task = self._progress.add_task(what, total=total, completed=before, outcomes="")

    def move(self, done: int, total: int) -> None:
        """So much is done, of so much."""
        self._progress.update(self._task, completed=done, total=total)

    def show(self, outcome: str) -> None:
        """One more run is over."""
        self._outcomes[outcome] += 1
        odd = ", ".join(f"{count} {name}" for name, count in sorted(self._outcomes.items()) if name != "pass")
        self._progress.update(self._task, advance=1, outcomes=odd)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
