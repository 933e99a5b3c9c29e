"""Draws ``docs/pictures/live.svg``, the live view of a real run at one moment: ``python docs/picture.py``.

The run is ``consortium demo``; the moment is the one at which the claim has been paid and its second payment refused.
"""
# ruff: noqa: INP001 - a script beside the pages

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

from rich.console import Console

from scenarios.dashboard import NoView
from scenarios.dashboard.frame import draw
from scenarios.dashboard.model import Entry, RunModel
from scenarios.language import load_scenario
from scenarios.runner import NodeView, run
from scenarios.shipped import find_scenario

WIDTH, HEIGHT = 150, 24
MOMENT = "a claim is paid once"
PICTURE = Path(__file__).parent / "pictures" / "live.svg"


class Photographer(NoView):
    """Keeps the model as the live view does, and one frame of it."""

    def __init__(self) -> None:
        self._model = RunModel()
        self.svg = ""

    def started(self, scenario: str, mode: str, bus: str, protocol: str, quorum: str, nodes: list[NodeView]) -> None:  # noqa: PLR0913, PLR0917 - the view's call
        self._model.begin(scenario, mode, bus, protocol, quorum, nodes)

    def node(self, now_ns: int, node: NodeView) -> None:
        self._model.heard(now_ns, node)

    def progress(self, now_ns: int, done: int, total: int) -> None:
        self._model.progressed(now_ns, done, total)

    def clocks(self, now_ns: int, chain: str, paper: str) -> None:
        self._model.clocked(now_ns, chain, paper)

    def fault(self, now_ns: int, line: str) -> None:
        self._model.tell(Entry(now_ns, "fault", "", line))

    def story(self, now_ns: int, actor: str, line: str, outcome: str) -> None:
        self._model.tell(Entry(now_ns, "story", actor, line, outcome))
        if line == MOMENT:
            console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
            console.print(draw(self._model, WIDTH, HEIGHT), soft_wrap=True)
            svg = console.export_svg(title="consortium demo", unique_id="live")
            self.svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # the reader's own monospace will do


def main() -> None:
    """Run the demo and keep the picture."""
    scenario = load_scenario(find_scenario("one_claim"))
    photographer = Photographer()
    with tempfile.TemporaryDirectory() as folder:
        run(scenario, mode="processes", view=photographer, out=Path(folder))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(photographer.svg)


if __name__ == "__main__":
    main()
