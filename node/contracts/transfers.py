"""Transfers 转账: money from one party's cash to another's. The plainest contract there is, for load and for tests."""

from __future__ import annotations

from node.contracts.accounts import account, post
from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Fen
from node.ledger.transaction import Name

contract = Contract("transfers", records=())


class SendArgs(Arguments, frozen=True):
    """``amount_fen`` of the client's own cash for ``payee``."""

    payee: Name
    amount_fen: Fen


@contract.action()
def send(ctx: Context, args: SendArgs) -> Plain:
    """Pay. Refused with "unknown_payee", or "insufficient_funds"."""
    ctx.require(ctx.role_of(args.payee) is not None, "unknown_payee", args.payee)
    lines = ((account(args.payee, "cash"), args.amount_fen), (account(ctx.client, "cash"), -args.amount_fen))
    post(ctx, ctx.object_id, "transfer", lines)
    return {"paid_fen": args.amount_fen}
