"""Settlement with intermediaries 中介渠道结算 (row 56): both sides record each sale; what agrees is paid at once.

The insurer and the intermediary state the same item for themselves: what was sold, at which premium. The second one
to do so settles it if the two agree (T+0): the commission moves in the very transaction. If they differ, the item is a
break, named, and nothing moves until one of them has corrected its own statement. How long an item took is set against
the periodic settlement that the agreement would otherwise have had: the end of the item's period and the days that
comparing lists takes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, signed
from node.contracts.fields import UNIT, Arguments, Label, Millis, Name, PositiveFen, Ppm, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.money import share

ITEM = Lifecycle(
    "item",
    {
        "STATED": {"correct": "STATED", "match": "SETTLED", "differ": "BREAK"},
        "BREAK": {"correct": "BREAK", "match": "SETTLED", "differ": "BREAK"},
        "SETTLED": {},
    },
)


class Agency(Record, frozen=True):
    """An agreement, at ``insurer|intermediary``: the commission, and the periodic settlement that it does without.

    Running sums over ``settled`` items in fen and milliseconds: premiums, commissions, lag, and the baseline's lag.
    """

    namespace: ClassVar[str] = "agencies"

    insurer: str
    intermediary: str
    commission_ppm: int
    begins_ms: int
    period_ms: int
    reconciliation_ms: int
    settled: int = 0
    premium_fen: int = 0
    commission_fen: int = 0
    lag_ms: int = 0
    baseline_ms: int = 0

    def baseline_lag_ms(self, sold_ms: int) -> int:
        """After what time a sale would be settled at the end of its period and of comparing lists."""
        period_end_ms = self.begins_ms + ((sold_ms - self.begins_ms) // self.period_ms + 1) * self.period_ms
        return period_end_ms + self.reconciliation_ms - sold_ms


class Item(Record, frozen=True):
    """A sale, at ``insurer|intermediary|item``: the premium in fen as each side states it, or None."""

    namespace: ClassVar[str] = "agency_items"

    state: str
    sold_ms: int
    by_insurer_fen: int | None
    by_intermediary_fen: int | None
    settled_ms: int = 0


SETTLED = EventKind("item_settled", parties=("insurer", "intermediary"))
BREAK = EventKind("item_differs", parties=("insurer", "intermediary"))

contract = Contract("intermediaries", records=(Agency, Item), events=(SETTLED, BREAK))

Span = Annotated[int, Meta(gt=0, lt=2**53, extra={UNIT: "ms"})]


class AgreeArgs(Arguments, frozen=True):
    """See :class:`Agency`; periods are counted from the time of the agreement."""

    intermediary: Name
    commission_ppm: Ppm
    period_ms: Span
    reconciliation_ms: Millis


class RecordArgs(Arguments, frozen=True):
    """A sale between the client and ``other``: which, when, and at which premium."""

    other: Name
    item: Label
    sold_ms: Millis
    premium_fen: PositiveFen


@contract.action(roles=("insurer",), endorse=signed(argument("intermediary")))
def agree(ctx: Context, args: AgreeArgs) -> Plain:
    """代理协议. Both sign, once; what was agreed holds for every later sale."""
    ctx.require_role(args.intermediary, "intermediary")
    key = f"{ctx.client}|{args.intermediary}"
    ctx.require(ctx.get(Agency, key) is None, "agreed_already", key)
    agency = Agency(
        insurer=ctx.client,
        intermediary=args.intermediary,
        commission_ppm=args.commission_ppm,
        begins_ms=ctx.time_ms,
        period_ms=args.period_ms,
        reconciliation_ms=args.reconciliation_ms,
    )
    ctx.put(key, agency)
    return {"agency": key}


@contract.action(roles=("insurer", "intermediary"))
def record(ctx: Context, args: RecordArgs) -> Plain:
    """记账. State a sale, or correct one's own statement of it; where both sides agree, it is settled at once."""
    by_insurer = ctx.role == "insurer"
    insurer, intermediary = (ctx.client, args.other) if by_insurer else (args.other, ctx.client)
    agency_key = f"{insurer}|{intermediary}"
    agency = ctx.find(Agency, agency_key)
    ctx.require(agency.begins_ms <= args.sold_ms <= ctx.time_ms, "not_sold_then", args.item)
    key = f"{agency_key}|{args.item}"
    item = ctx.get(Item, key) or Item("STATED", args.sold_ms, None, None)
    ctx.require(item.sold_ms == args.sold_ms, "other_sale", key)
    own = {"by_insurer_fen" if by_insurer else "by_intermediary_fen": args.premium_fen}
    stated = replace(item, **own)
    if stated.by_insurer_fen is None or stated.by_intermediary_fen is None:
        ctx.put(key, replace(stated, state=ITEM.next(item.state, "correct")))
        return {"state": "STATED"}
    if not agrees(stated):
        ctx.put(key, replace(stated, state=ITEM.next(item.state, "differ")))
        ctx.emit("item_differs", item=args.item, insurer=insurer, intermediary=intermediary)
        return {"state": "BREAK", "differs_fen": stated.by_insurer_fen - stated.by_intermediary_fen}
    ctx.put(key, replace(stated, state=ITEM.next(item.state, "match"), settled_ms=ctx.time_ms))
    ctx.emit("item_settled", item=args.item, insurer=insurer, intermediary=intermediary)
    return _settle(ctx, agency_key, key, agency, stated)


def agrees(item: Item) -> bool:
    """Do both sides state one premium?"""
    return item.by_insurer_fen == item.by_intermediary_fen


def _settle(ctx: Context, agency_key: str, key: str, agency: Agency, item: Item) -> Plain:
    """Pay the commission to date less what was paid before, so that it is the agreed share of the whole to the fen."""
    premium = agency.premium_fen + (item.by_insurer_fen or 0)
    commission = share(premium, agency.commission_ppm)
    lag, baseline = ctx.time_ms - item.sold_ms, agency.baseline_lag_ms(item.sold_ms)
    summed = replace(
        agency,
        settled=agency.settled + 1,
        premium_fen=premium,
        commission_fen=commission,
        lag_ms=agency.lag_ms + lag,
        baseline_ms=agency.baseline_ms + baseline,
    )
    ctx.put(agency_key, summed)
    paid = commission - agency.commission_fen
    pay(
        ctx,
        f"intermediaries/{key}",
        paid,
        debit=(agency.insurer, "commission-paid"),
        credit=(agency.intermediary, "commission-income"),
        memo="sales commission",
    )
    return {
        "state": "SETTLED",
        "commission_fen": paid,
        "lag_ms": lag,
        "baseline_ms": baseline,
        "mean_lag_ms": summed.lag_ms // summed.settled,
        "mean_baseline_ms": summed.baseline_ms // summed.settled,
    }
