"""The generated page of three planted bugs: found, made small, and played again to the same event.

The failures lie in ``docs/examples/failures/``, as ``consortium check`` keeps them; the page is what replaying says.
:func:`refresh` searches anew for those that the program no longer plays so.
"""
# ruff: noqa: INP001 - a script's helper beside the pages

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scenarios.adversary import Failure, FailureError, Plan, check, failure_of, keep, read_failure, shrink
from scenarios.adversary.bugs import bugs
from scenarios.adversary.failure import unchanged
from scenarios.adversary.report import draw_svg, report_lines
from scenarios.adversary.search import suited

ROOT = Path(__file__).parent.parent
FAILURES = Path("docs/examples/failures")
BUGS = ("raft-commits-older-term", "raft-stale-append-truncates", "pbft-view-change-drops-prepared")
SEEDS_MAX = 1000


def shrunk_page(note: str) -> str:
    """Each bug with its source, the report of its failure, the picture, and the replay."""
    lines = [
        "# Three bugs, made small",
        "",
        note,
        "",
        "Each is a bug that a real system had, [planted](../guide/7-the-adversary.md#planted-bugs) in the real core.",
        "`consortium check` finds a trial that shows it, and takes away whatever the violation does not need: faults,",
        "liars, operations, nodes. What stands here is what the program says of the failures that lie in",
        f"[`{FAILURES}`](../examples/failures), played again to the same event.",
    ]
    for name in BUGS:
        lines += ["", *_section(name)]
    return "\n".join(lines) + "\n"


def _section(name: str) -> Iterator[str]:
    bug, path = bugs()[name], FAILURES / f"{name}.json"
    kept = read_failure(ROOT / path)
    again = failure_of(kept.trial, found=kept.found)
    if again is None or again.event_sha256 != kept.event_sha256:
        raise FailureError(f"{path}: the program has changed since: run python docs/generate.py")
    yield from (f"## {name}", "", f"{bug.summary} ({bug.source})", "", "```console")
    yield f"$ consortium check --protocol {bug.protocol} --bug {name}"
    yield "..."
    yield from report_lines(kept, path)
    yield from ("```", "", f"![The last exchanges](../examples/failures/{name}.svg)", "", "```console")
    yield f"$ consortium replay {path}"
    yield "..."
    yield f"event hash {again.event_sha256}"
    yield "the very same run"
    yield "```"


def refresh() -> Iterator[Path]:
    """Find, make small and keep anew every failure that is no longer what the program plays; where it lies."""
    for name in BUGS:
        path = ROOT / FAILURES / f"{name}.json"
        if _holds(path):
            continue
        keep(_found(name), path.parent).replace(path)
        draw_svg(read_failure(path), path)
        yield FAILURES / path.name


def _holds(path: Path) -> bool:
    try:
        kept = read_failure(path)
    except FailureError:
        return False
    again = failure_of(kept.trial)
    return again is not None and again.event_sha256 == kept.event_sha256 and unchanged(path)


def _found(name: str) -> Failure:
    search = check(suited(Plan(protocol=bugs()[name].protocol, bug=name)), runs=SEEDS_MAX)
    if search.trial is None or search.broken is None:
        raise FailureError(f"{name} was not caught in {SEEDS_MAX} seeds")
    small = shrink(search.trial, search.broken)
    failure = failure_of(small.trial, found=small.found)
    if failure is None:
        raise FailureError(f"{name}: what was made small breaks nothing when it is played again")
    return failure
