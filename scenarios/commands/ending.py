"""How commands speak and end: exit codes of verdicts, warnings, signals."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from types import FrameType

from scenarios.failures import EXIT_FAIL, EXIT_INCONCLUSIVE, EXIT_PASS, say

EXIT_OF_VERDICT = {"pass": EXIT_PASS, "fail": EXIT_FAIL, "inconclusive": EXIT_INCONCLUSIVE}


def say_warnings(warnings: Sequence[object]) -> None:
    """Each on standard error."""
    for warning in warnings:
        say(str(warning))


def end_in_order() -> None:
    """Take SIGTERM and SIGHUP for Ctrl-C, so that a terminal is given back and what was done is told and kept."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
