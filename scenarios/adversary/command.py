"""What ``consortium check`` and ``consortium replay`` do and say. Both return an exit code."""

from __future__ import annotations

from pathlib import Path

import typer

from consensus.properties import Violation
from scenarios.adversary.bugs import bugs
from scenarios.adversary.coverage import covered, missing_marks
from scenarios.adversary.failure import failure_of, keep, read_failure
from scenarios.adversary.report import draw_svg, report_lines
from scenarios.adversary.search import Plan, Search, check, keep_search, read_search
from scenarios.adversary.shrink import shrink
from scenarios.dashboard.check_progress import CheckProgress
from scenarios.failures import EXIT_FAIL, EXIT_PASS, say

KEEP_EVERY = 50
"""A search that can be resumed is written down after so many trials."""


def run_check(  # noqa: PLR0913 - keyword-only
    plan: Plan, *, seed: int, runs: int, budget_s: float | None, jobs: int, resume: Path | None, out: Path
) -> int:
    """Search, tell what was reached, and make a violation small."""
    if plan.bug is not None and plan.bug not in bugs():
        raise typer.BadParameter(f"there is no bug {plan.bug!r}; there are: {', '.join(bugs())}")
    resumed = read_search(resume, plan) if resume is not None else None
    with CheckProgress(runs) as bar:

        def progress(search: Search) -> None:
            bar.show(search)
            if resume is not None and search.runs % KEEP_EVERY == 0:
                keep_search(search, resume)

        search = check(plan, seed=seed, runs=runs, budget_s=budget_s, jobs=jobs, resumed=resumed, progress=progress)
    if resume is not None:
        keep_search(search, resume)
    _tell_reach(search)
    if search.broken is None or search.trial is None:
        typer.echo(f"{plan.protocol}: {search.runs} runs from seed {search.first}, no violation")
        return EXIT_PASS
    small = shrink(search.trial, search.broken)
    failure = failure_of(small.trial, found=search.trial)
    if failure is None:
        raise Violation(
            "determinism", f"{small.trial} broke {small.broken.property}", "played again, it breaks nothing"
        )
    path = keep(failure, out)
    for line in report_lines(failure, path):
        say(line)
    say(f"its diagram: {draw_svg(failure, path)}")
    return EXIT_FAIL


def run_replay(file: Path) -> int:
    """Play a kept failure again, and say whether it is the very same run."""
    kept = read_failure(file)
    again = failure_of(kept.trial)
    if again is None:
        typer.echo(f"{file}: `{kept.broken.property}` holds now: the program is not the one that broke it")
        return EXIT_PASS
    for line in report_lines(again, None):
        say(line)
    same = again.event_sha256 == kept.event_sha256
    say("the very same run" if same else f"another run than the one kept, whose event hash is {kept.event_sha256}")
    return EXIT_FAIL


def _tell_reach(search: Search) -> None:
    """Faults by kind, messages by fate, and how much of the protocol was reached."""
    counts = search.counts | {name: count for name, count in search.reached.items() if name.startswith("told ")}
    for name, count in sorted(counts.items()):
        typer.echo(f"{name:<40} {count:>12,}")
    reached, possible = covered(search.plan.protocol, search.reached)
    typer.echo(f"{'pairs of state and message reached':<40} {reached:>12,} of {possible}")
    missed = missing_marks(search.plan.protocol, counts)
    if missed:
        typer.echo(f"never met: {', '.join(missed)}")
    typer.echo(f"{'CPU-seconds':<40} {search.cpu_s:>12,.1f}")
