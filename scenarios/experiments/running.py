"""All trials of an experiment: several at a time, and resumable.

Every trial's draws are its own, so that neither the number of processes nor an interruption changes a result. What was
measured is kept in a file of JSON lines, as soon as a batch of trials is over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from scenarios.experiments.elections import Elections, Measured
from scenarios.experiments.leaderless import downtime_ns
from scenarios.language.problems import Mark, Problem, ScenarioInvalid
from scenarios.workers import workers

BATCH = 25
"""Trials played before they are written down."""


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Trials ``first`` .. of line ``line``; empty ``downtimes_ns``: still to be played."""

    experiment: str  # the digest of its file's contents
    line: int
    first: int
    count: int
    downtimes_ns: tuple[int, ...] = ()


def measure(
    experiment: Elections,
    *,
    trials: int | None = None,
    jobs: int = 1,
    kept: Path | None = None,
    played: Callable[[int], None] = lambda _: None,
) -> list[Measured]:
    """Play ``trials`` of each range (None: as many as the experiment says).

    ``kept``: the file that holds what was played, and goes on holding it. ``played`` is told how many trials are over.
    ScenarioInvalid where ``kept`` is of another experiment.
    """
    wanted = _batches(experiment, trials)
    done = _kept(kept, _digest(experiment)) if kept is not None else {}
    missing = []
    for batch in wanted:
        if (batch.line, batch.first) in done and len(done[batch.line, batch.first]) >= batch.count:
            played(batch.count)
        else:
            missing.append(batch)
    for batch in _play(experiment, missing, jobs):
        done[batch.line, batch.first] = batch.downtimes_ns
        if kept is not None:
            with kept.open("ab") as file:
                file.write(msgspec.json.encode(batch) + b"\n")
        played(batch.count)
    lines: list[list[int]] = [[] for _ in experiment.ranges]
    for batch in wanted:
        lines[batch.line].extend(done[batch.line, batch.first][: batch.count])
    return [Measured(range_, tuple(sorted(line))) for range_, line in zip(experiment.ranges, lines, strict=True)]


def _batches(experiment: Elections, trials: int | None) -> list[Batch]:
    digest = _digest(experiment)
    return [
        Batch(digest, line, first, min(BATCH, count - first))
        for line, range_ in enumerate(experiment.ranges)
        for count in [min(trials, experiment.trials_of(range_)) if trials else experiment.trials_of(range_)]
        for first in range(0, count, BATCH)
    ]


def _play(experiment: Elections, batches: list[Batch], jobs: int) -> Iterator[Batch]:
    if jobs == 1 or len(batches) < 2:
        yield from (_play_batch(experiment, batch) for batch in batches)
        return
    with workers(jobs) as pool:
        yield from pool.map(_play_batch, [experiment] * len(batches), batches)


def _play_batch(experiment: Elections, batch: Batch) -> Batch:
    range_ = experiment.ranges[batch.line]
    trials = range(batch.first, batch.first + batch.count)
    return msgspec.structs.replace(batch, downtimes_ns=tuple(downtime_ns(experiment, range_, n) for n in trials))


def _digest(experiment: Elections) -> str:
    """Of all that a result depends on, so not of what was published."""
    shown = experiment.model_dump(exclude={"trials": True, "ranges": {"__all__": {"printed", "drawn", "trials"}}})
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def _kept(path: Path, digest: str) -> dict[tuple[int, int], tuple[int, ...]]:
    if not path.exists():
        return {}
    try:
        batches = [msgspec.json.decode(line, type=Batch) for line in path.read_bytes().splitlines()]
    except msgspec.MsgspecError:
        batches = None
    if batches is None or any(batch.experiment != digest for batch in batches):
        message = "holds another experiment's trials; give another file, or remove it"
        raise ScenarioInvalid([Problem(Mark(str(path), -1, 0), (), message)])
    return {(batch.line, batch.first): batch.downtimes_ns for batch in batches}
