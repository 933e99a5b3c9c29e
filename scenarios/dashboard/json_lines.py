"""``--ui json``: one JSON object per change of state on standard output, and nothing else.

Every object has ``event``; all but the first and last have ``at``, run time in nanoseconds. A node is told only when
something about it changed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from scenarios.dashboard.model import RunModel
from scenarios.dashboard.outlet import Outlet
from scenarios.runner.view import NodeView

_encode = msgspec.json.Encoder().encode


class JsonView:
    """Writes events to ``outlet``."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._model = RunModel()

    def started(self, scenario: str, mode: str, bus: str, protocol: str, quorum: str, nodes: list[NodeView]) -> None:  # noqa: PLR0913, PLR0917 -- the view's call
        self._model.begin(scenario, mode, bus, protocol, quorum, nodes)
        self._say("started", scenario=scenario, mode=mode, bus=bus, protocol=protocol, quorum=quorum, nodes=nodes)

    def node(self, now_ns: int, node: NodeView) -> None:
        if self._model.heard(now_ns, node):
            self._say("node", at=now_ns, **msgspec.structs.asdict(node))

    def story(self, now_ns: int, actor: str, line: str, outcome: str) -> None:
        self._say("story", at=now_ns, actor=actor, line=line, outcome=outcome)

    def fault(self, now_ns: int, line: str) -> None:
        self._say("fault", at=now_ns, line=line)

    def progress(self, now_ns: int, done: int, total: int) -> None:
        if self._model.progressed(now_ns, done, total):
            self._say("progress", at=now_ns, done=done, total=total)

    def clocks(self, now_ns: int, chain: str, paper: str) -> None:
        if self._model.clocked(now_ns, chain, paper):
            self._say("clocks", at=now_ns, chain=chain, paper=paper)

    def violated(self, now_ns: int, prop: str, detail: str) -> None:
        self._say("violated", at=now_ns, property=prop, detail=detail)

    def finished(self, verdict: str, lines: list[str], folder: str) -> None:
        self._say("finished", verdict=verdict, lines=lines, folder=folder)

    def close(self) -> None:
        """Nothing is held."""

    def _say(self, event: str, **fields: Any) -> None:
        self._outlet.line(_encode({"event": event, **fields}).decode())
