"""How a failure is told: always in the same form, to people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scenarios.adversary.diagram import as_svg, as_text, record
from scenarios.adversary.failure import Failure, told
from scenarios.adversary.trial import Trial


def report_lines(failure: Failure, path: Path | None) -> Iterator[str]:
    """The property, the two facts, the shortest plan, the last exchanges, and the command that replays it."""
    trial, found, broken = failure.trial, failure.found, failure.broken
    yield f"{trial.case.protocol}: seed {trial.case.seed} breaks `{broken.property}` at {broken.at_ns / 1e6:.3f} ms"
    yield f"  A  {broken.fact_a}"
    yield f"  B  {broken.fact_b}"
    yield f"found with {size_of(found)}"
    yield f"still with {size_of(trial)}:"
    yield from (f"  {told(fault)}" for fault in trial.case.plan)
    yield from (f"  node {liar.node} lies: {', '.join(liar.behaviours)}" for liar in trial.liars)
    if trial.bug is not None:
        yield f"  planted bug: {trial.bug}"
    yield "the last exchanges:"
    yield from as_text(record(trial, broken)).splitlines()
    yield f"event hash {failure.event_sha256}"
    if path is not None:
        yield f"replay it: consortium replay {path}"


def draw_svg(failure: Failure, path: Path) -> Path:
    """Write the diagram as a picture beside the failure's file."""
    picture = path.with_suffix(".svg")
    picture.write_text(as_svg(record(failure.trial, failure.broken)), encoding="utf-8")
    return picture


def size_of(trial: Trial) -> str:
    """How large a trial is, in words."""
    case = trial.case
    liars = f", {len(trial.liars)} liars" if trial.liars else ""
    return f"{len(case.plan)} faults, {case.nodes} nodes, {trial.operations} operations{liars}"
