"""From what a run left to its outcome, and to its folder: ledgers, state, history, metrics, the manifest last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from node.assembly import Common
from node.contracts.runtime import business_entries
from node.ledger import business_lines, business_root
from node.ledger.business import Entry
from scenarios.economics import Costed, costed, economic_figures, measure_economics
from scenarios.language.models.economics import Economics
from scenarios.results import (
    Expectation,
    Manifest,
    Metrics,
    Operation,
    RunFolder,
    git_commit,
    history_lines,
    versions,
    write_manifest,
)
from scenarios.results.arms import Arms, arms_json
from scenarios.results.course import Entry as CourseEntry
from scenarios.results.course import Fault, course_lines
from scenarios.results.detection import Score, detection_json
from scenarios.results.exchanges import exchange_lines
from scenarios.results.figures import Sheet, figures_json
from scenarios.results.funnel import Stage, funnel_json
from scenarios.results.leakage import Leakage
from scenarios.runner.alerts import measure_alerts
from scenarios.runner.closings import measure_closings
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.expectations import Evidence, judge_run, verdict_of
from scenarios.runner.exported import export_ledgers
from scenarios.runner.finance_figures import finance_figures
from scenarios.runner.flows import flow_claims, flow_figures
from scenarios.runner.funnel import funnel_of
from scenarios.runner.holdings import Holdings, Retold, retold
from scenarios.runner.leakage import Meter
from scenarios.runner.leaks import LeakScan
from scenarios.runner.misbehaviour import scores_of, watched
from scenarios.runner.paid_claims import of_story
from scenarios.runner.plan import Plan
from scenarios.runner.record import RunRecord
from scenarios.runner.reinsured_losses import measure_losses
from scenarios.runner.supervision_figures import supervision_figures
from scenarios.runner.trail import trail_figures
from scenarios.runner.two_clocks import Notices, TwoClocks
from scenarios.runner.workload import Step


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What the manifest says besides the outcome."""

    mode: str
    bus: str | None
    argv: tuple[str, ...]
    scenario_sha256: str  # of the text that lies in the folder
    started: dt.datetime


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What a world leaves behind."""

    record: RunRecord
    holdings: Sequence[Holdings]
    common: Common
    scan: LeakScan | None
    meter: Meter | None = None


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a run."""

    verdict: str
    expectations: tuple[Expectation, ...]
    metrics: Metrics
    leakage: Leakage | None
    funnel: tuple[Stage, ...]
    arms: Arms | None
    figures: tuple[Sheet, ...]
    scores: tuple[Score, ...]
    business: tuple[Entry, ...] | None
    """The business state that every node at the greatest height shares; None where they differ, or where the highest
    chain ends in blocks that nothing certifies yet: those are not exported, and the state goes with what is."""

    @property
    def business_root(self) -> str | None:
        """What fixes ``business``, in hex."""
        return None if self.business is None else business_root(self.business).hex()


def conclude(plan: Plan, left: Left) -> Finished:
    """Measure and judge what a run left; nothing is written."""
    record, holdings = left.record, left.holdings
    metrics = measure(record)
    believed = [held for held in holdings if plan.scenario.node_number(held.name) not in record.lying]
    economics = _economics(plan, believed)
    if economics is not None:
        measure_economics(*economics, metrics, record.ended_ns)
    if believed:
        highest = max(believed, key=lambda held: held.chain.height)
        measure_alerts(metrics, plan.scenario, record, highest.chain.tree)
        measure_closings(metrics, highest.chain.tree, record.ended_ns)
        measure_losses(metrics, highest.chain.tree, record.ended_ns)
    said = _said(plan, left, believed)
    clocks = _clocks(plan, record, metrics, said)
    leakage = None if left.meter is None else left.meter.matrix({held.name: held.safe for held in holdings})
    evidence = Evidence(
        plan=plan,
        record=record,
        holdings=believed,
        metrics=metrics,
        common=left.common,
        scan=left.scan,
        leakage=leakage,
        clocks=clocks,
        said=said,
        scores=_scores(plan, left, believed),
    )
    expectations = tuple(judge_run(evidence))
    return Finished(
        verdict=verdict_of(expectations, interrupted=record.interrupted),
        expectations=expectations,
        metrics=metrics,
        leakage=leakage,
        funnel=funnel_of(plan.workload, record.acknowledged),
        arms=None if clocks is None else clocks.arms,
        figures=(*_figures(evidence), *(economic_figures(*economics) if economics is not None else ())),
        scores=tuple(evidence.scores),
        business=_common_business(believed),
    )


