"""The two books of a bordereau: opened, stated line by line in real time 实时上链, closed, confirmed 账单确认."""

from __future__ import annotations

from msgspec.structs import replace

from node.contracts.bordereaux.breaks import broken_lines, broken_since, carry_figures, of_a_party, settled, was_broken
from node.contracts.bordereaux.records import (
    BORDEREAU,
    LINES_MAX,
    Batch,
    BookLine,
    Bordereau,
    Kind,
    Opened,
    Stated,
    Which,
    contract,
    line_key,
)
from node.contracts.context import Context, Plain
from node.contracts.fields import Arguments, Label, Millis, ObjectId
from node.contracts.treaty import signed_treaty
from node.privacy.envelope import Envelope


class OpenArgs(Arguments, frozen=True):
    """A bordereau of ``kind`` for a period of a treaty, which ends then."""

    treaty: ObjectId
    kind: Kind
    period: Label
    ends_ms: Millis
    witnessed: bool = False


class StateArgs(Arguments, frozen=True):
    """Lines of one's own book. ``figures``, the cedent's alone: amounts and salts, sealed to both sides."""

    bordereau: ObjectId
    lines: Batch
    figures: Envelope | None = None


@contract.action(name="open", roles=("insurer", "reinsurer"))
def open_(ctx: Context, args: OpenArgs) -> Plain:
    """The cedent opens a bordereau under a signed treaty."""
    treaty = signed_treaty(ctx, args.treaty)
    ctx.require(treaty.cedent == ctx.client, "not_a_party", ctx.client)
    bordereau = Bordereau(
        state="OPEN",
        treaty=args.treaty,
        cedent=treaty.cedent,
        reinsurer=treaty.reinsurer,
        kind=args.kind,
        period=args.period,
        ends_ms=args.ends_ms,
        witnessed=args.witnessed,
        lines=0,
        matched=0,
        closed=(),
        breaks_ever=0,
        longest_break_ms=0,
        confirmed_ms=0,
    )
    opened = f"{args.treaty}|{args.kind}|{args.period}"
    ctx.require(ctx.get(Opened, opened) is None, "opened_already", opened)
    ctx.put(opened, Opened(bordereau=ctx.object_id))
    ctx.put(ctx.object_id, bordereau)
    return {"bordereau": ctx.object_id}


@contract.action(name="state", roles=("insurer", "reinsurer"))
def state_lines(ctx: Context, args: StateArgs) -> Plain:
    """State lines of one's own book; those that differ from the other's, or from the witness's, are named at once."""
    bordereau = of_a_party(ctx, args.bordereau)
    cedent = ctx.client == bordereau.cedent
    ctx.require(ctx.client not in bordereau.closed, "book_closed", ctx.client)
    if cedent:
        carry_figures(ctx, bordereau, args.figures)
    else:
        ctx.require(args.figures is None, "figures_are_the_cedents")
    breaks = []
    for stated in args.lines:
        bordereau, broken = _state(ctx, args.bordereau, bordereau, stated)
        breaks += [stated.reference] * broken
    counted = "by_cedent" if cedent else "by_reinsurer"
    own = getattr(bordereau, counted) + len(args.lines)
    ctx.require(own <= LINES_MAX, "too_many_lines", str(own))
    ctx.put(args.bordereau, replace(bordereau, **{counted: own}))
    return {"stated": len(args.lines), "breaks": tuple(breaks)}


@contract.action(roles=("insurer", "reinsurer"))
def close(ctx: Context, args: Which) -> Plain:
    """Say that one's book is complete. With the second one, lines that stand in one book alone are breaks as well."""
    bordereau = of_a_party(ctx, args.bordereau)
    ctx.require(ctx.client not in bordereau.closed, "book_closed", ctx.client)
    bordereau = replace(bordereau, closed=(*bordereau.closed, ctx.client))
    breaks: list[str] = []
    if len(bordereau.closed) > 1:
        bordereau = replace(bordereau, state=BORDEREAU.next(bordereau.state, "close"))
        for reference, line in broken_lines(ctx, args.bordereau, bordereau):
            breaks.append(reference)
            if not line.broken_ms:
                ctx.put(line_key(args.bordereau, reference), broken_since(ctx, line))
                bordereau = replace(bordereau, breaks_ever=bordereau.breaks_ever + 1)
    ctx.put(args.bordereau, bordereau)
    return {"lines": bordereau.lines, "matched": bordereau.matched, "breaks": tuple(breaks)}


@contract.action(roles=("reinsurer",))
def confirm(ctx: Context, args: Which) -> Plain:
    """The reinsurer agrees with the whole, without a break; the time that took counts from the period's end."""
    bordereau = ctx.find(Bordereau, args.bordereau)
    ctx.require(ctx.client == bordereau.reinsurer, "not_the_reinsurer", ctx.client)
    confirmed = replace(bordereau, state=BORDEREAU.next(bordereau.state, "confirm"), confirmed_ms=ctx.time_ms)
    ctx.require(bordereau.matched == bordereau.lines, "breaks_open", str(bordereau.lines - bordereau.matched))
    ctx.put(args.bordereau, confirmed)
    return {
        "lines": bordereau.lines,
        "breaks_ever": bordereau.breaks_ever,
        "longest_break_ms": bordereau.longest_break_ms,
        "reconciled_after_ms": max(0, ctx.time_ms - bordereau.ends_ms),
    }


def _state(ctx: Context, bordereau_id: str, bordereau: Bordereau, stated: Stated) -> tuple[Bordereau, bool]:
    key = line_key(bordereau_id, stated.reference)
    known = ctx.get(BookLine, key)
    line = known or BookLine(cedent="", reinsurer="", broken_ms=0)
    cedent = ctx.client == bordereau.cedent
    ctx.require(not (line.cedent if cedent else line.reinsurer), "stated_already", stated.reference)
    line = replace(line, cedent=stated.digest) if cedent else replace(line, reinsurer=stated.digest)
    line, newly = was_broken(ctx, bordereau, stated.reference, line)
    ctx.put(key, line)
    counted = replace(
        bordereau,
        lines=bordereau.lines + (known is None),
        matched=bordereau.matched + settled(line),
        breaks_ever=bordereau.breaks_ever + newly,
    )
    return counted, bool(line.broken_ms)
