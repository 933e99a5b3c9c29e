"""Cover 保险责任 on a thing: one insurer at a time, and what happened on a day is that day's insurer's.

A thing keeps the covers that it last had, oldest first, so that what is claimed for late goes by the one of its time.
"""

from __future__ import annotations

from msgspec import Struct

from node.contracts.accounts import pay
from node.contracts.context import Context
from node.contracts.fields import Arguments, Fen, Millis

COVERS_KEPT = 4


class Cover(Struct, frozen=True):
    """Who covers it up to what sum, from when until before when."""

    insurer: str
    sum_fen: int
    from_ms: int
    to_ms: int


class CoverTerms(Arguments, frozen=True):
    """For what sum, at what price, until when."""

    sum_fen: Fen
    premium_fen: Fen
    ends_ms: Millis


NO_COVER = Cover(insurer="", sum_fen=0, from_ms=0, to_ms=0)


def cover_at(covers: tuple[Cover, ...], time_ms: int) -> Cover:
    """The cover that held at that time, or :data:`NO_COVER`."""
    return next((cover for cover in covers if cover.from_ms <= time_ms < cover.to_ms), NO_COVER)


def covered(ctx: Context, covers: tuple[Cover, ...], holder: str, terms: CoverTerms) -> tuple[Cover, ...]:
    """``covers`` and the client's own from now on, for which ``holder`` pays.

    Refused with "insured_already" where one holds still, or with "cover_ended".
    """
    ctx.require(not covers or ctx.time_ms >= covers[-1].to_ms, "insured_already", covers[-1].insurer if covers else "")
    ctx.require(ctx.time_ms < terms.ends_ms, "cover_ended", holder)
    debit, credit = (holder, "premium-paid"), (ctx.client, "premium-income")
    pay(ctx, f"cover/{ctx.object_id}", terms.premium_fen, debit=debit, credit=credit, memo="premium")
    begun = Cover(insurer=ctx.client, sum_fen=terms.sum_fen, from_ms=ctx.time_ms, to_ms=terms.ends_ms)
    return (*covers, begun)[-COVERS_KEPT:]
