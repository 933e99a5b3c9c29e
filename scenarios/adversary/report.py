"""How a failure is told: always in the same form, to people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scenarios.adversary.diagram import as_svg, as_text, causes_as_text, record
from scenarios.adversary.failure import Failure, told
from scenarios.adversary.trial import Trial


def report_lines(failure: Failure, path: Path | None) -> Iterator[str]:
    """The property, the two facts and how each came to be, the plan as found and as short as can be, and the rest.

    The rest is a diagram of the last exchanges, the event hash, and the command that replays it.
    """
    trial, found, broken = failure.trial, failure.found, failure.broken
    diagram = record(trial, broken)
    yield f"{trial.case.protocol}: seed {trial.case.seed} breaks `{broken.property}` at {broken.at_ns / 1e6:.3f} ms"
    for mark, fact in (("A", broken.fact_a), ("B", broken.fact_b)):
        yield f"  {mark}  {fact}"
        yield from (f"     {line}" for line in causes_as_text(diagram, mark))
    if trial.bug is not None:
        yield f"planted bug: {trial.bug}"
    if found != trial:
        yield f"found with {size_of(found)}:"
        yield from _plan_lines(found)
        yield f"still broken with {size_of(trial)}:"
    else:
        yield f"found with {size_of(trial)}, and nothing of it can go:"
    yield from _plan_lines(trial)
    yield "the last exchanges:"
    yield from as_text(diagram).splitlines()
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
    parts = [(len(case.plan), "fault"), (case.nodes, "node"), (trial.operations, "operation")]
    if trial.liars:
        parts.append((len(trial.liars), "liar"))
    told_parts = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts)
    return told_parts + (f", the twins of scenario {trial.twins}" if trial.twins is not None else "")


def _plan_lines(trial: Trial) -> Iterator[str]:
    """The plan item by item, and who lies."""
    yield from (f"  {told(fault)}" for fault in trial.case.plan)
    yield from (f"  node {liar.node} lies: {', '.join(liar.behaviours)}" for liar in trial.liars)
    if trial.ambush:
        yield "  and faults that wait for their moment"
