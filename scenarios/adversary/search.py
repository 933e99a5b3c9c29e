"""``consortium check``: trials from one seed on, one after the other or several at a time, until one breaks something.

No seed is ever left out, and the answer does not depend on how many processes play: what is told is the violation of
the lowest seed. The state of a search is plain data; written to a file, it goes on where it stopped.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import msgspec

from network.virtual.settings import Settings
from scenarios.adversary.bugs import bugs
from scenarios.adversary.failure import FailureError
from scenarios.adversary.play import Broken, play
from scenarios.adversary.trial import Network, Trial, draw_trial
from scenarios.workers import workers

AHEAD = 4
"""Trials handed to each process before the first of them is back."""


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which trials a search draws; see :func:`scenarios.adversary.trial.draw_trial`."""

    protocol: str
    network: Network | None = None
    nodes: int | None = None
    liars: int | None = None
    bug: str | None = None
    strategy: str = "swarm"
    lies: tuple[str, ...] = ()
    fixed: Settings = {}

    def trial(self, seed: int) -> Trial:
        return draw_trial(
            self.protocol,
            seed,
            network=self.network,
            nodes=self.nodes,
            liars=self.liars,
            bug=self.bug,
            strategy=self.strategy,
            lies=self.lies,
            fixed=self.fixed,
        )


def suited(plan: Plan) -> Plan:
    """``plan``, with what its bug needs to show where the plan leaves that open; KeyError for an unknown bug."""
    if plan.bug is None:
        return plan
    known = bugs()[plan.bug]
    return msgspec.structs.replace(
        plan,
        network=plan.network or ("replicas" if known.needs == "replicas" else "cores"),
        nodes=plan.nodes or known.nodes,
        liars=known.lying if plan.liars is None else plan.liars,
        strategy=known.strategy if plan.strategy == "swarm" else plan.strategy,
        lies=plan.lies or known.lies,
        fixed=known.fixed | plan.fixed,
    )


class Search(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How far a search has come. ``counts``: faults by kind, messages by fate, what nodes told.

    ``first`` and ``upcoming`` are the seeds it began and goes on with; ``trial`` the one that broke something.
    """

    plan: Plan
    first: int
    upcoming: int
    cpu_s: float = 0.0
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    reached: dict[str, int] = msgspec.field(default_factory=dict)
    broken: Broken | None = None
    trial: Trial | None = None

    @property
    def runs(self) -> int:
        return self.upcoming - self.first


class _Result(msgspec.Struct):
    broken: Broken | None
    counts: dict[str, int]
    reached: dict[str, int]
    cpu_s: float


def check(  # noqa: PLR0913 - keyword-only
    plan: Plan,
    *,
    seed: int = 0,
    runs: int = 100,
    budget_s: float | None = None,
    jobs: int = 1,
    resumed: Search | None = None,
    progress: Callable[[Search], None] | None = None,
) -> Search:
    """Play ``runs`` trials from ``seed`` on, or for ``budget_s`` CPU-seconds (over all processes).

    ``resumed`` is the state of an earlier search, which goes on until ``runs`` in all.
    """
    search = Search(plan=plan, first=seed, upcoming=seed) if resumed is None else resumed
    spent = 0.0
    last = search.first + runs
    results = (
        _one_by_one(plan, search.upcoming, last) if jobs == 1 else _side_by_side(plan, search.upcoming, last, jobs)
    )
    if budget_s == 0 or _violated(search):
        return search
    for result in results:
        _take(search, result)
        spent += result.cpu_s
        if progress is not None:
            progress(search)
        if _violated(search) or (budget_s is not None and spent >= budget_s):
            break
    return search


def _violated(search: Search) -> bool:
    return search.broken is not None


def _take(search: Search, result: _Result) -> None:
    if result.broken is not None:
        search.broken, search.trial = result.broken, search.plan.trial(search.upcoming)
    search.upcoming += 1
    search.cpu_s += result.cpu_s
    search.counts = dict(Counter(search.counts) + Counter(result.counts))
    search.reached = dict(Counter(search.reached) + Counter(result.reached))


def _played(plan: Plan, seed: int) -> _Result:
    began = time.process_time()
    played = play(plan.trial(seed))
    counts = dict(played.counts)
    return _Result(played.broken, counts, dict(played.reached), time.process_time() - began)


def _one_by_one(plan: Plan, first: int, last: int) -> Iterator[_Result]:
    for seed in range(first, last):
        yield _played(plan, seed)


def _side_by_side(plan: Plan, first: int, last: int, jobs: int) -> Iterator[_Result]:
    """Results in order of seed, whoever finishes first."""
    waiting: deque[Future[_Result]] = deque()
    with workers(jobs) as pool:
        try:
            for seed in range(first, last):
                waiting.append(pool.submit(_played, plan, seed))
                if len(waiting) >= jobs * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def keep_search(search: Search, path: Path) -> None:
    """Write the state to ``path``, at once as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_bytes(msgspec.json.encode(search))
    unfinished.replace(path)


def _differences(kept: Plan, wanted: Plan) -> str:
    """In what two plans differ, in words."""
    theirs, ours = msgspec.structs.asdict(kept), msgspec.structs.asdict(wanted)
    told = [f"{name} is {theirs[name]} there, {value} here" for name, value in ours.items() if theirs[name] != value]
    return "; ".join(told)


def read_search(path: Path, plan: Plan) -> Search | None:
    """The state kept at ``path``, or None where there is none yet; FailureError where it is another search's."""
    if not path.exists():
        return None
    try:
        search = msgspec.json.decode(path.read_bytes(), type=Search)
    except (OSError, ValueError) as error:
        raise FailureError(f"{path}: is no search that can go on: {error}") from None
    if search.plan != plan:
        raise FailureError(f"{path}: belongs to another search: {_differences(search.plan, plan)}")
    return search
