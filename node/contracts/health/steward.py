"""Health steward 健康管家: preventive service from what its customer chose to show, settled visit by visit (row 48).

A provider says which fields it needs, for how many visits and at what price. The customer shows it exactly these,
under a voucher, out of records of their own; every visit is signed by both and paid for at once. A voucher taken back
ends the service with the next visit: whoever may not read does not treat either, and is not paid.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import record, signed
from node.contracts.fields import Arguments, Fen, Label, Labels, ObjectId, Record
from node.contracts.health.records import live_share
from node.contracts.lifecycle import Lifecycle
from node.contracts.vouchers import require_acts_for

VISITS_MAX = 366

ENGAGEMENT = Lifecycle(
    "engagement",
    {
        "ENGAGED": {"visit": "ENGAGED", "last": "DELIVERED", "end": "ENDED"},
        "DELIVERED": {},
        "ENDED": {},
    },
)


class Service(Record, frozen=True):
    """What a steward offers: a visit's price in fen, how many there are, and which fields it has to see for it."""

    namespace: ClassVar[str] = "steward_services"

    steward: str
    service: str
    needs: tuple[str, ...]
    visits: int
    fee_fen: int


class Engagement(Record, frozen=True):
    """A customer's service: by which share the steward reads, and how many visits were delivered and paid."""

    namespace: ClassVar[str] = "steward_engagements"

    state: str
    service: str
    steward: str
    patient: str
    share: str
    delivered: int


DELIVERED = EventKind("visit_delivered", parties=("steward", "patient"))

contract = Contract("steward", records=(Service, Engagement), events=(DELIVERED,))


class OfferArgs(Arguments, frozen=True):
    """What is offered."""

    service: Label
    needs: Labels
    visits: Annotated[int, Meta(ge=1, le=VISITS_MAX)]
    fee_fen: Fen


class EngageArgs(Arguments, frozen=True):
    """Which service, and what was shown to its steward."""

    service: ObjectId
    share: ObjectId


class EngagementArgs(Arguments, frozen=True):
    """Which engagement."""

    engagement: ObjectId


@contract.action(roles=("steward",))
def offer(ctx: Context, args: OfferArgs) -> Plain:
    """A steward says what it does, what for it has to see, and what it costs."""
    ctx.require(bool(args.needs), "needs_nothing", "a service that reads nothing needs no consent")
    ctx.put(ctx.object_id, Service(ctx.client, args.service, args.needs, args.visits, args.fee_fen))
    return {"service": ctx.object_id}


@contract.action(roles=("patient",))
def engage(ctx: Context, args: EngageArgs) -> Plain:
    """The customer takes the service, having shown its steward what it needs and nothing more 最小化."""
    service = ctx.find(Service, args.service)
    shared = live_share(ctx, args.share, service.steward)
    require_acts_for(ctx, shared.subject)
    ctx.require(set(shared.fields) >= set(service.needs), "too_little_shown", args.share)
    ctx.require(set(shared.fields) <= set(service.needs), "more_than_needed", args.share)
    engagement = Engagement("ENGAGED", args.service, service.steward, ctx.client, args.share, delivered=0)
    ctx.put(ctx.object_id, engagement)
    return {"engagement": ctx.object_id, "visits": service.visits}


@contract.action(roles=("steward",), endorse=signed(record(Engagement, "engagement").field("patient")))
def visit(ctx: Context, args: EngagementArgs) -> Plain:
    """A visit took place, both sign for it, and it is paid; refused once the voucher does not stand any more."""
    engagement = ctx.find(Engagement, args.engagement)
    ctx.require(engagement.steward == ctx.client, "wrong_steward", engagement.steward)
    service = ctx.find(Service, engagement.service)
    delivered = engagement.delivered + 1
    state = ENGAGEMENT.next(engagement.state, "last" if delivered == service.visits else "visit")
    live_share(ctx, engagement.share, ctx.client)
    ctx.put(args.engagement, replace(engagement, state=state, delivered=delivered))
    debit, credit = (engagement.patient, "service-paid"), (ctx.client, "service-income")
    pay(ctx, f"steward/{ctx.object_id}", service.fee_fen, debit=debit, credit=credit, memo="preventive visit")
    ctx.emit("visit_delivered", engagement=args.engagement, steward=ctx.client, patient=engagement.patient)
    return {"delivered": delivered, "state": state, "paid_fen": service.fee_fen}


@contract.action(roles=("patient",))
def end(ctx: Context, args: EngagementArgs) -> Plain:
    """The customer ends it; what was delivered stays paid."""
    engagement = ctx.find(Engagement, args.engagement)
    ctx.require(engagement.patient == ctx.client, "not_your_engagement", engagement.patient)
    ctx.put(args.engagement, replace(engagement, state=ENGAGEMENT.next(engagement.state, "end")))
    return {"delivered": engagement.delivered}
