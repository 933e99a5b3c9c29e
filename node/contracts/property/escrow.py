"""Money set aside 备付 for a promise that nobody is asked about again: what pays by itself cannot lack the cash.

A promise's money lies in accounts of its own, named after the object that it belongs to; nobody is that owner, so no
other action can spend it. It goes to whom the promise was made, or back.
"""

from __future__ import annotations

from node.contracts.accounts import account, post
from node.contracts.context import Context


def set_aside(ctx: Context, key: str, purse: str, payer: str, fen: int) -> None:
    """``payer`` puts cash into ``purse``; refused with "insufficient_funds"."""
    lines = (
        (account(payer, "receivable"), fen),
        (account(payer, "cash"), -fen),
        (account(purse, "cash"), fen),
        (account(purse, "payable"), -fen),
    )
    post(ctx, f"aside/{key}", "set aside", lines)


def pay_out(ctx: Context, key: str, purse: str, payer: str, payee: str, fen: int) -> None:  # noqa: PLR0913, PLR0917 - a payment
    """The promise falls due: ``payee`` gets the cash, and it is a claim paid of ``payer``'s."""
    lines = (
        (account(purse, "payable"), fen),
        (account(purse, "cash"), -fen),
        (account(payer, "claims-paid"), fen),
        (account(payer, "receivable"), -fen),
        (account(payee, "cash"), fen),
        (account(payee, "claims-received"), -fen),
    )
    post(ctx, f"due/{key}", "claim", lines)


def release(ctx: Context, key: str, purse: str, payer: str, fen: int) -> None:
    """Nothing fell due: the cash goes back."""
    lines = (
        (account(purse, "payable"), fen),
        (account(purse, "cash"), -fen),
        (account(payer, "cash"), fen),
        (account(payer, "receivable"), -fen),
    )
    post(ctx, f"released/{key}", "released", lines)