def write_results(folder: RunFolder, left: Left, finished: Finished, manifest: Manifest) -> None:
    """Write every file of ``folder``, the manifest last. OSError where the disk does not take them."""
    export_ledgers(folder, left.holdings)
    if finished.business is not None:
        lines = business_lines(finished.business)
        folder.write_lines(folder.business, (line.removesuffix(b"\n") for line in lines))
    folder.write_lines(folder.history, history_lines(operations(left.record)))
    folder.write(folder.metrics_summary, finished.metrics.summary_json())
    folder.write_lines(folder.metrics_table, finished.metrics.table_lines())
    folder.write_lines(folder.course, course_lines(_course(left.record)))
    folder.write(folder.funnel, funnel_json(finished.funnel))
    if finished.arms is not None:
        folder.write(folder.arms, arms_json(finished.arms))
    if finished.scores:
        folder.write(folder.detection, detection_json(finished.scores))
    if finished.figures:
        folder.write(folder.figures, figures_json(finished.figures))
    folder.write_lines(folder.exchanges, exchange_lines(left.record.exchanges))
    if finished.leakage is not None:
        folder.write(folder.leakage, finished.leakage.json())
        folder.write_lines(folder.leakage_table, finished.leakage.table())
    write_manifest(folder.manifest, manifest)


def _scores(plan: Plan, left: Left, believed: Sequence[Holdings]) -> tuple[Score, ...]:
    """How well misbehaviour was caught, where the scenario asks for it and the run came to its end."""
    wanted = plan.scenario.expect.detection
    if not wanted or not believed or left.record.done != len(plan.workload.steps):
        return ()
    highest = max(believed, key=lambda held: held.chain.height)
    objects = {step.id: f"{step.client}/{step.number}" for step in plan.workload.steps if step.query is None}
    return scores_of(watched(highest.chain, left.common), plan.lies, objects, wanted)


def _course(record: RunRecord) -> Iterator[CourseEntry]:
    yield from record.course.standings
    for fault in record.faults:
        yield Fault(at_ns=fault.now_ns, line=fault.line, until_ns=fault.until_ns, kind=fault.kind)


def manifest_of(plan: Plan, left: Left, finished: Finished, facts: Circumstances) -> Manifest:
    """What fixes the run and its files."""
    certified = {held.name: held.certified() for held in left.holdings}
    return Manifest(
        scenario=plan.scenario.name,
        scenario_sha256=facts.scenario_sha256,
        protocol=plan.genesis.protocol,
        seed=plan.seed,
        mode=facts.mode,  # type: ignore[arg-type] # one of the two by the command line's check
        bus=facts.bus,
        argv=facts.argv,
        versions=versions(),
        git=git_commit(Path(__file__).parent),
        started=_iso(facts.started),
        finished=_iso(dt.datetime.now(dt.UTC)),
        virtual_ns=left.record.ended_ns if facts.mode == "virtual" else None,
        run_ns=left.record.ended_ns,
        verdict=finished.verdict,  # type: ignore[arg-type]
        expectations=finished.expectations,
        event_sha256=left.record.event_sha256,
        height={name: len(blocks) - 1 for name, blocks in certified.items()},
        head={name: blocks[-1][0].hash.hex() for name, blocks in certified.items()},
        state_root={held.name: held.chain.root(len(certified[held.name]) - 1).hex() for held in left.holdings},
        business_root=finished.business_root,
    )


def _stages(item: Acknowledged) -> list[str]:
    """The stages of its flow's funnel that a step was at, by the workload and by the state that its receipt names."""
    if not item.step.flow or item.code != "ok":
        return []
    state = item.output.get("state") if isinstance(item.output, dict) else None
    named = [item.step.stage, state.lower() if isinstance(state, str) else ""]
    return [stage for stage in dict.fromkeys(named) if stage]


