"""The adversary in anyone's own test suite: a fixture, a marker, and failures that can be replayed.

Installed with the distribution (entry point ``pytest11``). In a test::

    @pytest.mark.adversary(runs=200, budget_s=30)
    def test_my_protocol_is_safe(adversary):
        adversary.check("my-protocol", network="cores")

``my-protocol`` is any protocol registered by :func:`consensus.protocols.register`; oracles of one's own are registered
beside it by :func:`scenarios.adversary.register_oracle`. :meth:`Adversary.contract` searches a contract of one's own.

The test fails with the report of :mod:`scenarios.adversary.report`. The shrunk failure is kept in
``--adversary-failures`` (an artifact for CI); the number of runs, the failure's file and the command that replays it
are properties of the test in JUnit output. ``--adversary-replay=FILE`` plays that file's trial instead of searching,
with the protocol and the oracles that this suite registers.

``--adversary-seed``, ``--adversary-runs``, ``--adversary-budget`` and ``--adversary-shards`` override every marker: a
nightly job searches longer with the same tests. A test with shards becomes so many tests, each with its share of the
seeds and of the budget, which ``pytest-xdist`` spreads over its workers.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from consensus.properties import Observer
    from node.contracts.contract import Contract
    from scenarios.adversary import Failure, Played, Search, Trial
    from scenarios.adversary.contracts import Calls, Invariant

_DEFAULTS: dict[str, Any] = {"runs": 50, "seed": 0, "budget_s": None, "jobs": 1, "shards": 1}
_MARKER = "adversary(runs=50, seed=0, budget_s=None, jobs=1, shards=1): how much the fixture `adversary` searches"
_OPTIONS = {
    "seed": "--adversary-seed",
    "runs": "--adversary-runs",
    "budget_s": "--adversary-budget",
    "shards": "--adversary-shards",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the command line."""
    group = parser.getgroup("adversary", "search for violations of consensus (consortium)")
    group.addoption("--adversary-seed", type=int, metavar="S", help="begin every search with this seed")
    group.addoption("--adversary-runs", type=int, metavar="K", help="play so many trials in every search")
    group.addoption("--adversary-budget", type=float, metavar="SECONDS", help="CPU-seconds for every search")
    group.addoption("--adversary-shards", type=int, metavar="N", help="split every search into so many tests")
    group.addoption("--adversary-failures", type=Path, default=Path("failures"), help="where failures are kept")
    group.addoption("--adversary-replay", type=Path, metavar="FILE", help="play this failure instead of searching")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each shard."""
    if "adversary" in metafunc.fixturenames:
        shards = _settings(metafunc.definition, metafunc.config)["shards"]
        if shards > 1:
            metafunc.parametrize("adversary", range(shards), indirect=True, ids=lambda shard: f"shard{shard}")


class Adversary:
    """What the fixture gives: :meth:`check` searches a protocol, :meth:`contract` a contract, :meth:`play` one trial.

    ``settings`` are those of the marker; ``tell`` records a property of the test; ``name`` is the test's id.
    """

    def __init__(
        self,
        settings: dict[str, Any],
        folder: Path,
        tell: Callable[[str, object], None],
        name: str = "",
        replayed: Path | None = None,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._tell = tell
        self._name = name
        self._replayed = replayed

    def check(self, protocol: str, **plan: Any) -> Search:
        """Search; ``plan`` is what :class:`scenarios.adversary.Plan` takes. AssertionError tells a finding."""
        from scenarios.adversary import Plan, check  # noqa: PLC0415 - loads everything

        __tracebackhide__ = True
        if self._replayed is not None:
            self._replay(protocol, self._replayed)
        search = check(Plan(protocol=protocol, **plan), **self._settings)
        self._tell("adversary_runs", search.runs)
        self._tell("adversary_first_seed", search.first)
        if search.trial is not None:
            raise AssertionError(self._kept(search))
        return search

    def contract(self, contract: Contract, calls: Calls, invariant: Invariant | None = None, **around: Any) -> int:
        """Search a contract; see :func:`scenarios.adversary.contracts.check_contract`. How many stories were told."""
        from scenarios.adversary.contracts import check_contract  # noqa: PLC0415 - loads the ledger

        __tracebackhide__ = True
        settings = {name: value for name, value in self._settings.items() if name != "jobs"}
        stories = check_contract(contract, calls, invariant, **settings, **around)
        self._tell("adversary_runs", stories)
        self._tell("adversary_first_seed", settings["seed"])
        return stories

    def play(self, trial: Trial, *observers: Observer) -> Played:
        """Play one trial, with oracles of one's own besides; see :func:`scenarios.adversary.play`."""
        from scenarios.adversary import play  # noqa: PLC0415 - loads everything

        return play(trial, observers=observers)

    def _kept(self, search: Search) -> str:
        """Shrink and keep the failure; its report."""
        from scenarios.adversary import failure_of, keep, shrink  # noqa: PLC0415 - loads everything
        from scenarios.adversary.report import draw_svg  # noqa: PLC0415

        assert search.trial is not None  # noqa: S101 - the caller looked
        assert search.broken is not None  # noqa: S101
        small = shrink(search.trial, search.broken)
        failure = failure_of(small.trial, found=search.trial)
        if failure is None:
            return f"{search.broken} was seen once and not again: the run depends on more than its trial"
        path = keep(failure, self._folder)
        draw_svg(failure, path)
        return self._report(failure, path)

    def _replay(self, protocol: str, path: Path) -> None:
        """Play the kept failure; AssertionError tells what it breaks, and a pass that it breaks nothing any more."""
        from scenarios.adversary import failure_of, read_failure  # noqa: PLC0415 - loads everything

        __tracebackhide__ = True
        kept = read_failure(path)
        if kept.trial.case.protocol != protocol:
            pytest.skip(f"{path} is a failure of {kept.trial.case.protocol}")
        failure = failure_of(kept.trial, found=kept.found)
        if failure is None:
            pytest.skip(f"{path} breaks nothing any more")
        same = failure.event_sha256 == kept.event_sha256
        again = "as before, event for event" if same else "again, but not event for event: something has changed"
        raise AssertionError("\n".join([f"it fails {again}", self._report(failure, path)]))

    def _report(self, failure: Failure, path: Path) -> str:
        from scenarios.adversary.report import report_lines  # noqa: PLC0415 - loads everything

        self._tell("adversary_failure", path)
        self._tell("adversary_replay", f"consortium replay {path}")
        here = f"or, with what this suite registers: pytest '{self._name}' --adversary-replay={path}"
        return "\n".join([*report_lines(failure, path), here])


