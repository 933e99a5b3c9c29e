"""Fairness table 公平性统计: how many of each age band were accepted, loaded, countered, declined (rows 5, 6).

The chain knows every decision and nobody's age; the bureau knows the ages. So the bureau counts, and the contract
holds its counts to the ledger: for a period that is over, each decision's column must add up to what was decided, and
no decision is counted in two tables, so that no two tables differ by one person. A cell is empty or large enough, and
the table must not tell more of anyone's history than the score, which stands on the chain, told before: knowing in
which bands a decision occurs must rule out no history that the score leaves open.

Each application counts once, by the decision that stood when the table was published. All of them are looked through,
which a transaction's budget allows for some 490,000.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from node.contracts.context import Context, EventKind, Plain, Refusal
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Count, Label, Millis, Readers, Record
from node.contracts.products import AGE_MAX, AGE_MIN, Product, Scoring
from node.contracts.reasons import REASONS, applicants_with
from node.contracts.underwriting import Application

DECISIONS = ("accept", "load", "counter", "decline")
"""The columns, in their order."""

CELL_MIN = 5
"""The smallest number of people that a cell may show where no settings say otherwise."""


class Band(Struct, frozen=True):
    """Ages ``first`` to ``last``, both included, and how many got each of :data:`DECISIONS`, in that order."""

    first: int
    last: int
    counts: tuple[int, ...]


class FairnessTable(Record, frozen=True):
    """A table for decisions from ``from_ms`` until before ``until_ms``; the key is ``product/version/until_ms``.

    ``reasons`` are (code, how many), in the order of :data:`node.contracts.reasons.REASONS`.
    """

    namespace: ClassVar[str] = "fairness"
    readers: ClassVar[Readers] = Readers.EVERYONE

    product: str
    rule_version: str
    from_ms: int
    until_ms: int
    bands: tuple[Band, ...]
    reasons: tuple[tuple[str, int], ...]


class FairnessTerms(Record, frozen=True):
    """The smallest number that a cell may show; the key is "terms"."""

    namespace: ClassVar[str] = "fairness_terms"

    cell_min: int


PUBLISHED = EventKind("fairness_published")

contract = Contract("fairness", records=(FairnessTable, FairnessTerms), events=(PUBLISHED,))


class Settings(Arguments, frozen=True):
    """The smallest number of people that a cell may show."""

    cell_min: Annotated[int, Meta(ge=1, le=1_000)] = CELL_MIN


class BandArgs(Arguments, frozen=True):
    """See :class:`Band`."""

    first: Annotated[int, Meta(ge=AGE_MIN, le=AGE_MAX)]
    last: Annotated[int, Meta(ge=AGE_MIN, le=AGE_MAX)]
    counts: Annotated[tuple[Count, ...], Meta(min_length=len(DECISIONS), max_length=len(DECISIONS))]


class PublishArgs(Arguments, frozen=True):
    """Of which product and rule, for which time, by which bands."""

    product: Label
    rule_version: Label
    from_ms: Millis
    until_ms: Millis
    bands: Annotated[tuple[BandArgs, ...], Meta(min_length=1, max_length=16)]


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Set the smallest cell."""
    ctx.put("terms", FairnessTerms(cell_min=settings.cell_min))


@contract.action(roles=("bureau",))
def publish(ctx: Context, args: PublishArgs) -> Plain:
    """Publish the counts of a period that is over, if the ledger bears them out and they give nobody away."""
    scoring = ctx.find(Product, args.product).scoring
    if scoring is None:
        raise Refusal("not_scored", args.product)
    bands = tuple(Band(first=band.first, last=band.last, counts=band.counts) for band in args.bands)
    _require_scale(ctx, bands)
    ctx.require(args.from_ms < args.until_ms <= ctx.time_ms, "period_not_over")
    key = f"{args.product}/{args.rule_version}/"
    for _, other in ctx.items(FairnessTable, key):
        apart = args.until_ms <= other.from_ms or other.until_ms <= args.from_ms
        ctx.require(apart, "period_counted_already", str(other.until_ms))
    decided = decided_in(ctx.items(Application), args.product, args.rule_version, args.from_ms, args.until_ms)
    sums = tuple(sum(band.counts[column] for band in bands) for column in range(len(DECISIONS)))
    ctx.require(sums == totals(decided), "does_not_add_up", f"{sums} in all, {totals(decided)} on the ledger")
    terms = ctx.get(FairnessTerms, "terms")
    least = terms.cell_min if terms else CELL_MIN
    ctx.require(all(cell == 0 or cell >= least for band in bands for cell in band.counts), "cell_too_small")
    ctx.require(not narrowed(scoring, decided, bands), "history_narrowed")
    table = FairnessTable(
        product=args.product,
        rule_version=args.rule_version,
        from_ms=args.from_ms,
        until_ms=args.until_ms,
        bands=bands,
        reasons=tuple((reason, sum(one.reason == reason for one in decided)) for reason in REASONS),
    )
    ctx.put(f"{key}{args.until_ms}", table)
    ctx.emit("fairness_published", product=args.product, rule_version=args.rule_version, until_ms=args.until_ms)
    return {"decided": sum(sums), **dict(zip(DECISIONS, sums, strict=True))}


def decided_in(
    applications: Iterable[tuple[str, Application]], product: str, rule_version: str, from_ms: int, until_ms: int
) -> tuple[Application, ...]:
    """Those of ``applications`` of this product whose standing decision was made under that rule in that time."""
    return tuple(
        application
        for _, application in applications
        if (application.product, application.rule_version) == (product, rule_version)
        and from_ms <= application.decided_ms < until_ms
    )


def totals(decided: Sequence[Application]) -> tuple[int, ...]:
    """How many got each of :data:`DECISIONS`."""
    return tuple(sum(one.decision == decision for one in decided) for decision in DECISIONS)


def narrowed(scoring: Scoring, decided: Sequence[Application], bands: Sequence[Band]) -> bool:
    """Does the table, beside score and decision, rule out a history that somebody's score alone leaves open?

    It looks at which cells are empty; what sums of larger cells say of many people at once is bounded by their least
    size.
    """
    for points, decision in sorted({(one.score or 0, one.decision) for one in decided}):
        column = DECISIONS.index(decision)
        open_before = applicants_with(scoring, points)
        seen = [(band.first, band.last) for band in bands if band.counts[column]]
        open_after = {history for age, history in open_before if any(first <= age <= last for first, last in seen)}
        if any(history not in open_after for _, history in open_before):
            return True
    return False


def _require_scale(ctx: Context, bands: Sequence[Band]) -> None:
    """The bands follow each other from the scale's youngest to its oldest."""
    adjacent = all(one.last + 1 == other.first for one, other in pairwise(bands))
    whole = (bands[0].first, bands[-1].last) == (AGE_MIN, AGE_MAX) and all(band.first <= band.last for band in bands)
    ctx.require(adjacent and whole, "bands_out_of_order", f"one after the other, from {AGE_MIN} to {AGE_MAX}")
