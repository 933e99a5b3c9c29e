"""``--ui live``: the run drawn on the terminal's alternate screen, a few times a second, by rich.

The runner's calls only change the model; drawing happens on rich's own thread under a lock, so a slow terminal never
slows the run down. Whatever happens, :meth:`LiveView.close` gives the terminal back.
"""

from __future__ import annotations

import threading
import time

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from scenarios.dashboard.frame import draw, draw_last, outcome_lines, verdict_line
from scenarios.dashboard.model import Entry, RunModel
from scenarios.runner.view import NodeView

FRAMES_PER_SECOND = 8


class LiveView:
    """Draws on ``console`` from :meth:`started` until :meth:`finished` or :meth:`close`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._model = RunModel()
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._heard_ns = 0  # the newest run time that was told, and when (monotonic)
        self._heard_at = 0

    def started(self, scenario: str, mode: str, bus: str, protocol: str, quorum: str, nodes: list[NodeView]) -> None:  # noqa: PLR0913, PLR0917 -- the view's call
        with self._lock:
            self._model.begin(scenario, mode, bus, protocol, quorum, nodes)
        self._live = Live(
            console=self._console,
            get_renderable=self._frame,
            screen=True,
            refresh_per_second=FRAMES_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def node(self, now_ns: int, node: NodeView) -> None:
        with self._lock:
            self._model.heard(now_ns, node)

    def story(self, now_ns: int, actor: str, line: str, outcome: str) -> None:
        with self._lock:
            self._model.tell(Entry(now_ns, "story", actor, line, outcome))

    def fault(self, now_ns: int, line: str) -> None:
        with self._lock:
            self._model.tell(Entry(now_ns, "fault", "", line))

    def progress(self, now_ns: int, done: int, total: int) -> None:
        with self._lock:
            self._model.progressed(now_ns, done, total)

    def clocks(self, now_ns: int, chain: str, paper: str) -> None:
        with self._lock:
            self._model.clocked(now_ns, chain, paper)

    def violated(self, now_ns: int, prop: str, detail: str) -> None:
        with self._lock:
            self._model.violate(now_ns, prop, detail)

    def finished(self, verdict: str, lines: list[str], folder: str) -> None:
        """Leave the alternate screen; the last picture and the verdict stay on the ordinary one."""
        with self._lock:
            self._model.finish(verdict, lines, folder)
        self.close()
        with self._lock:
            self._console.print(draw_last(self._model, self._console.width), soft_wrap=True)
        self._console.print()
        self._console.print(outcome_lines(self._model))
        self._console.print(verdict_line(self._model), soft_wrap=True)
        if folder:
            for line in self._model.files:
                self._console.print(Text(line), soft_wrap=True)

    def close(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _frame(self) -> RenderableType:
        width, height = self._console.size
        with self._lock:
            return draw(self._model, width, height, self._now_ns())

    def _now_ns(self) -> int:
        """Run time; in processes mode it goes on between the runner's calls, as real time does."""
        model = self._model
        if model.mode == "virtual" or not model.now_ns or model.verdict:
            return model.now_ns
        if model.now_ns != self._heard_ns:
            self._heard_ns, self._heard_at = model.now_ns, time.monotonic_ns()
        return model.now_ns + time.monotonic_ns() - self._heard_at
