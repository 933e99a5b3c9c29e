"""Breaks 差异: lines on which books differ, how old they are, and how they are put right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.bordereaux.records import (
    BookLine,
    Bordereau,
    Original,
    Reference,
    Which,
    contract,
    line_key,
    original_key,
)
from node.contracts.context import Context, Plain
from node.contracts.fields import Arguments, ObjectId
from node.privacy.envelope import Envelope

DAY_MS = 86_400_000
AGES_DAYS = (1, 7, 30, 90)
"""Where one band of ages ends and the next begins; the last has no end."""


class CorrectArgs(Arguments, frozen=True):
    """One's own figure for a broken line, put right; "" takes the line out of one's book.

    ``figures``, where the cedent tells another figure: amount and salt, sealed to both sides.
    """

    bordereau: ObjectId
    reference: Reference
    digest: Annotated[str, Meta(max_length=64, pattern=r"^([0-9a-f]{64})?\Z")]
    figures: Envelope | None = None


@contract.action(roles=("insurer", "reinsurer"))
def correct(ctx: Context, args: CorrectArgs) -> Plain:
    """Put one's own figure of a break right, once the books are closed; what matches is not touched."""
    bordereau = of_a_party(ctx, args.bordereau)
    ctx.require(ctx.client in bordereau.closed, "book_not_closed", ctx.client)
    key = line_key(args.bordereau, args.reference)
    line = ctx.find(BookLine, key)
    ctx.require(line.broken_ms > 0, "not_a_break", args.reference)
    cedent = ctx.client == bordereau.cedent
    if cedent and args.digest:
        carry_figures(ctx, bordereau, args.figures)
    else:
        ctx.require(args.figures is None, "figures_are_the_cedents")
    changed = replace(line, cedent=args.digest) if cedent else replace(line, reinsurer=args.digest)
    gone = not changed.cedent and not changed.reinsurer
    mended = gone or _agree(ctx, bordereau, args.reference, changed)
    age_ms = _age_ms(ctx, line)
    if gone:
        ctx.delete(BookLine, key)
    else:
        ctx.put(key, replace(changed, broken_ms=0) if mended else changed)
    corrected = replace(
        bordereau,
        lines=bordereau.lines - gone,
        matched=bordereau.matched + (mended and not gone),
        longest_break_ms=max(bordereau.longest_break_ms, age_ms) if mended else bordereau.longest_break_ms,
    )
    ctx.put(args.bordereau, corrected)
    return {"mended": mended, "age_ms": age_ms, "open": corrected.lines - corrected.matched}


@contract.action(roles=("insurer", "reinsurer"))
def ages(ctx: Context, args: Which) -> Plain:
    """Ageing 账龄: how many breaks are how old by now, in the bands of ``AGES_DAYS``, and which is the oldest."""
    bordereau = of_a_party(ctx, args.bordereau)
    bands = [0] * (len(AGES_DAYS) + 1)
    oldest_ms = 0
    for _, line in broken_lines(ctx, args.bordereau, bordereau):
        if line.broken_ms:
            age_ms = _age_ms(ctx, line)
            bands[sum(age_ms >= days * DAY_MS for days in AGES_DAYS)] += 1
            oldest_ms = max(oldest_ms, age_ms)
    return {"bands": tuple(bands), "oldest_ms": oldest_ms}


def of_a_party(ctx: Context, bordereau_id: str) -> Bordereau:
    """The bordereau, whose party the client must be."""
    bordereau = ctx.find(Bordereau, bordereau_id)
    ctx.require(ctx.client in (bordereau.cedent, bordereau.reinsurer), "not_a_party", ctx.client)
    return bordereau


def _agree(ctx: Context, bordereau: Bordereau, reference: str, line: BookLine) -> bool:
    """Does the line stand in both books alike, and as its witness saw it, where it needs one?"""
    return bool(line.cedent) and line.cedent == line.reinsurer and _as_witnessed(ctx, bordereau, reference, line.cedent)


def settled(line: BookLine) -> bool:
    """Both books have the line, and it is no break."""
    return bool(line.cedent and line.reinsurer) and not line.broken_ms


def was_broken(ctx: Context, bordereau: Bordereau, reference: str, line: BookLine) -> tuple[BookLine, bool]:
    """The line with the time since when it is a break, and whether it is one only now.

    A figure that differs from its witness's is one without waiting for the other book.
    """
    if line.broken_ms:
        return line, False
    figures = [figure for figure in (line.cedent, line.reinsurer) if figure]
    alike = len(set(figures)) == 1 and _as_witnessed(ctx, bordereau, reference, figures[0])
    return (line, False) if alike else (broken_since(ctx, line), True)


def carry_figures(ctx: Context, bordereau: Bordereau, figures: Envelope | None) -> None:
    """The reinsurer is told what it is to check; nobody else is."""
    ctx.require(figures is not None, "figures_missing")
    assert figures is not None  # noqa: S101 - required above
    parties = tuple(sorted((bordereau.cedent, bordereau.reinsurer)))
    ctx.require(figures.recipients == parties, "wrong_recipients")
    ctx.carry(figures, ctx.object_id)


def broken_since(ctx: Context, line: BookLine) -> BookLine:
    """The line, a break from now on."""
    return replace(line, broken_ms=max(1, ctx.time_ms))


def _age_ms(ctx: Context, line: BookLine) -> int:
    """How long it has been a break; nothing for a transaction that claims to come before."""
    return max(0, ctx.time_ms - line.broken_ms)


def broken_lines(ctx: Context, bordereau_id: str, bordereau: Bordereau) -> Iterator[tuple[str, BookLine]]:
    """(reference, line) of those that are no match, ascending: at most twice LINES_MAX are walked over."""
    if bordereau.lines == bordereau.matched:
        return
    prefix = line_key(bordereau_id, "")
    for key, line in ctx.items(BookLine, prefix):
        if not settled(line):
            yield key.removeprefix(prefix), line


def _as_witnessed(ctx: Context, bordereau: Bordereau, reference: str, digest: str) -> bool:
    if not bordereau.witnessed:
        return True
    original = ctx.get(Original, original_key(bordereau.cedent, reference))
    return original is not None and original.digest == digest
