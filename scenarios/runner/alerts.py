"""How soon the regulator knew: alerts of the live rules, in blocks and in time (row 21).

``alerts.delay`` is business time from the breach to the transaction that showed it. ``alerts.blocks`` is how many
blocks the others had decided beyond the one that holds the alert when the regulator's own node had it, and
``alerts.latency`` the run time that passed between the two. ``alerts`` counts all, ``alerts.<rule>`` those of a rule.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from consensus.vocabulary import MILLISECOND
from node.contracts.oversight import RULES, Alert, Freeze
from node.ledger.state_tree import StateTree
from scenarios.language.schema import Scenario
from scenarios.results import Metrics
from scenarios.results.accounts.telling import moment
from scenarios.results.figures import Column, Sheet
from scenarios.runner.record import RunRecord

SUPERVISOR = "regulator"
_ABOUT_CHARACTERS = 32


def measure_alerts(metrics: Metrics, scenario: Scenario, record: RunRecord, tree: StateTree) -> None:
    """Add what the alerts of ``tree``, the state at the end, come to; nothing where there are none."""
    heights = {f"{item.step.client}/{item.step.number}": item.height for item in record.acknowledged}
    first = record.first_decided()
    reached = sorted((now, height) for height, now in first.items())
    known = _decided_by_supervisor(scenario, record)
    for key, alert in tree.items(Alert.namespace):
        height = heights.get(key.rpartition("|")[2])
        booked_ns = first.get(height) if height is not None else None
        if height is None or booked_ns is None:
            continue  # its sender never heard of it: the run was cut short
        metrics.count("alerts", booked_ns)
        metrics.count(f"alerts.{alert.rule}", booked_ns)
        metrics.sample("alerts.delay", booked_ns, (alert.detected_ms - alert.occurred_ms) * MILLISECOND)
        seen_ns = known.get(height)
        if seen_ns is not None:
            head = max(other for _, other in reached[: bisect_right(reached, (seen_ns, max(first)))])
            metrics.sample("alerts.blocks", seen_ns, head - height, "blocks")
            metrics.sample("alerts.latency", seen_ns, seen_ns - booked_ns)


def _decided_by_supervisor(scenario: Scenario, record: RunRecord) -> dict[int, int]:
    """When the regulator's node had each height; the first of its nodes, where there are several."""
    nodes = {scenario.node_number(member.name) for member in scenario.member_names if member.role == SUPERVISOR}
    known: dict[int, int] = {}
    for decision in record.decisions:
        if decision.node in nodes:
            known[decision.height] = min(decision.now_ns, known.get(decision.height, decision.now_ns))
    return known


def alert_figures(tree: StateTree) -> Iterator[Sheet]:
    """Tables of what the live rules found, and of what was ordered."""
    alerts: list[tuple[str, Alert]] = list(tree.items(Alert.namespace))
    if alerts:
        yield Sheet(
            title="What the live rules found 实时监管",
            columns=(
                Column("rule", "text"),
                Column("institution", "text"),
                Column("about", "text"),
                Column("a breach since", "text"),
                Column("found", "text"),
            ),
            rows=tuple(
                (
                    f"{alert.rule} {RULES[alert.rule].chinese}",
                    alert.institution,
                    alert.about[:_ABOUT_CHARACTERS],
                    moment(alert.occurred_ms),
                    moment(alert.detected_ms),
                )
                for _, alert in sorted(alerts, key=lambda item: (item[1].detected_ms, item[0]))
            ),
            note="Business time. Each was found in the block that booked it.",
        )
    orders: list[tuple[str, Freeze]] = list(tree.items(Freeze.namespace))
    if orders:
        yield Sheet(
            title="Freeze orders 冻结令",
            columns=tuple(
                Column(name, "text") for name in ("what", "state", "since", "reason", "asked by", "decided by")
            ),
            rows=tuple(
                (key, of.state.lower(), moment(of.since_ms), of.reason, of.asked_by, ", ".join(of.decided_by))
                for key, of in orders
            ),
            note="As they stand at the end; the ledger has every order before.",
        )
