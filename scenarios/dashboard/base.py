"""What every view has beyond the calls of the runner: it can be closed, at any time and more than once."""

from __future__ import annotations

from typing import Protocol

from scenarios.runner.view import NodeView, RunView


class ClosableView(RunView, Protocol):
    """A view that gives back whatever it holds (the terminal) when closed."""

    def close(self) -> None: ...


class NoView:
    """Shows nothing."""

    def started(self, scenario: str, mode: str, bus: str, protocol: str, quorum: str, nodes: list[NodeView]) -> None:  # noqa: PLR0913, PLR0917 -- the view's call
        pass

    def node(self, now_ns: int, node: NodeView) -> None:
        pass

    def story(self, now_ns: int, actor: str, line: str, outcome: str) -> None:
        pass

    def fault(self, now_ns: int, line: str) -> None:
        pass

    def progress(self, now_ns: int, done: int, total: int) -> None:
        pass

    def clocks(self, now_ns: int, chain: str, paper: str) -> None:
        pass

    def violated(self, now_ns: int, prop: str, detail: str) -> None:
        pass

    def finished(self, verdict: str, lines: list[str], folder: str) -> None:
        pass

    def close(self) -> None:
        pass
