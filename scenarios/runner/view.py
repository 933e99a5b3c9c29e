"""What a run tells those who watch it.

The runner of either world calls it; the dashboard, the plain log and the JSON stream implement it. Nothing here knows
of rich.
"""

from __future__ import annotations

from typing import Protocol

import msgspec


class NodeView(msgspec.Struct, frozen=True, kw_only=True):
    """A node as it was last heard of."""

    name: str
    role: str  # the organisation's: "insurer" ...
    votes: bool
    condition: str  # "up", "down", "starting", "slow", "cut off", "catching up"
    duty: str = ""  # the protocol's: "leader", "follower", "primary", "backup", "observer" ...
    round: int = 0
    height: int = 0
    mempool: int = 0
    last_block: str = ""  # first hex digits of its head
    pid: int | None = None


class RunView(Protocol):
    """Calls come in order of ``now_ns``, nanoseconds of run time."""

    def started(  # noqa: PLR0913, PLR0917 - what is known at the start
        self, scenario: str, mode: str, bus: str, protocol: str, quorum: str, nodes: list[NodeView]
    ) -> None: ...

    def node(self, now_ns: int, node: NodeView) -> None: ...

    def story(self, now_ns: int, actor: str, line: str, outcome: str) -> None:
        """An organisation did something; ``outcome`` is "ok" or the code of the refusal."""
        ...

    def fault(self, now_ns: int, line: str) -> None: ...

    def progress(self, now_ns: int, done: int, total: int) -> None: ...

    def clocks(self, now_ns: int, chain: str, paper: str) -> None:
        """Business time that the case at hand has taken so far on the chain, and what the paper arm takes for it."""
        ...

    def violated(self, now_ns: int, prop: str, detail: str) -> None: ...

    def finished(self, verdict: str, lines: list[str], folder: str) -> None: ...
