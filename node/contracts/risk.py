"""Industry risk control 行业风控共享: is this person insured elsewhere, and for how much in all (row 18)?

The answer is yes or no and one sum; nothing else is read, and the question is logged. People are known by a token
keyed by the bureau, so that identity numbers cannot be tried out against what others hold. A bind that would lift
the sum above the cap is refused.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Digest, Fen, Record
from node.contracts.incentives import count_query, count_supply

DECLARED_MAX = 1_000
"""Policies that are brought in at once."""


class Cover(Record, frozen=True):
    """What a person is insured for in the whole market; the key is the keyed token."""

    namespace: ClassVar[str] = "covers"

    policies: int
    sum_insured_fen: int


class Inquiry(Record, frozen=True):
    """A question that was asked, and its answer."""

    namespace: ClassVar[str] = "risk_inquiries"

    asked_by: str
    token: str
    duplicate: bool
    accumulated_fen: int
    time_ms: int


class Cap(Record, frozen=True):
    """The most that one person may be insured for; the key is "cap"."""

    namespace: ClassVar[str] = "risk_cap"

    sum_insured_fen: int


contract = Contract("risk", records=(Cover, Inquiry, Cap))


class Settings(Arguments, frozen=True):
    """The market's cap per person, in fen."""

    cap_fen: Fen


class DeclareArgs(Arguments, frozen=True):
    """Policies that were bound elsewhere: (token, sum insured in fen), ascending, each person once."""

    rows: Annotated[tuple[tuple[Digest, Fen], ...], Meta(min_length=1, max_length=DECLARED_MAX)]


class InquireArgs(Arguments, frozen=True):
    """Whom it is about."""

    token: Digest


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Set the cap."""
    ctx.put("cap", Cap(sum_insured_fen=settings.cap_fen))


@contract.action(roles=("insurer",))
def inquire(ctx: Context, args: InquireArgs) -> Plain:
    """Ask before binding: insured elsewhere? for how much in all?"""
    cover = ctx.get(Cover, args.token)
    accumulated_fen = cover.sum_insured_fen if cover else 0
    inquiry = Inquiry(
        asked_by=ctx.client,
        token=args.token,
        duplicate=cover is not None,
        accumulated_fen=accumulated_fen,
        time_ms=ctx.time_ms,
    )
    ctx.put(ctx.object_id, inquiry)
    count_query(ctx, ctx.client, args.token)
    return {"duplicate": cover is not None, "accumulated_fen": accumulated_fen}


@contract.action(roles=("insurer",))
def declare(ctx: Context, args: DeclareArgs) -> Plain:
    """An insurer brings in policies of before its time here. Those above the cap are counted, since they are bound."""
    tokens = [token for token, _ in args.rows]
    ctx.require(tokens == sorted(set(tokens)), "rows_out_of_order")
    cap = ctx.get(Cap, "cap")
    above = 0
    for token, sum_insured_fen in args.rows:
        cover = ctx.get(Cover, token) or Cover(policies=0, sum_insured_fen=0)
        total = cover.sum_insured_fen + sum_insured_fen
        above += cap is not None and total > cap.sum_insured_fen
        ctx.put(token, Cover(policies=cover.policies + 1, sum_insured_fen=total))
    return {"policies": len(args.rows), "above_cap": above}


def add_cover(ctx: Context, token: str, sum_insured_fen: int) -> None:
    """Count a policy just bound; refused with "accumulation_exceeded" above the cap."""
    cover = ctx.get(Cover, token) or Cover(policies=0, sum_insured_fen=0)
    total = cover.sum_insured_fen + sum_insured_fen
    cap = ctx.get(Cap, "cap")
    ctx.require(cap is None or total <= cap.sum_insured_fen, "accumulation_exceeded")
    ctx.put(token, Cover(policies=cover.policies + 1, sum_insured_fen=total))
    if ctx.role == "insurer":
        count_supply(ctx, ctx.client, token)


def remove_cover(ctx: Context, token: str, sum_insured_fen: int) -> None:
    """Count a policy no longer that has ended or rests."""
    cover = ctx.find(Cover, token)
    left = replace(cover, policies=cover.policies - 1, sum_insured_fen=cover.sum_insured_fen - sum_insured_fen)
    if left.policies:
        ctx.put(token, left)
    else:
        ctx.delete(Cover, token)
