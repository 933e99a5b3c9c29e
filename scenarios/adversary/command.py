"""What ``consortium check``, ``replay`` and ``bugs`` do and say. Each returns an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import typer

from consensus.properties import Violation
from consensus.protocols import protocol as registered
from scenarios.adversary.bugs import bug_names, bugs
from scenarios.adversary.coverage import covered, missing_marks
from scenarios.adversary.failure import Failure, failure_of, keep, read_failure, unchanged
from scenarios.adversary.play import Broken
from scenarios.adversary.report import draw_svg, report_lines
from scenarios.adversary.search import Plan, Search, check, keep_search, read_search, suited
from scenarios.adversary.shrink import Shrunk, shrink
from scenarios.adversary.trial import Trial
from scenarios.dashboard.check_progress import CheckProgress
from scenarios.failures import EXIT_FAIL, EXIT_INCONCLUSIVE, EXIT_INVALID, EXIT_PASS, FailureError, say
from scenarios.language.problems import did_you_mean

KEEP_EVERY = 50
"""A search that can be resumed is written down after so many trials."""

_LIES_IN = "pbft"


def run_check(  # noqa: PLR0913 - keyword-only
    plan: Plan, *, seed: int, runs: int, budget_s: float | None, jobs: int, resume: Path | None, out: Path
) -> int:
    """Search, tell what was reached, and make a violation small."""
    _require_sense(plan)
    plan = suited(plan)
    search = _begun(plan, seed, resume)
    interrupted = False
    if resume is not None:
        keep_search(search, resume)  # so that a place that cannot be written is told at once
    with CheckProgress(runs) as bar:

        def progress(search: Search) -> None:
            bar.show(search)
            if resume is not None and search.runs % KEEP_EVERY == 0:
                keep_search(search, resume)

        try:
            check(plan, seed=seed, runs=runs, budget_s=budget_s, jobs=jobs, resumed=search, progress=progress)
        except KeyboardInterrupt:
            interrupted = True
    if resume is not None:
        keep_search(search, resume)
    _tell_reach(search)
    if search.broken is not None and search.trial is not None:
        return _tell_violation(search, out)
    runs_told = f"{search.runs:,} run{'' if search.runs == 1 else 's'}"
    typer.echo(f"{plan.protocol}: {runs_told} from seed {search.first}, no violation")
    if not interrupted:
        return EXIT_PASS
    say("interrupted" + (f"; the same command goes on from {resume}" if resume is not None else ""))
    return EXIT_INCONCLUSIVE


def _begun(plan: Plan, seed: int, resume: Path | None) -> Search:
    """A search that goes on, or a new one from ``seed``; FailureError where the one that is kept began elsewhere."""
    kept = read_search(resume, plan) if resume is not None else None
    if kept is not None and kept.first != seed:
        raise FailureError(f"{resume}: belongs to a search from seed {kept.first}; give --seed {kept.first}")
    return kept or Search(plan=plan, first=seed, upcoming=seed)


def _require_sense(plan: Plan) -> None:
    """typer.BadParameter where no trial of ``plan`` can be, or none would be what it asks for."""
    names = bug_names()
    if plan.bug is not None and plan.bug not in names:
        near = did_you_mean(plan.bug, names)
        raise typer.BadParameter(f"there is no bug `{plan.bug}`{near}; `consortium bugs` lists them")
    if plan.bug is not None and (theirs := bugs()[plan.bug].protocol) != plan.protocol:
        raise typer.BadParameter(f"`{plan.bug}` is a bug of {theirs}, not of {plan.protocol}")
    if plan.protocol != _LIES_IN and (plan.liars or plan.strategy == "twins"):
        what = "--twins" if plan.strategy == "twins" else "--liars"
        raise typer.BadParameter(f"{plan.protocol} tolerates no lie: {what} is for {_LIES_IN}")
    if plan.nodes is not None and plan.liars is not None and plan.liars > plan.nodes:
        raise typer.BadParameter(f"{plan.liars} of {plan.nodes} nodes cannot lie")


def _tell_violation(search: Search, out: Path) -> int:
    """Make it small, keep it, tell it."""
    assert search.broken is not None  # noqa: S101 - the caller looked
    assert search.trial is not None  # noqa: S101
    say(f"{search.plan.protocol}: seed {search.trial.case.seed} breaks `{search.broken.property}`; making it small ...")
    small = _shrunk(search.trial, search.broken)
    failure = failure_of(small.trial, found=small.found)
    if failure is None:
        raise Violation(
            "determinism", f"{small.trial} broke {small.broken.property}", "played again, it breaks nothing"
        )
    path = keep(failure, out)
    for line in report_lines(failure, path):
        say(line)
    say(f"its diagram: {draw_svg(failure, path)}")
    _tell_beyond(failure)
    return EXIT_FAIL


def _shrunk(trial: Trial, broken: Broken) -> Shrunk:
    """``trial`` made small, or as small as it was when somebody lost patience."""
    best = Shrunk(trial=trial, found=trial, broken=broken)

    def progress(smaller: Shrunk) -> None:
        nonlocal best
        best = msgspec.structs.replace(smaller)

    try:
        return shrink(trial, broken, progress=progress)
    except KeyboardInterrupt:
        say("interrupted: this is how small it was by then")
        return best


def run_replay(file: Path) -> int:
    """Play a kept failure again, and say whether it is the very same run."""
    kept, edited = read_failure(file), not unchanged(file)
    again = failure_of(kept.trial, found=kept.found)
    if again is None and edited:
        say(f"{file}: was edited after it was kept, and what it says now breaks nothing; this tells nothing of the")
        say(f"  failure of `{kept.broken.property}` that was found. Keep the file as `consortium check` wrote it.")
        return EXIT_INVALID
    if again is None:
        typer.echo(f"{file}: `{kept.broken.property}` holds now: the program is not the one that broke it")
        return EXIT_PASS
    for line in report_lines(again, None):
        say(line)
    for line in _comparison(kept, again, edited=edited):
        say(line)
    return EXIT_FAIL


def _comparison(kept: Failure, again: Failure, *, edited: bool) -> Iterator[str]:
    """Whether what was played is what was kept, and why not."""
    if edited:
        yield "the file was edited after it was kept"
    if again.event_sha256 == kept.event_sha256:
        yield "the very same run"
        return
    why = "the file is another" if edited else "the program has changed since"
    yield f"another run than the one kept, whose event hash is {kept.event_sha256}: {why}"
    if again.broken.property != kept.broken.property:
        yield f"the one kept broke `{kept.broken.property}`"


def _tell_beyond(failure: Failure) -> None:
    """Where more lie than are tolerated, that is what broke it."""
    if not failure.trial.tolerated:
        entry = registered(failure.trial.case.protocol)
        voters = len(failure.trial.case.voters)
        liars, faults = len(failure.trial.liars), entry.faults(voters)
        say(f"{liars} of {voters} voters lied, and f is {faults}: accountability alone was asked")


def run_bugs(protocol: str | None) -> int:
    """List the bug bank."""
    for name in bug_names(protocol):
        known = bugs()[name]
        typer.echo(f"{name}  ({known.protocol}; {known.source})")
        typer.echo(f"    {known.summary}")
    return EXIT_PASS


def _tell_reach(search: Search) -> None:
    """Faults by kind, messages by fate, and how much of the protocol was reached."""
    counts = search.counts | {name: count for name, count in search.reached.items() if name.startswith("told ")}
    for name, count in sorted(counts.items()):
        typer.echo(f"{name:<40} {count:>12,}")
    reached, possible = covered(search.plan.protocol, search.reached)
    typer.echo(f"{'pairs of state and message reached':<40} {reached:>12,} of {possible}")
    missed = missing_marks(search.plan.protocol, counts)
    if missed and search.plan.strategy == "swarm":  # the others leave most of it out on purpose
        typer.echo(f"never met: {', '.join(missed)}")
    typer.echo(f"{'CPU-seconds':<40} {search.cpu_s:>12,.1f}")
