"""An incentive to share data 数据共享激励 (row 19): supplies and queries counted, rewards paid out of charges.

The market's shared record of covers (:mod:`node.contracts.risk`, row 18) tells this contract of every supply and every
query, in the transaction that makes it. A query costs a price. At a period's end what the queries cost goes to who
supplied, by points: so many for each record provided, so many for each time that a record answered another's query.
Rewards and charges add up to nothing, by largest remainder; where nobody supplied anything, nothing is charged.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.fields import UNIT, Arguments, Count, Fen, Millis, Readers, Record
from node.contracts.money import allocate

MEMBERS_MAX = 31
"""Each brings two lines to the posting of a period."""


class Scheme(Record, frozen=True):
    """The market's rules; the key is "scheme". Periods follow each other from ``begins_ms`` on."""

    namespace: ClassVar[str] = "incentive_scheme"
    readers: ClassVar[Readers] = Readers.EVERYONE

    begins_ms: int
    period_ms: int
    price_fen: int
    points_provided: int
    points_used: int


class Tally(Record, frozen=True):
    """A period's counts, at its number: (member, supplies, times used, queries), in ascending order of name."""

    namespace: ClassVar[str] = "incentive_tallies"

    counts: tuple[tuple[str, int, int, int], ...]
    settled: bool = False


class Suppliers(Record, frozen=True):
    """Who supplied records about a person; the key is the keyed token."""

    namespace: ClassVar[str] = "incentive_suppliers"

    names: tuple[str, ...]


contract = Contract("incentives", records=(Scheme, Tally, Suppliers))


class Settings(Arguments, frozen=True):
    """See :class:`Scheme`. Without settings nothing is counted."""

    begins_ms: Millis
    period_ms: Annotated[int, Meta(gt=0, lt=2**53, extra={UNIT: "ms"})]
    price_fen: Fen
    points_provided: Count = 1
    points_used: Count = 1


class SettleArgs(Arguments, frozen=True):
    """Which period, from 0."""

    period: Count


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Set the scheme."""
    ctx.put(
        "scheme",
        Scheme(
            begins_ms=settings.begins_ms,
            period_ms=settings.period_ms,
            price_fen=settings.price_fen,
            points_provided=settings.points_provided,
            points_used=settings.points_used,
        ),
    )


@contract.action(roles=("insurer",))
def settle(ctx: Context, args: SettleArgs) -> Plain:
    """结算. Settle a period that is over, once: who queried more than it supplied pays, and the other way round."""
    scheme = ctx.find(Scheme, "scheme")
    ends_ms = scheme.begins_ms + (args.period + 1) * scheme.period_ms
    ctx.require(ctx.time_ms >= ends_ms, "period_not_over", str(args.period))
    key = f"{args.period:010d}"
    tally = ctx.find(Tally, key)
    ctx.require(not tally.settled, "settled_already", str(args.period))
    charges, rewards = divided(scheme, tally)
    ctx.put(key, replace(tally, settled=True))
    lines = []
    for (name, *_), charge, reward in zip(tally.counts, charges, rewards, strict=True):
        lines += [(account(name, "data-sharing"), charge - reward), (account(name, "cash"), reward - charge)]
    post(ctx, f"incentives/{key}", "data sharing", lines)
    names = [name for name, *_ in tally.counts]
    net = {name: reward - charge for name, charge, reward in zip(names, charges, rewards, strict=True)}
    return {
        "charges": dict(zip(names, charges, strict=True)),
        "rewards": dict(zip(names, rewards, strict=True)),
        "net": {**net},
        "sum_fen": sum(net.values()),
    }


def divided(scheme: Scheme, tally: Tally) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What each member is charged and rewarded, in fen. Invariant: the sums are equal."""
    points = [supplies * scheme.points_provided + used * scheme.points_used for _, supplies, used, _ in tally.counts]
    if not any(points):
        nothing = (0,) * len(points)
        return nothing, nothing
    charges = tuple(queries * scheme.price_fen for *_, queries in tally.counts)
    return charges, allocate(sum(charges), points)


def count_supply(ctx: Context, supplier: str, token: str) -> None:
    """``supplier`` has put a record about that person into the market's; nothing where there is no scheme."""
    scheme = ctx.get(Scheme, "scheme")
    if scheme is None:
        return
    known = ctx.get(Suppliers, token) or Suppliers(names=())
    if supplier not in known.names:
        ctx.put(token, Suppliers(names=tuple(sorted((*known.names, supplier)))))
    _count(ctx, scheme, {supplier: (1, 0, 0)})


def count_query(ctx: Context, asker: str, token: str) -> None:
    """``asker`` has asked about that person; every other supplier's record was used."""
    scheme = ctx.get(Scheme, "scheme")
    if scheme is None:
        return
    known = ctx.get(Suppliers, token) or Suppliers(names=())
    used = {name: (0, 1, 0) for name in known.names if name != asker}
    _count(ctx, scheme, {**used, asker: (0, 0, 1)})


def _count(ctx: Context, scheme: Scheme, more: dict[str, tuple[int, int, int]]) -> None:
    ctx.require(ctx.time_ms >= scheme.begins_ms, "scheme_not_begun")
    key = f"{(ctx.time_ms - scheme.begins_ms) // scheme.period_ms:010d}"
    tally = ctx.get(Tally, key) or Tally(counts=())
    ctx.require(not tally.settled, "period_settled", key)
    counts = {name: (name, supplies, used, queries) for name, supplies, used, queries in tally.counts}
    for name, (supplies, used, queries) in more.items():
        _, before, hits, asked = counts.get(name, (name, 0, 0, 0))
        counts[name] = (name, before + supplies, hits + used, asked + queries)
    ctx.require(len(counts) <= MEMBERS_MAX, "too_many_members")
    ctx.put(key, Tally(counts=tuple(counts[name] for name in sorted(counts))))
