"""A contract of one's own: clients count, each its own tally, up to a limit."""

from typing import Annotated, ClassVar

from msgspec import Meta

from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Readers, Record

LIMIT = 10


class Tally(Record, frozen=True):
    """How far ``owner`` has counted."""

    namespace: ClassVar[str] = "tallies"
    readers: ClassVar[Readers] = Readers.EVERYONE

    owner: str
    count: int


class Add(Arguments, frozen=True):
    """Count on by ``step``."""

    step: Annotated[int, Meta(ge=1, le=9)]


contract = Contract("tally", records=(Tally,))


@contract.action()
def add(ctx, args: Add):
    """Count. Refused with "too_many" beyond the limit."""
    found = ctx.get(Tally, ctx.client)
    count = (found.count if found else 0) + args.step
    ctx.require(count <= LIMIT, "too_many", ctx.client)
    ctx.put(ctx.client, Tally(owner=ctx.client, count=count))
    return {"count": count}


careless = Contract("careless-tally", records=(Tally,))


@careless.action("add")
def add_carelessly(ctx, args: Add):
    """The same with a bug: it looks at the limit before it counts, and not after."""
    found = ctx.get(Tally, ctx.client)
    count = found.count if found else 0
    ctx.require(count < LIMIT, "too_many", ctx.client)
    ctx.put(ctx.client, Tally(owner=ctx.client, count=count + args.step))
    return {"count": count + args.step}