@pytest.fixture
def adversary(request: pytest.FixtureRequest) -> Adversary:
    """Searches for violations as the marker ``adversary`` and the command line say."""
    config = request.config
    settings = _settings(request.node, config)
    shards = settings.pop("shards")
    if shards > 1:
        settings = _share(settings, getattr(request, "param", 0), shards)
    folder = config.rootpath / config.getoption("--adversary-failures")
    properties = request.node.user_properties  # record_property warns where JUnit's family has none
    return Adversary(
        settings,
        folder,
        lambda name, value: properties.append((name, str(value))),
        request.node.nodeid,
        config.getoption("--adversary-replay"),
    )


def _settings(node: Any, config: pytest.Config) -> dict[str, Any]:
    """How much a test searches: the defaults, its marker, the command line."""
    marker = node.get_closest_marker("adversary")
    given = dict(marker.kwargs) if marker is not None else {}
    unknown = sorted(given.keys() - _DEFAULTS.keys())
    if unknown or (marker is not None and marker.args):
        raise pytest.UsageError(
            f"the marker adversary takes {', '.join(_DEFAULTS)}; not {', '.join(unknown) or 'this'}"
        )
    forced = {name: value for name, option in _OPTIONS.items() if (value := config.getoption(option)) is not None}
    return _DEFAULTS | given | forced


def _share(settings: dict[str, Any], shard: int, shards: int) -> dict[str, Any]:
    """The part of one shard: all shards together play the very seeds that one test would."""
    runs, seed, budget_s = settings["runs"], settings["seed"], settings["budget_s"]
    first, end = runs * shard // shards, runs * (shard + 1) // shards
    mine = {"runs": end - first, "seed": seed + first, "budget_s": None if budget_s is None else budget_s / shards}
    return settings | mine
