"""What a run leaves in memory while it goes: acknowledgements, blocks decided, faults, and what went wrong.

Either world's runner fills it; results and expectations are made from it.
"""

from __future__ import annotations

import msgspec

from scenarios.results.course import Course
from scenarios.results.exchanges import Exchange
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.ground import RunError
from scenarios.runner.traffic import Traffic
from scenarios.runner.workload import Step


class Decision(msgspec.Struct, frozen=True):
    """A node decided a block. ``now_ns`` is run time."""

    now_ns: int
    node: int
    height: int


class FaultDone(msgspec.Struct, frozen=True):
    """A fault began or ended. ``until_ns``: when what began is over by itself; its own time where something ended.

    None: what began lasts to the end of the run, or until something else ends it.
    """

    now_ns: int
    line: str
    until_ns: int | None = None
    kind: str = ""  # the scenario's word for it, as in `crash`


class Unacknowledged(msgspec.Struct, frozen=True):
    """A step that was submitted and whose fate its client does not know."""

    step: Step
    called_ns: int


class RunRecord(msgspec.Struct, kw_only=True):
    """Grows as the run goes."""

    acknowledged: list[Acknowledged] = []
    answered: list[Acknowledged] = []  # reads
    unacknowledged: list[Unacknowledged] = []
    decisions: list[Decision] = []
    resumed: list[Decision] = []  # a node started again and holds all blocks up to this height
    faults: list[FaultDone] = []
    course: Course = msgspec.field(default_factory=Course)
    traffic: Traffic = msgspec.field(default_factory=Traffic)
    exchanges: list[Exchange] = []
    faults_waiting: int = 0  # planned, and never begun
    down: list[int] = []  # nodes that did not run at the end
    lying: list[int] = []  # nodes that were Byzantine for a while: nothing is promised of what they hold
    accountability: str | None = None  # what came of more liars than are tolerated; None where there were not so many
    forked: int | None = None  # heights that fell apart where more lied than are tolerated
    violations: list[tuple[str, str]] = []
    rejections: dict[str, int] = {}
    counters: dict[str, int] = {}
    ended_ns: int = 0
    interrupted: bool = False
    trouble: RunError | None = None  # what ended the run before its time
    event_sha256: str | None = None

    @property
    def done(self) -> int:
        """Steps whose clients know what became of them."""
        return len(self.acknowledged) + len(self.answered)

    def first_decided(self) -> dict[int, int]:
        """When each height was decided first, by whoever; in order of height. Nodes tell late, and not in order."""
        first: dict[int, int] = {}
        for decision in self.decisions:
            first[decision.height] = min(decision.now_ns, first.get(decision.height, decision.now_ns))
        return dict(sorted(first.items()))
