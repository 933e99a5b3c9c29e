"""A regulator's desk: rules over what members reported and its node could open, and nothing else.

Unlike the live rules these run off the chain, since what they look at is sealed to the regulator. A rule needs certain
fields; where its scope lacks one of them, the rule is blind, and there is no guessing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from node.contracts.oversight import Watch
from node.contracts.oversight.records import WATCH
from node.contracts.products import Product
from node.contracts.supervision import Report
from node.ledger.state_tree import StateTree
from scenarios.runner.holdings import Holdings

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
PAY_WITHIN_MS = 40 * DAY_MS
"""From a claim's report to its payment: thirty days to assess and ten to pay (保险法 Insurance Law, article 23)."""


class Seen(NamedTuple):
    """A report that the regulator opened: when it came, from whom, about what, and the values in its scope."""

    time_ms: int
    reporter: str
    kind: str
    about: str
    values: dict[str, Any]


class Found(NamedTuple):
    """A breach that a rule found, and when the report came that completed it (business time in ms)."""

    rule: str
    about: str
    found_ms: int


class Desk(NamedTuple):
    """What a rule may look at: the newest report, those before it, and what is public."""

    report: Seen
    before: Sequence[Seen]
    watch: Watch
    tree: StateTree


class Rule(NamedTuple):
    """A rule and the fields that it needs, as (kind of report, field)."""

    broken: Callable[[Desk], bool]
    fields: tuple[tuple[str, str], ...]


def _overlaps(desk: Desk) -> bool:
    new = desk.report.values
    return any(
        (old.values["policyholder"], old.values["product"]) == (new["policyholder"], new["product"])
        and old.values["starts"] < new["ends"]
        and new["starts"] < old.values["ends"]
        for old in desk.before
    )


def _accumulates(desk: Desk) -> bool:
    holder = desk.report.values["policyholder"]
    whole = [one.values["sum_insured_fen"] for one in desk.before if one.values["policyholder"] == holder]
    earlier = sum(whole)
    return bool(earlier <= desk.watch.accumulation_fen < earlier + desk.report.values["sum_insured_fen"])


def _unlicensed(desk: Desk) -> bool:
    sold = desk.report.values["product"]
    return not any(name == desk.report.reporter and sold in products for name, products in desk.watch.licences)


def _under_priced(desk: Desk) -> bool:
    values = desk.report.values
    product: Product | None = desk.tree.get(Product.namespace, values["product"])
    if product is None:
        return False
    sold = values["benefits"].split(", ")
    filed = sum(benefit.premium_fen for benefit in (product.main, *product.riders) if benefit.name in sold)
    return bool(values["premium_fen"] < filed)


def _paid_late(desk: Desk) -> bool:
    values = desk.report.values
    return bool(values["paid"] and values["paid"] - values["reported"] > PAY_WITHIN_MS)


def _claimed_twice(desk: Desk) -> bool:
    new = desk.report.values
    return any(
        (old.values["policyholder"], old.values["benefit"]) == (new["policyholder"], new["benefit"])
        and abs(old.values["reported"] - new["reported"]) < DAY_MS
        for old in desk.before
    )


def _of(kind: str, *names: str) -> tuple[tuple[str, str], ...]:
    return tuple((kind, name) for name in names)


RULES = {
    "duplicate-cover": Rule(_overlaps, _of("policy", "policyholder", "product", "starts", "ends")),
    "accumulation": Rule(_accumulates, _of("policy", "policyholder", "sum_insured_fen")),
    "unlicensed": Rule(_unlicensed, _of("policy", "product")),
    "under-priced": Rule(_under_priced, _of("policy", "product", "benefits", "premium_fen")),
    "late-payment": Rule(_paid_late, _of("claim", "reported", "paid")),
    "duplicate-claim": Rule(_claimed_twice, _of("claim", "policyholder", "benefit", "reported")),
}

BREACHES = {
    "duplicate-cover": 1_679_302_800_000,  # 2023-03-20 09:00, the second policy
    "accumulation": 1_683_018_000_000,  # 2023-05-02 09:00, the third
    "unlicensed": 1_681_117_200_000,  # 2023-04-10 09:00
    "under-priced": 1_681_117_200_000,
    "late-payment": 1_683_727_200_000 + PAY_WITHIN_MS,  # 2023-05-10 14:00 and the time there is
    "duplicate-claim": 1_683_730_800_000,  # 2023-05-10 15:00
}
"""When each of the planted breaches came to be one."""


def findings(held: Holdings) -> tuple[Found, ...]:
    """The first breach of each rule in what a regulator's node holds, in the order of the reports."""
    tree = held.chain.tree
    reports = tuple(sorted(_opened(held)))
    watch: Watch | None = tree.get(Watch.namespace, WATCH)
    if watch is None:
        return ()
    found: dict[str, Found] = {}
    for place, report in enumerate(reports):
        for name, rule in RULES.items():
            needed = {field for _, field in rule.fields}
            if rule.fields[0][0] != report.kind or name in found:
                continue
            before = [one for one in reports[:place] if one.kind == report.kind]
            if all(needed <= one.values.keys() for one in (*before, report)) and rule.broken(
                Desk(report, before, watch, tree)
            ):
                found[name] = Found(name, report.about, report.time_ms)
    return tuple(found.values())


def _opened(held: Holdings) -> Iterator[Seen]:
    values = {record.record: dict(record.fields) for record in held.vault.values()}
    values |= {kept.record: {opening.path: opening.value for opening in kept.openings} for kept in held.safe.values()}
    for key, report in held.chain.tree.items(Report.namespace):
        if key in values:
            yield Seen(report.time_ms, report.reporter, report.kind, report.about, values[key])