def measure(record: RunRecord) -> Metrics:
    """Latency from a step's first submission to its acknowledgement, overall and by flow; counts of what was done."""
    metrics = Metrics()
    for item in record.acknowledged:
        latency = item.returned_ns - item.called_ns
        metrics.sample("commit_latency", item.returned_ns, latency)
        metrics.count("throughput", item.returned_ns)
        if item.step.flow:
            metrics.sample(f"{item.step.flow}.latency", item.returned_ns, latency)
        for stage in _stages(item):
            metrics.count(f"{item.step.flow}.{stage}", item.returned_ns)
        if item.code != "ok":
            metrics.count("refused", item.returned_ns)
    for item in record.answered:
        metrics.sample("read_latency", item.returned_ns, item.returned_ns - item.called_ns)
    first = record.first_decided()
    for decision in record.decisions:
        metrics.sample("block_spread", decision.now_ns, decision.now_ns - first[decision.height])
    for now_ns in first.values():
        metrics.count("blocks", now_ns)
    record.traffic.measure(metrics)
    for key, number in record.counters.items():
        if number:
            metrics.count(f"network.{key.rpartition('.')[2].replace(' ', '_')}", record.ended_ns, number)
    return metrics


def _said(plan: Plan, left: Left, believed: Sequence[Holdings]) -> Retold | None:
    """What a story's transactions said, by the longest chain."""
    if not plan.scenario.story or not believed:
        return None
    return retold(max(believed, key=lambda held: held.chain.height).chain, left.common)


def _clocks(plan: Plan, record: RunRecord, metrics: Metrics, said: Retold | None) -> TwoClocks | None:
    """The paid claims on both clocks; None where the scenario has no paper arm."""
    scenario, seed = plan.scenario, plan.seed
    if not scenario.arms.paper:
        return None
    patients = (client.name for client in scenario.client_names if client.role == "patient")
    clocks = TwoClocks(scenario, seed, None if said is None else Notices(said.events, patients))
    clocks.take(of_story(scenario, seed, record.acknowledged), metrics)
    clocks.take(flow_claims(scenario, seed, record.acknowledged), metrics)
    return clocks


def _economics(plan: Plan, believed: Sequence[Holdings]) -> tuple[Economics, Costed] | None:
    """The scenario's terms, and what a transaction took on disks; None without terms or without transactions."""
    if plan.scenario.economics is None or not believed:
        return None
    measured = costed(max(believed, key=lambda held: held.chain.height).certified())
    return None if measured is None else (plan.scenario.economics, measured)


def _figures(evidence: Evidence) -> tuple[Sheet, ...]:
    """What the flows' business came to, and what supervisors see of it; nothing of a run that was cut short."""
    if not evidence.complete or not evidence.holdings:
        return ()
    tree = evidence.highest.chain.tree
    of_finance = finance_figures(tree, evidence.plan.scenario, evidence.plan.seed)
    of_flows = flow_figures(evidence.plan.scenario, tree, evidence.plan.seed) if evidence.plan.scenario.workload else ()
    seen = trail_figures(evidence.plan.scenario, evidence.record, tree)
    return (*of_flows, *supervision_figures(tree), *of_finance, *seen)


def _common_business(holdings: Sequence[Holdings]) -> tuple[Entry, ...] | None:
    height = max((held.chain.height for held in holdings), default=0)
    highest = [held for held in holdings if held.chain.height == height]
    if len({held.chain.tree.root for held in highest}) != 1 or all(len(h.certified()) <= height for h in highest):
        return None
    return tuple(business_entries(highest[0].chain.tree))


def operations(record: RunRecord) -> Iterator[Operation]:
    """What every client asked and heard, in no order."""
    for item in record.acknowledged:
        yield Operation(
            client=item.step.client,
            key=item.step.id,
            input=item.step.transaction_id.hex(),
            output={"height": item.height, "receipt": item.receipt, "code": item.code},
            called=item.called_ns,
            returned=item.returned_ns,
            status="ok" if item.code == "ok" else "fail",
        )
    for item in record.answered:
        yield Operation(
            client=item.step.client,
            op="read",
            key=_entry(item.step),
            output={"height": item.height, "code": item.code, "value": item.output},
            called=item.called_ns,
            returned=item.returned_ns,
            status="ok" if item.code == "ok" else "fail",
        )
    for lost in record.unacknowledged:
        read = lost.step.query is not None
        yield Operation(
            client=lost.step.client,
            op="read" if read else "transact",
            key=_entry(lost.step) if read else lost.step.id,
            input=None if read else lost.step.transaction_id.hex(),
            called=lost.called_ns,
            returned=None,
            status="info",
        )


def _entry(step: Step) -> str:
    """The entry that a read asks for, as histories name it."""
    return "/".join(step.query or ())


def _iso(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
