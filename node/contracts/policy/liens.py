"""Liens on policies 保单质押 and how proceeds go to whoever holds one first (row 24).

A lien is what a bank has advanced on a policy and is owed for. The contract ``pledges`` makes and ends liens; whatever
a policy pays out, a claim or what is left of the premium, goes through :func:`pay_proceeds`.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.context import Context
from node.contracts.fields import Record
from node.contracts.lifecycle import Lifecycle

LIEN = Lifecycle("lien", {"ACTIVE": {"repay": "ACTIVE", "release": "RELEASED"}, "RELEASED": {}})


class Lien(Record, frozen=True):
    """The newest lien on a policy, whose id is the key. ``owed_fen`` is what the bank has still to get.

    ``kind`` is "pledge" 质押 or "discount" 贴现; ``advanced_fen`` is what the holder got for it.
    """

    namespace: ClassVar[str] = "liens"

    state: str
    kind: str
    bank: str
    debtor: str
    advanced_fen: int
    owed_fen: int
    since_ms: int
    due_ms: int


def lien_on(ctx: Context, policy_id: str) -> Lien | None:
    """The active lien on a policy, or None."""
    lien = ctx.get(Lien, policy_id)
    return lien if lien is not None and lien.state == "ACTIVE" else None


def satisfied(lien: Lien, paid_fen: int) -> Lien:
    """The lien after the bank got ``paid_fen`` of what it is owed."""
    owed_fen = lien.owed_fen - paid_fen
    return replace(lien, owed_fen=owed_fen, state=LIEN.next(lien.state, "repay" if owed_fen else "release"))


def pay_proceeds(  # noqa: PLR0913 - the facts of one payment
    ctx: Context,
    key: str,
    policy_id: str,
    amount_fen: int,
    *,
    debit: tuple[str, str],
    credit: tuple[str, str],
    memo: str,
) -> int:
    """Pay what a policy yields: first to a bank with a lien on it, the rest to the payee. What the bank got, in fen.

    As :func:`node.contracts.accounts.pay`: ``debit`` is the payer and its expense, ``credit`` the payee and its income.
    The payee has the income either way; what goes to the bank makes its debt smaller.
    """
    (payer, expense), (payee, income) = debit, credit
    lien = lien_on(ctx, policy_id)
    to_bank_fen = 0 if lien is None else min(lien.owed_fen, amount_fen)
    lines = [
        (account(payer, expense), amount_fen),
        (account(payer, "cash"), -amount_fen),
        (account(payee, "cash"), amount_fen - to_bank_fen),
        (account(payee, income), -amount_fen),
    ]
    if lien is not None and to_bank_fen:
        lines += [
            (account(payee, "loans-taken"), to_bank_fen),
            (account(lien.bank, "cash"), to_bank_fen),
            (account(lien.bank, "loans-granted"), -to_bank_fen),
        ]
        ctx.put(policy_id, satisfied(lien, to_bank_fen))
    post(ctx, key, memo, lines)
    return to_bank_fen
