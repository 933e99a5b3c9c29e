"""What must hold of any story, beside what its steps say: reads are logged, strangers opened nothing, two clocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from consensus.vocabulary import SECOND
from node.contracts.consent import AccessEntry, Query
from node.ledger.state_tree import StateTree
from node.privacy.envelope import Envelope, Open, Sealed
from node.privacy.vault import VaultRecord
from scenarios.language.schema import Scenario
from scenarios.results import Expectation
from scenarios.runner.arms import paper_ns, paper_quantiles
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.story import drawn_ns

MINUTE = 60 * SECOND
DAY = 86_400 * SECOND

CHAIN_ARM_MAX_NS = 8 * MINUTE
"""What the source measured from discharge to the audit's end 仅耗时8分钟."""

PAPER_ARM_NS = (7 * DAY, 15 * DAY)
"""What the source says of the time before 7天至15天."""


def reads_logged(tree: StateTree) -> Expectation:
    """Every field that an answer handed over has its entry in the access log, and no entry is without one (row 39)."""
    granted = sorted(f"{key}/{field}" for key, query in tree.items(Query.namespace) for field in query.granted)
    logged = [key for key, _ in tree.items(AccessEntry.namespace)]
    detail = f"{len(granted)} fields read, {len(logged)} log entries"
    return Expectation("reads_logged", "pass" if granted == logged else "fail", detail)


def opened_by_parties_only(envelopes: Iterable[Envelope], vaults: Mapping[str, Iterable[VaultRecord]]) -> Expectation:
    """Each vault holds exactly what was enclosed for its owner (rows 13, 21). ``vaults`` by the owner's name."""
    sealed = [(e.record, e.version, e.recipients) for e in envelopes if isinstance(e, Sealed | Open)]
    for name, vault in sorted(vaults.items()):
        due = sorted((record, version) for record, version, recipients in sealed if name in recipients)
        held = sorted((record.record, record.version) for record in vault)
        if due != held:
            odd = sorted(set(due) ^ set(held))
            return Expectation("sealed_to_parties", "fail", f"{name}: {len(odd)} differ, the first {odd[0]}")
    return Expectation("sealed_to_parties", "pass", f"{len(sealed)} envelopes, each opened by its parties alone")


def two_clocks(scenario: Scenario, seed: int, acknowledged: Sequence[Acknowledged]) -> list[Expectation]:
    """For each claim that was paid: how long on the chain, and how long on paper (row 38).

    The chain's arm is the drawn stage times and the measured commit latencies, one to one.
    """
    if not scenario.arms.paper:
        return []
    cases: dict[str, list[Acknowledged]] = {}
    for item in sorted(acknowledged, key=lambda item: item.position):
        cases.setdefault(item.step.case, []).append(item)
    return [
        _compare(scenario, seed, case, steps)
        for case, steps in sorted(cases.items())
        if {"notice", "paid"} <= {item.step.stage for item in steps}
    ]


def _compare(scenario: Scenario, seed: int, case: str, steps: Sequence[Acknowledged]) -> Expectation:
    stages = [item.step.stage for item in steps]
    path = steps[stages.index("notice") : stages.index("paid") + 1]
    scale = scenario.run.clock.scale
    stages_ns = (path[-1].step.at_ns - path[0].step.at_ns) * scale.business_ns // scale.run_ns
    notice = next(step for step in scenario.story if step.id == path[0].step.id)
    stages_ns += drawn_ns(scenario, notice, seed)  # from the discharge to its report
    latency_ns = sum(item.returned_ns - item.called_ns for item in path)
    chain_ns = stages_ns + latency_ns
    own_ns, many = paper_ns(scenario, seed, case), paper_quantiles(scenario, seed)
    holds = chain_ns <= CHAIN_ARM_MAX_NS and PAPER_ARM_NS[0] <= many.p5_ns and many.p95_ns <= PAPER_ARM_NS[1]
    patients = {client.name for client in scenario.client_names if client.role == "patient"}
    visible = 1 + sum(item.step.client in patients for item in path)  # what they do themselves, and the money
    detail = (
        f"{case}: {visible} links of {len(scenario.arms.paper)} that the patient notices; "
        f"on the chain {chain_ns // MINUTE} min {chain_ns % MINUTE // SECOND} s, "
        f"of it {latency_ns / SECOND:.1f} s of commits as measured; "
        f"on paper {own_ns / DAY:.1f} days (p5-p95 {many.p5_ns / DAY:.1f}-{many.p95_ns / DAY:.1f})"
    )
    return Expectation("two_clocks", "pass" if holds else "fail", detail)
