"""What came out, and what was run: the verdict with its expectations, and the manifest."""

from __future__ import annotations

from scenarios.results.manifest import Manifest
from scenarios.results.report.facts import Facts
from scenarios.results.report.parts import Cell, Section, Table
from scenarios.results.report.words import count, duration, value


def headline(facts: Facts) -> list[tuple[str, str]]:
    """The few numbers that stand above everything: (what, how much)."""
    metrics, run = facts.metrics, facts.manifest
    latency = metrics.get("commit_latency")
    done = metrics.get("throughput")
    answered = count(done.count) if done is not None else "0"
    refused = metrics.get("refused")
    blocks = metrics.get("blocks")
    told = [
        ("protocol", run.protocol),
        ("nodes", count(len(run.height))),
        ("transactions answered", answered),
        ("of these refused", count(refused.count) if refused is not None else "0"),
        ("blocks decided", count(blocks.count) if blocks is not None else "0"),
        ("latency, median", value(latency.p50 if latency is not None else None, "ns")),
        ("latency, 99 of 100", value(latency.p99 if latency is not None else None, "ns")),
        ("run time", duration(facts.end_ns)),
    ]
    reads = metrics.get("read_latency")
    if reads is not None:
        told.insert(4, ("reads answered", count(reads.count)))
    return told


def expectations(facts: Facts) -> Section:
    """Each expectation with its verdict."""
    rows = [(Cell(e.verdict, f"verdict {e.verdict}"), e.name, e.detail) for e in facts.manifest.expectations]
    return Section(
        id="verdict",
        title="Verdict and expectations",
        lead="" if rows else "The scenario expects nothing, so nothing was judged.",
        tables=[
            Table(caption="What had to hold, and whether it did", head=("verdict", "expectation", "detail"), rows=rows)
        ]
        if rows
        else [],
    )


def manifest(facts: Facts) -> Section:
    """What was run, and what the other files must agree with."""
    run = facts.manifest
    nodes = [
        (name, count(height), run.head.get(name, "–"), run.state_root.get(name, "–"))
        for name, height in run.height.items()
    ]
    return Section(
        id="manifest",
        title="Manifest",
        lead="What was run, and what fixes the run's files. `consortium verify` on the run's folder holds them to it.",
        tables=[
            Table(caption="The run", head=("what", "value"), rows=list(_facts(run))),
            Table(
                caption="Where each node's exported ledger ends",
                head=("node", "height", "hash of its last block", "state root"),
                rows=nodes,
                numbers=frozenset({1}),
                folded=True,
            ),
            Table(caption="Versions", head=("what", "version"), rows=sorted(run.versions.items()), folded=True),
        ],
    )


def _facts(run: Manifest) -> list[tuple[str, str]]:
    absent = "not in this run"
    return [
        ("scenario", run.scenario),
        ("SHA-256 of scenario.yaml", run.scenario_sha256),
        ("protocol", run.protocol),
        ("seed", str(run.seed)),
        ("mode", run.mode),
        ("bus", run.bus or "none: virtual network"),
        ("command", " ".join(run.argv)),
        ("commit of the program", run.git or "not known"),
        ("started", run.started),
        ("finished", run.finished),
        ("virtual time", duration(run.virtual_ns) if run.virtual_ns is not None else f"{absent}: real processes"),
        ("SHA-256 of all events", run.event_sha256 or f"{absent}: real processes"),
        (
            "business root",
            run.business_root or "none: the nodes do not agree on one, or nothing certifies their last block",
        ),
    ]
