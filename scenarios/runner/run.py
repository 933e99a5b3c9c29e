"""One run of one scenario, from the scenario to the verdict."""

from __future__ import annotations

import datetime as dt
import errno
import sys
from hashlib import sha256
from pathlib import Path

import msgspec

from consensus.protocols import protocol_names
from node.ledger.genesis import electorate
from node.ledger.store import StoreError
from scenarios.language.schema import Scenario
from scenarios.language.semantics import undoable_faults
from scenarios.results import Manifest, RunFolder
from scenarios.results.event_trace import EventTrace
from scenarios.results.redaction import redacted
from scenarios.runner.finish import Circumstances, Finished, Left, conclude, manifest_of, write_results
from scenarios.runner.ground import RunError
from scenarios.runner.holdings import from_databases
from scenarios.runner.plan import Plan, make_plan
from scenarios.runner.processes import ProcessesRun
from scenarios.runner.view import NodeView, RunView
from scenarios.runner.virtual import VirtualRun


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """``lines`` tell the outcome to people, one expectation each."""

    verdict: str  # pass, fail, inconclusive
    folder: Path | None  # None where nothing was to be written
    lines: tuple[str, ...]
    finished: Finished
    manifest: Manifest
    left: Left


def run(  # noqa: PLR0913 - the choices of one run
    scenario: Scenario,
    *,
    view: RunView,
    mode: str | None = None,
    bus: str | None = None,
    protocol: str | None = None,
    seed: int | None = None,
    out: Path | None = Path("runs"),
    trace: bool = False,
) -> RunResult:
    """Run ``scenario``; what is None is as the scenario says. RunError where it cannot be run at all.

    ``out`` None writes nothing (virtual mode only); ``trace`` keeps every event of a virtual run in
    ``events.jsonl.gz``.
    """
    started = dt.datetime.now(dt.UTC)
    chosen_mode = mode or scenario.run.mode
    chosen_bus = bus or scenario.run.bus
    _require_possible(scenario, chosen_mode, protocol, trace=trace, written=out is not None)
    plan = make_plan(scenario, protocol=protocol, seed=seed)
    virtual = chosen_mode == "virtual"
    resolved = redacted(scenario.origin.resolved)
    facts = Circumstances(
        mode=chosen_mode,
        bus=None if virtual else redacted(chosen_bus),
        argv=tuple(redacted(argument) for argument in sys.argv),
        scenario_sha256=sha256(resolved.encode()).hexdigest(),
        started=started,
    )
    undrawn: RunError | None = None
    try:
        folder = None if out is None else RunFolder.create(out, scenario.name, plan.seed, started)
        if folder is not None:
            folder.write(folder.scenario, resolved)
        _announce(plan, view, chosen_mode, chosen_bus)
        if folder is None or virtual:
            left = _virtual(plan, view, folder.events if folder is not None and trace else None)
        else:
            left = _processes(plan, view, chosen_bus, folder)
        finished = conclude(plan, left)
        manifest = manifest_of(plan, left, finished, facts)
        if folder is not None:
            write_results(folder, left, finished, manifest)
            undrawn = _draw_report(folder)
    except OSError as error:
        raise _cannot_write(error) from None
    except StoreError as error:
        raise RunError(str(error), inconclusive=True) from None
    lines = tuple(_line(e.verdict, e.name, e.detail) for e in finished.expectations)
    path = None if folder is None else folder.path
    view.finished(finished.verdict, list(lines), "" if path is None else str(path))
    if left.record.trouble is not None:
        raise left.record.trouble
    if undrawn is not None:  # the verdict has been told all the same
        raise undrawn
    return RunResult(
        verdict=finished.verdict, folder=path, lines=lines, finished=finished, manifest=manifest, left=left
    )


def _draw_report(folder: RunFolder) -> RunError | None:
    """Why there is no report, if there is none."""
    from scenarios.results.report import ReportError, write_report  # noqa: PLC0415 - templates are slow to load

    try:
        write_report(folder)
    except ReportError as error:
        return RunError(f"no report: {error}", hint="all other results are in the run's folder")
    return None


def _require_possible(scenario: Scenario, mode: str, protocol: str | None, *, trace: bool, written: bool) -> None:
    """RunError where the choices do not go together."""
    if protocol is not None and protocol not in protocol_names():
        raise RunError(f"no protocol {protocol!r}", hint=f"there are: {', '.join(protocol_names())}")
    if trace and mode != "virtual":
        raise RunError("--trace needs --mode virtual", hint="nobody sees every event of real processes")
    if not written and (trace or mode != "virtual"):
        raise RunError("this run needs a folder", hint="say where: `out`; or leave out `trace` and run in virtual mode")
    undoable = [finding.message for finding in undoable_faults(scenario)] if mode == "processes" else []
    if undoable:
        raise RunError(undoable[0], hint="take the fault out, or choose --mode virtual")


def _virtual(plan: Plan, view: RunView, events: Path | None) -> Left:
    trace = None if events is None else EventTrace(events, plan.node_names)
    world = VirtualRun(plan, view, trace)
    try:
        record = world.run()
    finally:
        if trace is not None:
            trace.close()
    world.scan_stores()
    holdings = [world.held(node) for node in range(len(plan.node_names))]
    return Left(record=record, holdings=holdings, common=world.common, scan=world.scan, meter=world.meter)


def _processes(plan: Plan, view: RunView, bus: str, folder: RunFolder) -> Left:
    network = ProcessesRun(plan, bus, folder.path, folder.scenario, view)
    record = network.run()
    network.scan_stores()
    databases = [folder.node(name) / "node.sqlite" for name in plan.node_names]
    holdings = from_databases(databases, network.common)
    return Left(record=record, holdings=holdings, common=network.common, scan=network.scan, meter=network.meter)


def _announce(plan: Plan, view: RunView, mode: str, bus: str) -> None:
    scenario = plan.scenario
    genesis = plan.genesis
    chosen = electorate(genesis)
    nodes = [
        NodeView(name=member.name, role=member.role, votes=number in chosen.voters, condition="starting")
        for number, member in enumerate(genesis.members)
    ]
    quorum = f"quorum {chosen.quorum} of {len(chosen.voters)}"
    view.started(
        scenario.name, mode, "virtual" if mode == "virtual" else redacted(bus), genesis.protocol, quorum, nodes
    )


def _line(verdict: str, name: str, detail: str) -> str:
    return f"{verdict.upper():12} {name}{': ' + detail if detail else ''}"


def _cannot_write(error: OSError) -> RunError:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RunError(
            f"{where}the disk is full", hint="make room, or choose another folder by --out", inconclusive=True
        )
    return RunError(f"{where}{error.strerror or error}", hint="choose another folder by --out")
