"""The books of a programme: premiums by size of risk 保费明细, losses by event 赔款明细; the cedent keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, Plain
from node.contracts.fields import AMOUNT_END, UNIT, Arguments, Fen, Label, Millis, ObjectId, SignedFen
from node.contracts.reinsurance.programmes.records import LossEvent, PremiumRows, Programme
from node.contracts.reinsurance.programmes.signing import contract
from node.contracts.reinsurance.programmes.year import Event, RiskLoss, Worked, Year, work_out

ROWS_MAX = 100
LOSSES_MAX = 64
EVENTS_MAX = 100
BORDEREAUX_MAX = 100

SumInsured = Annotated[int, Meta(ge=1, lt=2**53, extra={UNIT: "fen"})]


class Booking(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a loss adds to its risk's loss of the event, in fen; less than nothing where too much was booked."""

    risk: Label
    sum_insured: SumInsured
    amount: SignedFen
    at_ms: Millis


class BookPremiums(Arguments, frozen=True):
    """Rows of a premium bordereau: (sum insured of each risk, premium of all of them), in fen."""

    programme: ObjectId
    rows: Annotated[tuple[tuple[SumInsured, Fen], ...], Meta(min_length=1, max_length=ROWS_MAX)]


class BookEvent(Arguments, frozen=True):
    """Losses of an event that began at ``from_ms``; those booked later add to the earlier ones."""

    programme: ObjectId
    event: Label
    from_ms: Millis
    losses: Annotated[tuple[Booking, ...], Meta(min_length=1, max_length=LOSSES_MAX)]


class OfEvent(Arguments, frozen=True):
    """An event of a programme."""

    programme: ObjectId
    event: Label


@contract.action(roles=("insurer",))
def book_premiums(ctx: Context, args: BookPremiums) -> Plain:
    """保费明细. Gross premiums written, by sum insured."""
    programme = open_programme(ctx, args.programme)
    ctx.require(programme.bordereaux < BORDEREAUX_MAX, "too_many_bordereaux", args.programme)
    written = sum(premium for _, premium in args.rows)
    ctx.require(programme.premium_fen + written < AMOUNT_END, "amount_too_large", args.programme)
    counted = replace(programme, bordereaux=programme.bordereaux + 1, premium_fen=programme.premium_fen + written)
    ctx.put(args.programme, counted)
    ctx.put(f"{args.programme}/{ctx.object_id}", PremiumRows(args.rows))
    return {"premium_fen": written}


@contract.action(roles=("insurer",))
def book_event(ctx: Context, args: BookEvent) -> Plain:
    """赔款明细. Losses of one event, each of a risk with its sum insured, within the hours that an event may last."""
    programme = open_programme(ctx, args.programme)
    ctx.require(programme.from_ms <= args.from_ms < programme.until_ms, "outside_the_term", args.event)
    ctx.require(args.from_ms <= ctx.time_ms, "not_happened_yet", args.event)
    key = f"{args.programme}/{args.event}"
    event = ctx.get(LossEvent, key)
    if event is None:
        ctx.require(programme.events < EVENTS_MAX, "too_many_events", args.programme)
        programme = replace(programme, events=programme.events + 1)
        event = LossEvent(args.event, args.from_ms, ())
    ctx.require(event.from_ms == args.from_ms, "another_event", args.event)
    end_ms = args.from_ms + programme.event_ms
    for booking in args.losses:
        ctx.require(args.from_ms <= booking.at_ms < end_ms, "outside_the_event", booking.risk)
    losses = _added(ctx, event.losses, args.losses)
    total = programme.loss_fen + sum(booking.amount for booking in args.losses)
    ctx.require(total < AMOUNT_END, "amount_too_large", args.programme)
    ctx.put(args.programme, replace(programme, loss_fen=total))
    ctx.put(key, replace(event, losses=losses))
    ctx.emit("event_booked", cedent=ctx.client, reinsurers=programme.reinsurers, event=args.event)
    return {"event_fen": sum(loss.amount for loss in losses)}


@contract.action(name="state-event", roles=("insurer", "reinsurer"))
def state_an_event(ctx: Context, args: OfEvent) -> Plain:
    """出险通知. What an event brings from each section as the books stand, and what reinstatements cost by now.

    Changes nothing.
    """
    programme = ctx.find(Programme, args.programme)
    ctx.require(ctx.client in (programme.cedent, *programme.reinsurers), "not_your_programme", args.programme)
    ctx.find(LossEvent, f"{args.programme}/{args.event}")
    year = year_of(ctx, args.programme, programme)
    place = [event.name for event in year.events].index(args.event)
    worked = work_out(programme.sections, year)
    brought = {one.section.name: one.by_event[place] for one in worked.sections if one.by_event}
    gross = sum(loss.amount for loss in year.events[place].losses)
    return {
        "gross_fen": gross,
        "recovered": {**brought},
        "kept_fen": gross - sum(brought.values()),
        "reinstatements": worked.reinstatements(),
    }


def open_programme(ctx: Context, key: str) -> Programme:
    """The client's own programme, which must not be closed."""
    programme = ctx.find(Programme, key)
    ctx.require(programme.cedent == ctx.client, "not_your_programme", key)
    ctx.require(programme.state == "OPEN", "programme_closed", key)
    return programme


def worked_so_far(ctx: Context, key: str, programme: Programme) -> Worked:
    """The programme's year as the books stand."""
    return work_out(programme.sections, year_of(ctx, key, programme))


def year_of(ctx: Context, key: str, programme: Programme) -> Year:
    """What is in the books, in the order that counts."""
    premiums: dict[int, int] = {}
    for _, page in ctx.items(PremiumRows, f"{key}/"):
        for sum_insured, premium in page.rows:
            premiums[sum_insured] = premiums.get(sum_insured, 0) + premium
    events = [Event(event.name, event.from_ms, event.losses) for _, event in ctx.items(LossEvent, f"{key}/")]
    return Year(
        from_ms=programme.from_ms,
        until_ms=programme.until_ms,
        premiums=tuple(sorted(premiums.items())),
        events=tuple(sorted(events, key=lambda event: (event.at_ms, event.name))),
    )


def _added(ctx: Context, losses: Sequence[RiskLoss], bookings: Sequence[Booking]) -> tuple[RiskLoss, ...]:
    by_risk = {loss.risk: loss for loss in losses}
    for booking in bookings:
        before = by_risk.get(booking.risk, RiskLoss(booking.risk, booking.sum_insured, 0))
        ctx.require(before.sum_insured == booking.sum_insured, "sum_insured_differs", booking.risk)
        ctx.require(before.amount + booking.amount >= 0, "below_nothing", booking.risk)
        by_risk[booking.risk] = replace(before, amount=before.amount + booking.amount)
    ctx.require(len(by_risk) <= LOSSES_MAX, "too_many_losses", str(len(by_risk)))
    return tuple(by_risk[risk] for risk in sorted(by_risk))
