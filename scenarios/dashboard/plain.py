"""``--ui plain``: one readable line per event. Colours only on a terminal, and never under NO_COLOR.

A run of thousands of steps would drown its own news: after :data:`STORY_MAX` lines only refusals and progress are
told, and after as many refusals again, progress alone.
"""

from __future__ import annotations

import os

from scenarios.dashboard.model import Entry, RunModel, clean, clock_text
from scenarios.dashboard.outlet import Outlet
from scenarios.dashboard.widths import fit
from scenarios.runner.view import NodeView

STORY_MAX = 300
PROGRESS_STEPS = 20
"""Progress of a long run is told this many times."""

_ACTOR_WIDTH = 14
_LINE_WIDTH = 64
_CODES = {"green": "32", "red": "31", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}
_OUTCOMES = {"PASS": "green", "FAIL": "red", "WARN": "yellow", "INCONCLUSIVE": "yellow"}


class PlainView:
    """Writes lines to ``outlet``; ``colour`` allows escape codes."""

    def __init__(self, outlet: Outlet, *, colour: bool = False) -> None:
        self._outlet = outlet
        self._colour = colour and not os.environ.get("NO_COLOR")
        self._model = RunModel()
        self._stories = 0
        self._refusals = 0
        self._told_progress = 0

    def started(self, scenario: str, mode: str, bus: str, protocol: str, quorum: str, nodes: list[NodeView]) -> None:  # noqa: PLR0913, PLR0917 -- the view's call
        model = self._model
        model.begin(scenario, mode, bus, protocol, quorum, nodes)
        observers = sum(not node.votes for node in nodes)
        where = model.mode if model.mode == "virtual" else f"{model.mode} on the {model.bus} bus"
        self._outlet.line(f"{self._paint(model.scenario, 'bold')}: {model.protocol}, {model.quorum}; {where}")
        watching = "1 of them an observer" if observers == 1 else f"{observers} of them observers"
        self._outlet.line(f"{len(nodes)} nodes, {watching}: {', '.join(model.nodes)}")

    def node(self, now_ns: int, node: NodeView) -> None:
        before = self._model.nodes.get(node.name)
        self._model.heard(now_ns, node)
        if before is None or before.condition == node.condition:
            return
        colour = {"up": "green", "down": "red"}.get(node.condition, "yellow")
        self._line(now_ns, clean(node.name), self._paint(f"is {clean(node.condition)}", colour))

    def story(self, now_ns: int, actor: str, line: str, outcome: str) -> None:
        entry = self._model.tell(Entry(now_ns, "story", actor, line, outcome))
        refused = entry.outcome != "ok"
        self._stories += 1
        self._refusals += refused
        if self._stories == STORY_MAX + 1:
            self._outlet.line(f"{'':>9}  ... from here on only refusals and progress are told")
        if self._stories > STORY_MAX and not (refused and self._refusals <= STORY_MAX):
            return
        told = self._paint(f"refused: {entry.outcome}", "yellow") if refused else self._paint("ok", "green")
        self._line(now_ns, entry.actor, f"{fit(entry.line, _LINE_WIDTH, clip=False)}  {told}")

    def fault(self, now_ns: int, line: str) -> None:
        entry = self._model.tell(Entry(now_ns, "fault", "", line))
        self._line(now_ns, "fault", self._paint(entry.line, "yellow"))

    def progress(self, now_ns: int, done: int, total: int) -> None:
        self._model.progressed(now_ns, done, total)
        if total <= STORY_MAX:
            return
        reached = done * PROGRESS_STEPS // total
        if reached > self._told_progress:
            self._told_progress = reached
            self._line(now_ns, "progress", f"{done} of {total} steps, height {self._model.height}")

    def clocks(self, now_ns: int, chain: str, paper: str) -> None:
        if self._model.clocked(now_ns, chain, paper):
            self._line(now_ns, "clock", f"chain {self._model.chain_clock}, paper {self._model.paper_clock}")

    def violated(self, now_ns: int, prop: str, detail: str) -> None:
        self._model.violate(now_ns, prop, detail)
        shown = self._model.log[-1]
        self._line(now_ns, "VIOLATED", self._paint(f"{shown.actor}: {shown.line}", "red"))

    def finished(self, verdict: str, lines: list[str], folder: str) -> None:
        model = self._model
        model.finish(verdict, lines, folder)
        for line in model.lines:
            self._outlet.line(f"  {self._outcome(line)}")
        colour = {"pass": "green", "fail": "red"}.get(model.verdict, "yellow")
        self._outlet.line(f"verdict: {self._paint(model.verdict.upper(), colour)}")
        for line in model.files:
            self._outlet.line(line)

    def close(self) -> None:
        """Nothing is held."""

    def _outcome(self, line: str) -> str:
        verdict = line.split(" ", 1)[0]
        colour = _OUTCOMES.get(verdict)
        return self._paint(verdict, colour) + line[len(verdict) :] if colour else line

    def _line(self, now_ns: int, actor: str, text: str) -> None:
        self._outlet.line(f"{clock_text(now_ns):>9}  {fit(actor, _ACTOR_WIDTH, clip=False)}  {text}".rstrip())

    def _paint(self, text: str, *styles: str) -> str:
        if not self._colour:
            return text
        codes = ";".join(_CODES[style] for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m"
