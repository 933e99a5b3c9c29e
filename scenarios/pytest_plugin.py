"""The adversary in anyone's own test suite: a fixture, a marker, and failures that can be replayed.

Installed with the distribution (entry point ``pytest11``). In a test::

    @pytest.mark.adversary(runs=200, budget_s=30)
    def test_my_protocol_is_safe(adversary):
        adversary.check("my-protocol", network="cores")

``my-protocol`` is any protocol registered by :func:`consensus.protocols.register`. The test fails with the report of
:mod:`scenarios.adversary.report`; the shrunk failure is kept in ``--adversary-failures`` (an artifact for CI), and the
number of runs, the failure's file and the command that replays it are properties of the test in JUnit output.

``--adversary-seed``, ``--adversary-runs`` and ``--adversary-budget`` override every marker: a nightly job searches
longer with the same tests.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from consensus.properties import Observer
    from scenarios.adversary import Played, Search, Trial

_MARKER = "adversary(runs=50, seed=0, budget_s=None, jobs=1): how much the fixture `adversary` searches"
_DEFAULTS: dict[str, Any] = {"runs": 50, "seed": 0, "budget_s": None, "jobs": 1}


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the command line."""
    group = parser.getgroup("adversary", "search for violations of consensus (consortium)")
    group.addoption("--adversary-seed", type=int, metavar="S", help="begin every search with this seed")
    group.addoption("--adversary-runs", type=int, metavar="K", help="play so many trials in every search")
    group.addoption("--adversary-budget", type=float, metavar="SECONDS", help="CPU-seconds for every search")
    group.addoption("--adversary-failures", type=Path, default=Path("failures"), help="where failures are kept")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


class Adversary:
    """What the fixture gives: :meth:`check` searches, :meth:`play` plays one trial with one's own oracles."""

    def __init__(self, settings: dict[str, Any], folder: Path, tell: Callable[[str, object], None]) -> None:
        self._settings = settings
        self._folder = folder
        self._tell = tell

    def check(self, protocol: str, **plan: Any) -> Search:
        """Search; ``plan`` is what :class:`scenarios.adversary.Plan` takes. AssertionError tells a finding."""
        from scenarios.adversary import Plan, check  # noqa: PLC0415 - loads everything

        search = check(Plan(protocol=protocol, **plan), **self._settings)
        self._tell("adversary_runs", search.runs)
        self._tell("adversary_first_seed", search.first)
        if search.trial is not None:
            raise AssertionError(self._kept(search))
        return search

    def play(self, trial: Trial, *observers: Observer) -> Played:
        """Play one trial, with oracles of one's own besides; see :func:`scenarios.adversary.play`."""
        from scenarios.adversary import play  # noqa: PLC0415 - loads everything

        return play(trial, observers=observers)

    def _kept(self, search: Search) -> str:
        """Shrink and keep the failure; its report."""
        from scenarios.adversary import failure_of, keep, shrink  # noqa: PLC0415 - loads everything
        from scenarios.adversary.report import draw_svg, report_lines  # noqa: PLC0415

        assert search.trial is not None  # noqa: S101 - the caller looked
        assert search.broken is not None  # noqa: S101
        small = shrink(search.trial, search.broken)
        failure = failure_of(small.trial, found=search.trial)
        if failure is None:
            return f"{search.broken} was seen once and not again: the run depends on more than its trial"
        path = keep(failure, self._folder)
        draw_svg(failure, path)
        self._tell("adversary_failure", path)
        self._tell("adversary_replay", f"consortium replay {path}")
        return "\n".join(report_lines(failure, path))


@pytest.fixture
def adversary(request: pytest.FixtureRequest) -> Adversary:
    """Searches for violations as the marker ``adversary`` and the command line say."""
    marker = request.node.get_closest_marker("adversary")
    given = dict(marker.kwargs) if marker is not None else {}
    unknown = sorted(given.keys() - _DEFAULTS.keys())
    if unknown or (marker is not None and marker.args):
        raise pytest.UsageError(
            f"the marker adversary takes {', '.join(_DEFAULTS)}; not {', '.join(unknown) or 'this'}"
        )
    config = request.config
    options = {"seed": "--adversary-seed", "runs": "--adversary-runs", "budget_s": "--adversary-budget"}
    forced = {name: value for name, option in options.items() if (value := config.getoption(option)) is not None}
    folder = config.rootpath / config.getoption("--adversary-failures")
    properties = request.node.user_properties  # record_property warns where JUnit's family has none
    return Adversary(_DEFAULTS | given | forced, folder, lambda name, value: properties.append((name, str(value))))
