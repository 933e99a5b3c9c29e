"""What is known of a run at a moment, ready to be shown. It knows nothing of terminals, and nothing of rich.

Texts come from scenarios, nodes and peers: control characters are replaced here, so that none reaches a terminal.
"""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path

import msgspec

from scenarios.runner.view import NodeView

LOG_MAX = 500

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Entry(msgspec.Struct, frozen=True):
    """One line of the log. ``kind`` is "story", "fault" or "violation"; ``outcome`` belongs to stories."""

    now_ns: int
    kind: str
    actor: str
    line: str
    outcome: str = ""


class RunModel(msgspec.Struct, kw_only=True):
    """The state of a run; updated by the view's calls, in their order."""

    scenario: str = ""
    mode: str = ""
    bus: str = ""
    protocol: str = ""
    quorum: str = ""
    now_ns: int = 0
    nodes: dict[str, NodeView] = msgspec.field(default_factory=dict)
    log: deque[Entry] = msgspec.field(default_factory=lambda: deque(maxlen=LOG_MAX))
    told: int = 0  # how many entries there ever were
    done: int = 0
    total: int = 0
    chain_clock: str = ""
    paper_clock: str = ""
    violations: list[tuple[str, str]] = msgspec.field(default_factory=list)
    verdict: str = ""  # "" while it runs
    lines: list[str] = msgspec.field(default_factory=list)
    folder: str = ""

    @property
    def height(self) -> int:
        """The greatest height that any node reached."""
        return max((node.height for node in self.nodes.values()), default=0)

    @property
    def safe(self) -> bool:
        """Whether no property was seen broken so far."""
        return not self.violations

    def begin(self, scenario: str, mode: str, bus: str, protocol: str, quorum: str, nodes: list[NodeView]) -> None:  # noqa: PLR0913, PLR0917 -- what the view's call carries
        self.scenario, self.mode, self.bus = clean(scenario), clean(mode), clean(bus)
        self.protocol, self.quorum = clean(protocol), clean(quorum)
        self.nodes = {node.name: node for node in map(_clean_node, nodes)}

    def heard(self, now_ns: int, node: NodeView) -> bool:
        """A node was heard of; whether that changed anything."""
        self._tick(now_ns)
        node = _clean_node(node)
        changed = self.nodes.get(node.name) != node
        self.nodes[node.name] = node
        return changed

    def tell(self, entry: Entry) -> Entry:
        """Add to the log; the entry as it may be shown."""
        self._tick(entry.now_ns)
        shown = Entry(entry.now_ns, entry.kind, clean(entry.actor), clean(entry.line), clean(entry.outcome))
        self.log.append(shown)
        self.told += 1
        return shown

    def progressed(self, now_ns: int, done: int, total: int) -> bool:
        """So many steps are acknowledged; whether that changed anything."""
        self._tick(now_ns)
        changed = (self.done, self.total) != (done, total)
        self.done, self.total = done, total
        return changed

    def clocked(self, now_ns: int, chain: str, paper: str) -> bool:
        """The clocks of the case at hand; whether that changed anything."""
        self._tick(now_ns)
        before = self.chain_clock, self.paper_clock
        self.chain_clock, self.paper_clock = clean(chain), clean(paper)
        return before != (self.chain_clock, self.paper_clock)

    def violate(self, now_ns: int, prop: str, detail: str) -> None:
        self.violations.append((clean(prop), clean(detail)))
        self.tell(Entry(now_ns, "violation", prop, detail))

    def finish(self, verdict: str, lines: list[str], folder: str) -> None:
        self.verdict, self.lines, self.folder = clean(verdict), [clean(line) for line in lines], clean(folder)

    @property
    def files(self) -> list[str]:
        """Where everything was written, a line each; nothing where it was not."""
        if not self.folder:
            return []
        report = Path(self.folder, "report.html")
        return [f"results: {self.folder}", *([f"report: {report}"] if report.is_file() else [])]

    def _tick(self, now_ns: int) -> None:
        self.now_ns = max(self.now_ns, now_ns)


def clean(text: str) -> str:
    """``text`` without control and direction characters."""
    return _CONTROL.sub("·", text)


def clock_text(now_ns: int) -> str:
    """Run time as minutes, seconds and tenths: "1:02.5"."""
    tenths = now_ns // 100_000_000
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def _clean_node(node: NodeView) -> NodeView:
    texts = {name: clean(getattr(node, name)) for name in ("name", "role", "condition", "duty", "last_block")}
    return msgspec.structs.replace(node, **texts)
