"""Scenarios 场景: what users see: the language, the roles, the runner, results, dashboard and command line.

A scenario (:mod:`scenarios.language`) becomes signed steps (:mod:`scenarios.roles`, :mod:`scenarios.runner`), which run
in virtual time or on real processes; what they leave is judged and written to a run's folder
(:mod:`scenarios.results`), while :mod:`scenarios.dashboard` shows it. Many runs at once are a sweep
(:mod:`scenarios.sweeps`). The shipped scenarios lie in ``library/``, a folder a theme; :mod:`scenarios.profiles` holds
them to what other platforms have published.

``scenarios.run(...)`` and ``scenarios.sweep(...)`` are the same from Python: see :mod:`scenarios.api`, which is loaded
when one of them is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenarios.api import Run, Table, run, sweep

__all__ = ["Run", "Table", "run", "sweep"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from scenarios import api  # noqa: PLC0415 -- loads the virtual world

    return getattr(api, name)
