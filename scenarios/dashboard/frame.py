"""One picture of a run, as lines of styled text of exactly the terminal's width and at most its height.

From top to bottom: the verdict so far and what runs; progress; the nodes; what the organisations do. From
:data:`WIDE` columns on, the nodes stand to the left of the log. A node's condition is told by glyph, word and colour,
so that none of them is needed to understand it. What does not fit is counted, never silently dropped.
"""

from __future__ import annotations

from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from scenarios.dashboard.model import Entry, RunModel, clock_text
from scenarios.dashboard.widths import fit
from scenarios.runner.view import NodeView

WIDE = 130
WIDTH_MIN = 40
LOG_WIDTH = 78
"""What the log should have before the nodes' least important columns are shown beside it."""

TAIL = 10
"""How many lines of the log stay on the screen with the verdict."""

_CONDITIONS = {
    "up": ("●", "green"),
    "down": ("✖", "bold red"),
    "starting": ("◌", "cyan"),
    "slow": ("◔", "yellow"),
    "cut off": ("⊘", "magenta"),
    "catching up": ("◐", "yellow"),
}
_LEADING = {"leader", "primary"}
_ROUND_NAMES = {"raft": "term", "pbft": "view"}
_VERDICTS = {
    "pass": (" PASS ", "bold black on green"),
    "fail": (" FAIL ", "bold white on red"),
    "inconclusive": (" INCONCLUSIVE ", "bold black on yellow"),
}

_OUTCOMES = {"PASS": "green", "FAIL": "bold red", "WARN": "yellow", "INCONCLUSIVE": "yellow"}


class _Column(NamedTuple):
    """``importance`` decides which columns a narrow terminal keeps (the greater, the longer)."""

    title: str
    width: int
    importance: int
    right: bool = False


def draw(model: RunModel, width: int, height: int, now_ns: int | None = None) -> Text:
    """The picture for a terminal of ``width`` by ``height`` cells; ``now_ns`` where the clock has moved on since."""
    width = max(width, WIDTH_MIN)
    head = _head(model, width, model.now_ns if now_ns is None else now_ns)
    room = max(height - len(head) - 1, 2)
    body = _side_by_side(model, width, room) if width >= WIDE else _stacked(model, width, room)
    return Text("\n", no_wrap=True, overflow="crop").join([*head, Text(""), *body][: max(height, 1)])


def draw_last(model: RunModel, width: int) -> Text:
    """The picture that stays when the run is over: every node, and the end of the log."""
    width = max(width, WIDTH_MIN)
    nodes = _nodes(model, width, len(model.nodes) + 1)
    return Text("\n", no_wrap=True, overflow="crop").join(
        [*_head(model, width, model.now_ns), Text(""), *nodes, Text(""), *_log(model, width, TAIL)]
    )


