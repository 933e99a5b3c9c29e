"""The sections of a report, in their order; each is a function of the run's facts alone."""

from __future__ import annotations

from collections.abc import Callable

from scenarios.results.report.business import accounts, assumptions, claims_funnel, leakage, money_flows
from scenarios.results.report.clocks import two_clocks
from scenarios.results.report.facts import Facts
from scenarios.results.report.incidents import incidents
from scenarios.results.report.misbehaviour import misbehaviour
from scenarios.results.report.outcome import expectations, manifest
from scenarios.results.report.parts import Section
from scenarios.results.report.protocol import exchanges, messages, over_time
from scenarios.results.report.protocol import latency as latency_section
from scenarios.results.report.sheets import figures

SECTIONS: tuple[Callable[[Facts], Section], ...] = (
    expectations,
    over_time,
    latency_section,
    messages,
    exchanges,
    claims_funnel,
    two_clocks,
    figures,
    money_flows,
    accounts,
    incidents,
    misbehaviour,
    leakage,
    assumptions,
    manifest,
)


def sections_of(facts: Facts) -> list[Section]:
    """All of them: what a run does not have is said, not left out."""
    return [section(facts) for section in SECTIONS]
