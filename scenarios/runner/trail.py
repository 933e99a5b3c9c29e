"""The regulator's audit trail 监管留痕: every view that it had of others' business is itself on record (row 21).

It sees what members seal to it (a report on the ledger names its fields), what the live rules tell it (an alert, on the
ledger) and what it asks its own node for (a read, which leaves no transaction; the run's history has it).
"""

from __future__ import annotations

from collections.abc import Iterator

from node.contracts.oversight import Alert
from node.contracts.supervision import Report
from node.ledger.state_tree import StateTree
from node.privacy.commitments import field_names
from scenarios.language.schema import Scenario
from scenarios.results.accounts.telling import moment
from scenarios.results.figures import TRAIL, Column, Sheet
from scenarios.runner.alerts import SUPERVISOR
from scenarios.runner.record import RunRecord


def trail_figures(scenario: Scenario, record: RunRecord, tree: StateTree) -> Iterator[Sheet]:
    """The trail as one table, by kind of view and then by time; none where the regulator saw nothing."""
    rows = (*_told(tree), *_reads(scenario, record))
    if rows:
        yield Sheet(
            title=TRAIL,
            columns=tuple(Column(name, "text") for name in ("how", "when", "from", "about", "fields")),
            rows=rows,
            note="Reports and alerts stand on the ledger; a read its own node answers; it stands in the history.",
        )


def _told(tree: StateTree) -> Iterator[tuple[str, ...]]:
    reports: list[tuple[str, Report]] = list(tree.items(Report.namespace))
    for _, report in sorted(reports, key=lambda item: (item[1].time_ms, item[0])):
        fields = ", ".join(field_names(report.values))
        yield "report", moment(report.time_ms), report.reporter, f"{report.kind} {report.about}", fields
    alerts: list[tuple[str, Alert]] = list(tree.items(Alert.namespace))
    for _, alert in sorted(alerts, key=lambda item: (item[1].detected_ms, item[0])):
        yield "alert", moment(alert.detected_ms), "live rules", f"{alert.rule} {alert.about}", "rule, institution, when"


def _reads(scenario: Scenario, record: RunRecord) -> Iterator[tuple[str, ...]]:
    regulators = {client.name for client in scenario.client_names if client.role == SUPERVISOR}
    for item in record.answered:
        if item.step.client in regulators and item.step.query is not None:
            answer = "all" if item.code == "ok" else f"none: {item.code}"
            yield "read", f"height {item.height}", "its own node", "/".join(item.step.query), answer
