"""What a viewer sees, cell by cell. ``UPDATE_GOLDEN=1 pytest`` rewrites the pictures; look at them."""

from __future__ import annotations

import io
import os
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from scenarios.dashboard.frame import draw, draw_last, verdict_line
from scenarios.dashboard.model import Entry, RunModel
from scenarios.runner.view import NodeView

GOLDEN = Path(__file__).parent / "golden"


def shown(picture: Text, width: int) -> str:
    """The picture as a recorded terminal of ``width`` shows it, without colours."""
    console = Console(file=io.StringIO(), width=width, record=True, force_terminal=True, legacy_windows=False)
    console.print(picture, soft_wrap=True)
    return console.export_text()


class ModelView:
    """Lets the scripted run fill a model."""

    def __init__(self) -> None:
        self.model = RunModel()
        self.started = self.model.begin
        self.node = self.model.heard
        self.progress = self.model.progressed
        self.clocks = self.model.clocked
        self.violated = self.model.violate
        self.finished = self.model.finish

    def story(self, now_ns: int, actor: str, line: str, outcome: str) -> None:
        self.model.tell(Entry(now_ns, "story", actor, line, outcome))

    def fault(self, now_ns: int, line: str) -> None:
        self.model.tell(Entry(now_ns, "fault", "", line))


@pytest.fixture
def halfway(scripted) -> RunModel:
    view = ModelView()
    scripted(view, steps=8)
    return view.model


@pytest.fixture
def over(scripted) -> RunModel:
    view = ModelView()
    scripted(view)
    return view.model


def many(count: int) -> RunModel:
    nodes = [
        NodeView(name=f"insurer-{n}", role="insurer", votes=True, condition="up", duty="follower")
        for n in range(1, count + 1)
    ]
    nodes[17] = msgspec.structs.replace(nodes[17], duty="leader")
    nodes[20] = msgspec.structs.replace(nodes[20], condition="down")
    model = RunModel()
    model.begin("market", "virtual", "virtual", "raft", "quorum 12 of 22", nodes)
    return model


def golden(name: str, picture: Text, width: int) -> None:
    text = shown(picture, width)
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 40), (200, 50), (60, 16)])
def test_the_picture_halfway_is_the_golden_one(halfway: RunModel, width: int, height: int) -> None:
    golden(f"halfway-{width}x{height}", draw(halfway, width, height), width)


def test_the_last_picture_is_the_golden_one(over: RunModel) -> None:
    golden("over-80", draw_last(over, 80), 80)
    assert verdict_line(over).plain == " PASS  one-claim in 0:09.8"


def test_a_violation_takes_the_top(halfway: RunModel) -> None:
    halfway.violate(5_000_000_000, "agreement", "insurer-1 and insurer-2 differ at height 7")
    golden("violated-80x24", draw(halfway, 80, 24), 80)


@pytest.mark.parametrize("width", [1, 20, 40, 61, 79, 80, 100, 129, 130, 131, 160, 200, 300])
@pytest.mark.parametrize("height", [1, 3, 8, 12, 24, 50])
def test_no_line_is_wider_nor_the_picture_higher_than_the_terminal(over: RunModel, width: int, height: int) -> None:
    lines = draw(over, width, height).plain.split("\n")
    assert len(lines) <= height
    assert max(cell_len(line) for line in lines) <= max(width, 40)


def test_an_empty_model_can_be_drawn() -> None:
    assert "the nodes start" in draw(RunModel(), 80, 24).plain


def test_nodes_that_do_not_fit_are_counted_and_those_in_trouble_shown() -> None:
    text = draw(many(22), 80, 24).plain
    assert "insurer-21 down" in text
    assert "★ leader" in text
    assert text.count("insurer-") == 10
    assert "+12 more, all up" in text


def test_hidden_trouble_is_not_called_all_up() -> None:
    model = many(22)
    for node in list(model.nodes.values()):
        model.heard(0, msgspec.structs.replace(node, condition="down"))
    assert "more, not all up" in draw(model, 80, 24).plain


def test_the_log_counts_what_scrolled_away(over: RunModel) -> None:
    for number in range(600):
        over.tell(Entry(number, "story", "bureau", f"line {number}", "ok"))
    text = draw(over, 80, 24).plain
    assert "line 599" in text
    told = 600 + 15  # the script's 14 stories and one fault
    in_sight = sum("  bureau" in line and "line " in line for line in text.split("\n"))
    assert f"(+{told - in_sight} earlier)" in text


def test_double_width_characters_are_never_cut_in_half() -> None:
    model = RunModel()
    model.begin("一次理赔" * 30, "virtual", "virtual", "pbft", "quorum", [])
    model.tell(Entry(0, "story", "医保局医保局医保局医保局", "零感知理赔" * 40, "ok"))
    for width in range(40, 120):
        for line in draw(model, width, 12).plain.split("\n"):
            assert cell_len(line) <= width


def test_control_characters_never_reach_the_picture() -> None:
    model = RunModel()
    node = NodeView(name="n\x1b[2J", role="r\n", votes=True, condition="up", last_block="\x07")
    model.begin("a\x1b]0;x\x07", "virtual", "b", "pbft", "q\r", [node])
    model.tell(Entry(0, "story", "x\x1b[31m", "y\nz\u202e", "\x9b"))
    text = draw(model, 80, 24).plain
    assert not [char for char in text if char != "\n" and (ord(char) < 32 or 127 <= ord(char) < 160)]
    assert "\u202e" not in text
