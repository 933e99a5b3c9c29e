"""The contract "programme" 再保险方案: a whole reinsurance programme for one line and term; this file signs it.

The cedent and every reinsurer with a share sign. The cedent books premiums by size of risk and losses by event, and
may call for cash of a section. At the end it closes the programme, which states every reinsurer's account; each
reinsurer works its own out for itself and confirms it by that figure, and only then does the rest move.

What the close states depends on the books alone, not on the order in which they were kept.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from node.contracts.accounts import account, post
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import UNIT, Arguments, Fen, Label, Millis
from node.contracts.registers import require_reinsurer
from node.contracts.reinsurance.programmes.records import (
    Called,
    CashCall,
    LossEvent,
    PaidAhead,
    PremiumRows,
    Programme,
    ProgrammeAccount,
)
from node.contracts.reinsurance.programmes.sections import SECTIONS_MAX, Section, require_in_order
from node.contracts.reinsurance.programmes.shares import deposits

SIDES = ("cedent", "reinsurers")

EVENTS = tuple(
    EventKind(kind, parties=SIDES)
    for kind in ("programme_signed", "event_booked", "cash_called", "programme_closed", "account_confirmed")
)

contract = Contract(
    "programme",
    records=(Programme, PremiumRows, LossEvent, Called, CashCall, PaidAhead, ProgrammeAccount),
    events=EVENTS,
)


class Sign(Arguments, frozen=True):
    """A programme's terms (see :class:`Programme`); each section names its own reinsurers."""

    line: Label
    from_ms: Millis
    until_ms: Millis
    event_ms: Annotated[int, Meta(ge=1, lt=2**53, extra={UNIT: "ms"})]
    cash_limit_fen: Fen
    sections: Annotated[tuple[Section, ...], Meta(min_length=1, max_length=SECTIONS_MAX)]
    reserve_ms: Millis = 0


@contract.action(roles=("insurer",))
def sign(ctx: Context, args: Sign) -> Plain:
    """签订. Signed by every reinsurer that takes a share; deposit premiums move at once."""
    ctx.require(args.from_ms < args.until_ms, "term_empty")
    ctx.require(ctx.time_ms <= args.from_ms, "inception_in_the_past")
    require_in_order(ctx, args.sections)
    programme = Programme(
        state="OPEN",
        cedent=ctx.client,
        line=args.line,
        sections=args.sections,
        from_ms=args.from_ms,
        until_ms=args.until_ms,
        event_ms=args.event_ms,
        cash_limit_fen=args.cash_limit_fen,
        reserve_ms=max(args.reserve_ms, args.until_ms),
    )
    for reinsurer in programme.reinsurers:
        require_reinsurer(ctx, reinsurer)
        ctx.require_signed(reinsurer)
    ctx.put(ctx.object_id, programme)
    for section in args.sections:
        for (reinsurer, _), deposit in zip(section.takers, deposits(section), strict=True):
            key = f"programme/{ctx.object_id}/{section.name}/{reinsurer}/deposit"
            post(ctx, key, "deposit premium", premium_moves(ctx.client, reinsurer, deposit))
    ctx.emit("programme_signed", cedent=ctx.client, reinsurers=programme.reinsurers)
    return {"programme": ctx.object_id}


def premium_moves(cedent: str, reinsurer: str, fen: int) -> list[tuple[str, int]]:
    """The lines of a posting by which ``fen`` of premium go from cedent to reinsurer; negative ones come back."""
    return [
        (account(cedent, "premium-ceded"), fen),
        (account(cedent, "cash"), -fen),
        (account(reinsurer, "cash"), fen),
        (account(reinsurer, "premium-assumed"), -fen),
    ]


def loss_moves(cedent: str, reinsurer: str, fen: int) -> list[tuple[str, int]]:
    """The lines of a posting by which ``fen`` of losses go from reinsurer to cedent; negative ones come back."""
    return [
        (account(reinsurer, "recoveries-paid"), fen),
        (account(reinsurer, "cash"), -fen),
        (account(cedent, "cash"), fen),
        (account(cedent, "recoveries"), -fen),
    ]
