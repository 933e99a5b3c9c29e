"""A node's own clock, where it does not tell the world's time."""

from __future__ import annotations

from network.virtual.draws import MILLION


class LocalClock:
    """Steps and drifts as it is told to, but never back: it stands still until the time it has told is reached."""

    def __init__(self, now: int) -> None:
        self._since = now  # the world's time at the last change
        self._from = now  # what the clock should have told then
        self._step_ns = 0
        self._drift_ppm = 0
        self._told = now

    def begin_incarnation(self) -> None:
        """A new process: nothing was told yet."""
        self._told = 0

    def change(self, now: int, step_ns: int, drift_ppm: int) -> None:
        """From the world's ``now`` on: ``step_ns`` in all, and this drift. Without either it is set right."""
        if step_ns or drift_ppm:
            self._from = self._reading(now) + step_ns - self._step_ns
        else:
            self._from = now
        self._since, self._step_ns, self._drift_ppm = now, step_ns, drift_ppm

    def tell(self, now: int) -> int:
        """What the clock shows at the world's ``now``."""
        self._told = max(self._told, self._reading(now))
        return self._told

    def true_ns(self, after_ns: int) -> int:
        """How long it really takes until ``after_ns`` have passed by this clock, rounded up."""
        return -(-after_ns * MILLION // (MILLION + self._drift_ppm))

    def _reading(self, now: int) -> int:
        return max(0, self._from + (now - self._since) * (MILLION + self._drift_ppm) // MILLION)
