"""The bureau's fairness tables 公平性统计: decisions lie on the chain, ages with the bureau (rows 5, 6)."""

from __future__ import annotations

from itertools import pairwise

from msgspec.structs import replace

from node.contracts.fairness import DECISIONS, BandArgs, PublishArgs, decided_in
from node.contracts.products import AGE_MAX, AGE_MIN, Product
from node.contracts.underwriting import Application
from scenarios.roles.desk import Act, Desk, Request


def publish_fairness(desk: Desk, act: Act) -> Request:
    """Arguments: product, from, to (days), bands (the first age of each, from 18); miscounted (true: one too many)."""
    name = act.text("product")
    scoring = desk.find(act, Product, name).scoring
    if scoring is None:
        raise act.error("product", f"`{name}` scores nobody")
    from_ms, until_ms = act.day_ms("from"), act.day_ms("to")
    firsts = act.take("bands")
    if not isinstance(firsts, tuple) or not firsts or not all(type(age) is int for age in firsts):
        raise act.error("bands", f"must be a list of ages, not {firsts!r}")
    bands = [(first, following - 1) for first, following in pairwise((*firsts, AGE_MAX + 1))]
    if firsts[0] < AGE_MIN or any(first > last for first, last in bands):
        raise act.error("bands", f"must ascend within {AGE_MIN} to {AGE_MAX}")
    counts = {band: [0] * len(DECISIONS) for band in bands}
    applications = ((key, one) for key, one in desk.tree.items(Application.namespace) if isinstance(one, Application))
    for application in decided_in(applications, name, scoring.version, from_ms, until_ms):
        age = desk.person_of(act, application.subject).age
        for (first, last), row in counts.items():
            row[DECISIONS.index(application.decision)] += first <= age <= last
    told = [BandArgs(first=first, last=last, counts=tuple(row)) for (first, last), row in counts.items()]
    if act.flag("miscounted"):
        told[-1] = replace(told[-1], counts=(told[-1].counts[0] + 1, *told[-1].counts[1:]))
    arguments = PublishArgs(
        product=name, rule_version=scoring.version, from_ms=from_ms, until_ms=until_ms, bands=tuple(told)
    )
    return Request(contract="fairness", action="publish", arguments=arguments)
