"""Opening a levy 征缴: the tax department collects what a place's centre asks of its residents for a year."""

from __future__ import annotations

from node.contracts.context import Context, Plain
from node.contracts.contributions.records import Levy, Year, contract, levy_key
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Fen, Label, Millis, Name


class OpenLevy(Arguments, frozen=True):
    """A place, its centre, and what each of its residents pays for the year, in fen.

    ``vouchers_from_ms``: when blockchain vouchers go online; before that there are receipts.
    """

    place: Label
    year: Year
    centre: Name
    amount_fen: Fen
    vouchers_from_ms: Millis


@contract.action(roles=("tax",), endorse=signed(argument("centre")))
def open_levy(ctx: Context, args: OpenLevy) -> Plain:
    """The client collects it. A place has one levy a year, which never changes."""
    ctx.require_role(args.centre, "centre")
    ctx.require(args.amount_fen > 0, "nothing_to_collect", args.place)
    key = levy_key(args.place, args.year)
    ctx.require(ctx.get(Levy, key) is None, "levy_exists", key)
    levy = Levy(
        centre=args.centre,
        collector=ctx.client,
        amount_fen=args.amount_fen,
        vouchers_from_ms=args.vouchers_from_ms,
    )
    ctx.put(key, levy)
    return {"levy": key}
