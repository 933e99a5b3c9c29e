"""``run``: the seed, how long, in which world, and the clock of business time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from node.business_clock import BusinessClock
from scenarios.language.models.base import BusinessDay, Nanoseconds, Part, Scale
from scenarios.language.units import ClockScale, parse_duration

Mode = Literal["virtual", "processes"]


class Clock(Part):
    """Business time: when it begins and how fast it passes. The scale paces submission only."""

    start: BusinessDay = 1_680_307_200_000
    """The day on which business begins (midnight UTC), as in `2023-04-01`."""
    scale: Scale = ClockScale(86_400, 1)
    """How much business time passes while run time does, as in `1 day = 1 s`."""
    ahead: Nanoseconds | None = None
    """How far ahead of a voter's business clock a block's transactions may be dated, as in `5 min`; left out: nodes do
    not ask. A node's pool takes half of it. More than twice what clocks differ by, or what is due is put off."""

    @property
    def bound(self) -> BusinessClock | None:
        """What nodes are told of it; None where they do not ask."""
        if self.ahead is None:
            return None
        return BusinessClock(
            start_ms=self.start,
            business_ns=self.scale.business_ns,
            run_ns=self.scale.run_ns,
            ahead_ms=self.ahead // 1_000_000,
        )

    def run_ns(self, business_ms: int) -> int:
        """The run time, in ns, at which business time ``business_ms`` comes (rounded down, never negative)."""
        elapsed_ns = (business_ms - self.start) * 1_000_000
        return max(0, elapsed_ns * self.scale.run_ns // self.scale.business_ns)

    def business_ms(self, run_ns: int) -> int:
        """The business time, in ms since 1970, at run time ``run_ns`` (rounded down)."""
        return self.start + run_ns * self.scale.business_ns // self.scale.run_ns // 1_000_000


class Run(Part):
    """How the scenario is run; the command line's options override it."""

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    """Everything drawn at random follows from it."""
    duration: Nanoseconds = parse_duration("5 min")
    """The most run time the run may take; a run ends earlier, as soon as its workload is drained."""
    mode: Mode = "virtual"
    """`virtual`: one process, simulated time, bit-for-bit reproducible. `processes`: one OS process a node."""
    bus: Annotated[str, Field(pattern=r"^(embedded|mosquitto|mqtts?://[^\s/]+/?)$")] = "embedded"
    """Which bus carries processes mode: `embedded`, `mosquitto`, or a broker's `mqtt://HOST:PORT`."""
    clock: Clock = Clock()
    """Business time."""