def outcome_lines(model: RunModel) -> Table:
    """What was judged, one expectation a row; a long one wraps under itself, not under its verdict."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for line in model.lines:
        verdict, _, rest = line.partition(" ")
        if verdict in _OUTCOMES:
            table.add_row(Text(f"  {verdict}", style=_OUTCOMES[verdict]), Text(rest.strip()))
        else:
            table.add_row(Text(""), Text(line))
    return table


def verdict_line(model: RunModel) -> Text:
    """The verdict in one line, where the eye rests last."""
    badge, style = _VERDICTS.get(model.verdict, (f" {model.verdict.upper()} ", "bold"))
    line = Text(badge, style=style)
    line.append(f" {model.scenario} in {clock_text(model.now_ns)}", style="bold")
    return line


def _side_by_side(model: RunModel, width: int, room: int) -> list[Text]:
    left_width = max(min(_nodes_width(model), width - 3 - LOG_WIDTH), width // 3)
    left = _nodes(model, left_width, room)
    right = _log(model, width - left_width - 3, room)
    empty = Text(" " * left_width)
    lines = []
    for index in range(max(len(left), len(right))):
        line = left[index].copy() if index < len(left) else empty.copy()
        line.append(" │ ", style="dim")
        if index < len(right):
            line.append_text(right[index])
        lines.append(line)
    return lines


def _stacked(model: RunModel, width: int, room: int) -> list[Text]:
    nodes_room = min(len(model.nodes) + 1, max(room * 3 // 5, 4), room)
    nodes = _nodes(model, width, nodes_room)
    rest = room - len(nodes) - 1
    return [*nodes, Text(""), *_log(model, width, rest)] if rest >= 2 else nodes


def _head(model: RunModel, width: int, now_ns: int) -> list[Text]:
    badge, style = _badge(model)
    clock = clock_text(now_ns)
    first = Text(badge, style=style)
    first.append(" " + fit(model.scenario, max(width - len(badge) - len(clock) - 3, 1)), style="bold")
    first.append("  " + clock, style="cyan")
    where = "virtual time" if model.mode == "virtual" else f"{model.mode}, {model.bus} bus"
    facts = [model.protocol, model.quorum, f"{len(model.nodes)} nodes", where]
    second = Text(fit(" · ".join(fact for fact in facts if fact), width), style="dim")
    lines = [first, second, _progress(model, width)]
    if model.chain_clock or model.paper_clock:
        lines.append(_clocks(model, width))
    if model.violations:
        prop, detail = model.violations[0]
        more = f" (+{len(model.violations) - 1} more)" if len(model.violations) > 1 else ""
        lines.append(Text(fit(f"✖ {prop}: {detail}{more}", width), style="bold red"))
    return lines


def _badge(model: RunModel) -> tuple[str, str]:
    if model.violations:
        return " VIOLATED ", "bold white on red"
    return _VERDICTS.get(model.verdict, (" SAFE ", "bold black on green"))


def _progress(model: RunModel, width: int) -> Text:
    tail = f" {model.done:,} of {model.total:,} steps · height {model.height:,}" if model.total else " the nodes start"
    bar = max(min(width - len(tail), 60), 0)
    filled = bar * min(model.done, model.total) // model.total if model.total else 0
    line = Text("━" * filled, style="green")
    line.append("─" * (bar - filled), style="dim")
    line.append(fit(tail, width - bar))
    return line


def _clocks(model: RunModel, width: int) -> Text:
    half = width // 2
    line = Text("chain ", style="dim")
    line.append(fit(model.chain_clock, half - 6), style="bold green")
    line.append("paper ", style="dim")
    line.append(fit(model.paper_clock, width - half - 6), style="bold yellow")
    return line


def _columns(model: RunModel) -> list[_Column]:
    longest = max((len(name) for name in model.nodes), default=4)
    return [
        _Column("", 1, 9),
        _Column("node", min(max(longest, 8), 18), 9),
        _Column("is", 11, 8),
        _Column("duty", 9, 7),
        _Column(_ROUND_NAMES.get(model.protocol, "round"), 5, 5, right=True),
        _Column("height", 7, 6, right=True),
        _Column("pool", 5, 3, right=True),
        _Column("last block", 10, 2),
        _Column("role", 10, 1),
    ]


def _nodes_width(model: RunModel) -> int:
    return sum(column.width + 1 for column in _columns(model)) - 1


def _nodes(model: RunModel, width: int, room: int) -> list[Text]:
    """A line of titles and one for each node; nodes in trouble and the leader come before "+N more"."""
    columns = _columns(model)
    while sum(column.width + 1 for column in columns) - 1 > width:
        columns.remove(min(columns, key=lambda column: column.importance))
    title = Text(fit(" ".join(fit(c.title, c.width, right=c.right) for c in columns), width), style="dim")
    nodes = list(model.nodes.values())
    if len(nodes) > room - 1:
        shown = _most_telling(nodes, max(room - 2, 0))
        hidden = [node for node in nodes if node not in shown]
        states = "all up" if all(node.condition == "up" for node in hidden) else "not all up"
        more = [Text(fit(f"  +{len(hidden)} more, {states}", width), style="dim")]
    else:
        shown, more = nodes, []
    return [title, *(_node(node, columns, width) for node in shown), *more][: max(room, 1)]


def _most_telling(nodes: list[NodeView], count: int) -> list[NodeView]:
    """``count`` nodes in their own order: those not up first of all, then those that lead, then the first ones."""
    ranked = sorted(nodes, key=lambda node: (node.condition == "up", node.duty not in _LEADING))
    chosen = {node.name for node in ranked[:count]}
    return [node for node in nodes if node.name in chosen]


def _node(node: NodeView, columns: list[_Column], width: int) -> Text:
    glyph, style = _CONDITIONS.get(node.condition, ("?", "yellow"))
    leads = node.duty in _LEADING
    down = node.condition == "down"
    cells = {
        "": (glyph, style),
        "node": (node.name, "bold" if leads else ""),
        "is": (node.condition, style),
        "duty": (("★ " if leads else "") + node.duty, "bold cyan" if leads else "dim" if not node.votes else ""),
        "height": (f"{node.height:,}", "dim" if down else ""),
        "pool": (str(node.mempool), "yellow" if node.mempool else "dim"),
        "last block": (node.last_block, "dim"),
        "role": (node.role, "dim"),
    }
    line = Text()
    used = 0
    for column in columns:
        text, look = cells.get(column.title, (str(node.round), "dim" if down else ""))
        line.append(fit(text, column.width, right=column.right) + " ", style=look)
        used += column.width + 1
    if used < width:
        line.append(" " * (width - used))
    else:
        line.right_crop(used - width)
    return line


def _log(model: RunModel, width: int, room: int) -> list[Text]:
    """The newest entries at the bottom, under a title that counts the ones no longer to be seen."""
    count = max(room - 1, 0)
    entries = list(model.log)[-count:] if count else []
    earlier = model.told - len(entries)
    title = "what the organisations do" + (f" (+{earlier:,} earlier)" if earlier else "")
    actor = min(14, max((len(entry.actor) for entry in entries), default=8))
    return [Text(fit(title, width), style="dim"), *(_entry(entry, width, actor) for entry in entries)]


def _entry(entry: Entry, width: int, actor: int) -> Text:
    line = Text(fit(clock_text(entry.now_ns), 8, right=True) + "  ", style="dim")
    if entry.kind == "fault":
        line.append(fit("⚡ " + entry.line, width - 10), style="bold yellow")
        return line
    if entry.kind == "violation":
        line.append(fit(f"✖ {entry.actor}: {entry.line}", width - 10), style="bold red")
        return line
    refused = entry.outcome != "ok"
    outcome = f"✗ {entry.outcome}" if refused else "✓"
    room = max(min(len(outcome), (width - 12 - actor) // 2), 1)
    line.append(fit(entry.actor, actor) + "  ", style="cyan")
    line.append(fit(entry.line, max(width - 10 - actor - 2 - room - 1, 1)) + " ")
    line.append(fit(outcome, room), style="yellow" if refused else "green")
    return line
