"""Cross-region clearing 跨区域结算 (row 46): treated elsewhere, settled at home.

The office of the region of treatment pays the hospital at once; the home region's insurers pay their own office, which
owes the other one. What the offices owe each other stands in their clearing accounts, which add up to nothing at any
time, and is netted now and then: each office pays or is paid one amount. Regions go live one after the other, and
before both are, nothing is settled between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from node.contracts.accounts import account, post
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Label, Millis, Name, Record
from node.contracts.reinsurance.netting import Debt, net_out

REGIONS_MAX = 30
"""Each brings two lines to the posting of a netting."""


class Region(Record, frozen=True):
    """A region; the key is its name. ``office`` 经办机构 keeps its clearing account; live from that moment on."""

    namespace: ClassVar[str] = "clearing_regions"

    office: str
    live_from_ms: int


class Place(Record, frozen=True):
    """Where a hospital is; the key is its name."""

    namespace: ClassVar[str] = "clearing_places"

    region: str


class Item(Record, frozen=True):
    """A clearing item 清算项, at its bill: what the home region owes the region of treatment, in fen."""

    namespace: ClassVar[str] = "clearing_items"

    home: str
    elsewhere: str
    amount_fen: int


class Open(Record, frozen=True):
    """What is not netted yet, at ``home>elsewhere``, in fen, and of how many items."""

    namespace: ClassVar[str] = "clearing_open"

    amount_fen: int
    items: int


class Netted(Record, frozen=True):
    """A netting 轧差: (region, position in fen, positive where it was paid). Invariant: they add up to nothing."""

    namespace: ClassVar[str] = "clearing_nettings"

    positions: tuple[tuple[str, int], ...]
    gross_fen: int
    net_fen: int
    items: int
    time_ms: int


contract = Contract(
    "clearing",
    records=(Region, Place, Item, Open, Netted),
    events=(EventKind("regions_netted", roles=("insurer", "bureau", "regulator")),),
)


class RegionArgs(Arguments, frozen=True):
    """See :class:`Region`; ``hospitals`` are in it."""

    region: Label
    office: Name
    live_from_ms: Millis
    hospitals: Annotated[tuple[Name, ...], Meta(max_length=64)] = ()


class Settings(Arguments, frozen=True):
    """The regions, and when each goes live."""

    regions: Annotated[tuple[RegionArgs, ...], Meta(max_length=REGIONS_MAX)] = ()


class NetArgs(Arguments, frozen=True):
    """Nothing to say: all that is open is netted."""


@contract.settings(Settings)
def draw_map(ctx: Context, settings: Settings) -> None:
    """Write down the regions."""
    for args in settings.regions:
        ctx.put(args.region, Region(office=args.office, live_from_ms=args.live_from_ms))
        for hospital in args.hospitals:
            ctx.put(hospital, Place(region=args.region))


@contract.action(roles=("bureau",))
def net(ctx: Context, args: NetArgs) -> Plain:  # noqa: ARG001 - there is nothing to say
    """轧差清算. Net all that is open between the regions; each office pays or is paid one amount."""
    debts, items = [], 0
    for key, pending in ctx.items(Open):
        home, _, elsewhere = key.partition(">")
        debts.append(Debt(home, elsewhere, pending.amount_fen))
        items += pending.items
        ctx.delete(Open, key)
    ctx.require(bool(debts), "nothing_to_net")
    netting = net_out(debts)
    lines = []
    for region, position in netting.positions.items():
        office = ctx.find(Region, region).office
        lines += [(account(office, "cash"), position), (account(office, "clearing"), -position)]
    post(ctx, f"clearing/{ctx.object_id}", "netting", lines)
    positions = tuple(netting.positions.items())
    netted = Netted(positions=positions, gross_fen=netting.gross, net_fen=netting.net, items=items, time_ms=ctx.time_ms)
    ctx.put(ctx.object_id, netted)
    ctx.emit("regions_netted", netting=ctx.object_id, items=items)
    return {
        "positions": dict(positions),
        "gross_fen": netting.gross,
        "net_fen": netting.net,
        "items": items,
        "sum_fen": sum(position for _, position in positions),
    }


def is_elsewhere(ctx: Context, home: str, hospital: str) -> bool:
    """Is the hospital in another region than ``home``? Not, where either has none."""
    place = ctx.get(Place, hospital)
    return bool(home) and place is not None and place.region != home


def pay_elsewhere(ctx: Context, bill_id: str, home: str, hospital: str, payments: Sequence[tuple[str, int]]) -> None:
    """Pay a hospital elsewhere what the home region's payers bear, (payer, fen) each, and note what is owed for it."""
    there = ctx.find(Place, hospital).region
    own, other = ctx.find(Region, home), ctx.find(Region, there)
    for name, region in ((home, own), (there, other)):
        ctx.require(ctx.time_ms >= region.live_from_ms, "region_not_live", name)
    total = sum(amount for _, amount in payments)
    lines = []
    for payer, amount in payments:
        lines += [(account(payer, "claims-paid"), amount), (account(payer, "cash"), -amount)]
        lines += [(account(own.office, "cash"), amount), (account(own.office, "clearing"), -amount)]
    lines += [(account(other.office, "clearing"), total), (account(other.office, "cash"), -total)]
    lines += [(account(hospital, "cash"), total), (account(hospital, "treatment-income"), -total)]
    post(ctx, f"clearing/{bill_id}", "treated elsewhere", lines)
    ctx.put(bill_id, Item(home=home, elsewhere=there, amount_fen=total))
    key = f"{home}>{there}"
    pending = ctx.get(Open, key) or Open(amount_fen=0, items=0)
    ctx.put(key, Open(amount_fen=pending.amount_fen + total, items=pending.items + 1))
