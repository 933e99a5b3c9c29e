"""The views of a run 看板: live on a terminal, plain lines elsewhere, JSON lines for machines, or none.

``model`` holds what is known, ``frame`` draws it, ``live``, ``plain`` and ``json_lines`` are the views. Choose by
:func:`view_for`.
"""

from __future__ import annotations

import os
import sys

from scenarios.dashboard.base import ClosableView, NoView
from scenarios.dashboard.json_lines import JsonView
from scenarios.dashboard.outlet import Outlet
from scenarios.dashboard.plain import PlainView

__all__ = ["ClosableView", "NoView", "view_for"]


def view_for(ui: str | None) -> ClosableView:
    """The view called ``ui`` ("live", "plain", "json", "none") on standard output; None chooses.

    Chosen is the live one on a terminal that can move its cursor, else plain lines.
    """
    terminal = sys.stdout.isatty()
    if ui is None:
        ui = "live" if terminal and os.environ.get("TERM", "dumb") != "dumb" else "plain"
    if ui == "live":
        from rich.console import Console  # noqa: PLC0415 -- costs 50 ms, wanted for this one alone

        from scenarios.dashboard.live import LiveView  # noqa: PLC0415

        return LiveView(Console(highlight=False))
    if ui == "json":
        return JsonView(Outlet(sys.stdout))
    if ui == "none":
        return NoView()
    return PlainView(Outlet(sys.stdout), colour=terminal)
