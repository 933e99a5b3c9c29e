"""``consortium check`` and ``consortium replay``: random schedules under every oracle, and a failure played again.

Each seed is one case of :mod:`network.virtual.campaign`: a network of full replicas that move money, under a fault plan
drawn for that seed. The first violation ends the search. Its case is kept in a file, with the hash over every event up
to the violation; replaying the file must give the same violation and the same hash.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from consensus.properties import Violation
from network.virtual.campaign import Case, draw_case, run_case
from network.virtual.world import World
from scenarios.adversary.replicas import replica_cast

FORMAT_VERSION = 1


class FailureError(Exception):
    """The file is no failure that can be replayed; the message says why."""


class Failure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A property that a case broke, the two facts that contradict each other, and the run's hash up to there."""

    format: int = FORMAT_VERSION
    property: str
    fact_a: str
    fact_b: str
    event_sha256: str
    case: Case


class Search(msgspec.Struct, kw_only=True):
    """What a search did. ``counts``: faults injected by kind, messages by fate, what nodes told."""

    runs: int = 0
    counts: Counter[str] = msgspec.field(default_factory=Counter)
    failure: Failure | None = None


def check(
    protocol: str,
    *,
    seed: int,
    runs: int,
    budget_s: float | None,
    progress: Callable[[Search], None] | None = None,
) -> Search:
    """Play cases from ``seed`` on, ``runs`` of them or for ``budget_s`` CPU-seconds; no seed is left out."""
    search = Search()
    began = time.process_time()
    for case_seed in range(seed, seed + runs):
        if budget_s is not None and time.process_time() - began >= budget_s:
            break
        case = draw_case(protocol, case_seed)
        try:
            outcome = run_case(case, replica_cast)
        except Violation:
            search.runs += 1
            search.failure = play(case)
            break
        search.runs += 1
        search.counts.update(outcome.counts)
        if progress is not None:
            progress(search)
    return search


def play(case: Case) -> Failure | None:
    """Play one case with every event hashed; what it broke, or None."""
    worlds: list[World] = []
    try:
        run_case(case, replica_cast, see=worlds.append, hashing=True)
    except Violation as violation:
        return Failure(
            property=violation.property,
            fact_a=violation.fact_a,
            fact_b=violation.fact_b,
            event_sha256=worlds[0].event_sha256(),
            case=case,
        )
    return None


def keep(failure: Failure, folder: Path) -> Path:
    """Write the failure to a file of its own in ``folder``; where it lies."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{failure.case.protocol}-{failure.case.seed}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(failure), indent=1) + b"\n")
    return path


def read_failure(path: Path) -> Failure:
    """The failure kept at ``path``; FailureError where there is none."""
    try:
        failure = msgspec.json.decode(path.read_bytes(), type=Failure)
    except OSError as error:
        raise FailureError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise FailureError(f"{path}: is no failure file: {error}") from None
    if failure.format != FORMAT_VERSION:
        raise FailureError(f"{path}: has format {failure.format}; this program reads {FORMAT_VERSION}")
    return failure
