"""Accounts 账户: a double-entry ledger in integer fen (rows 14, 29, 55).

Every posting's debits equal its credits, so the balances of all accounts always add up to nothing: that is the
conservation oracle. A balance counts debits positive. Cash may never fall below zero.

An account is named ``owner/kind``. Which kinds there are and what they mean is the table below; organisations and
people use the same one.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Annotated, ClassVar

from msgspec import Meta

from node.contracts.context import Context, Refusal
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Fen, Readers, Record
from node.ledger.state_tree import StateTree
from node.ledger.transaction import Name

KINDS = MappingProxyType(
    {
        "cash": "asset: money at the bank; never negative",
        "receivable": "asset: what others owe",
        "payable": "liability: what is owed to others",
        "equity": "equity: what opening balances came from",
        "premium-income": "income: gross premium 保费收入",
        "premium-paid": "expense: a policyholder's premium 已交保费",
        "contribution-income": "income: contributions to the basic medical insurance 基本医疗保险费收入",
        "contribution-paid": "expense: a payer's contributions 已缴基本医疗保险费",
        "personal-credits": "income or expense: what is paid into personal accounts 个人账户划入",
        "premium-ceded": "expense: premium given on 分出保费",
        "premium-assumed": "income: premium taken on 分入保费",
        "claims-paid": "expense: claims 赔付支出",
        "claims-received": "income: a policyholder's benefit 已得赔款",
        "claims-recovered": "income: claims that came back, overpaid or by subrogation 追偿收入",
        "claims-returned": "expense: given back, or made good for a loss 追偿支出",
        "treatment-income": "income: a hospital's bills 医疗收入",
        "treatment-paid": "expense: a patient's own part of bills 个人自付",
        "service-income": "income: preventive visits 健康服务收入",
        "service-paid": "expense: preventive visits 健康服务支出",
        "medicine-income": "income: a drugstore's sales 药品收入",
        "medicine-paid": "expense: medicine bought 购药支出",
        "clearing": "asset or liability: between the offices of regions 跨区域清算",
        "recoveries": "income: recovered from reinsurers 摊回赔款",
        "recoveries-paid": "expense: paid to cedents 摊付赔款",
        "commission-income": "income: reinsurance commission 摊回手续费",
        "commission-paid": "expense: reinsurance commission 手续费支出",
        "treaty-settled": "income or expense: balances of sealed statements 账单结算",
        "sales-income": "income: goods sold 销售收入",
        "purchases": "expense: goods bought 采购支出",
        "repair-income": "income: repairs of vehicles 维修收入",
        "swap-settled": "income or expense: premiums and payouts of catastrophe swaps 巨灾互换",
        "collateral": "asset: set aside for what a swap may pay 担保金",
        "data-sharing": "income or expense: rewards and charges for shared data 数据共享激励",
        "loans-granted": "asset: advanced on policies 保单质押贷款",
        "loans-taken": "liability: advanced on policies 保单质押借款",
        "interest-income": "income: interest and discount 利息收入",
        "interest-paid": "expense: interest and discount 利息支出",
        "reserve": "liability: outstanding claims 未决赔款准备金",
        "ibnr": "liability: losses incurred and not reported 已发生未报案未决赔款准备金",
        "reserve-movement": "expense: what reserves changed by 准备金变动",
        "client-money": "liability: kept for others 托管资金",
        "suspense": "liability: come in, and nobody knows yet for what 未明来账挂账",
        "investments": "asset: units of asset-backed plans 资产支持计划份额",
        "project-loans": "asset or liability: what a plan has lent to a project 项目融资",
        "sales-fees-paid": "expense: commission to those who sell 销售费用",
        "sales-fees-earned": "income: commission of those who sell 佣金收入",
        "takeover-settled": "income or expense: what covers obligations that another carries on 业务转让",
        "points-settled": "income or expense: points that another platform took over 积分清算",
    }
)

POSTING_LINES_MAX = 64


class Account(Record, frozen=True):
    """``balance_fen`` counts debits positive. Invariant: not negative where ``kind`` is cash."""

    namespace: ClassVar[str] = "accounts"
    readers: ClassVar[Readers] = Readers.OWNER

    owner: str
    kind: str
    balance_fen: int


class Posting(Record, frozen=True):
    """One balanced entry of the journal: (account, amount in fen, debits positive), summing up to nothing."""

    namespace: ClassVar[str] = "postings"

    memo: str
    time_ms: int
    lines: tuple[tuple[str, int], ...]


contract = Contract("accounts", records=(Account, Posting))


class Opening(Arguments, frozen=True):
    """Cash that an owner starts with, in fen."""

    owner: Name
    cash_fen: Fen


class Settings(Arguments, frozen=True):
    """Opening balances."""

    openings: Annotated[tuple[Opening, ...], Meta(max_length=100_000)] = ()


@contract.settings(Settings)
def open_accounts(ctx: Context, settings: Settings) -> None:
    """Book opening cash against the owner's equity."""
    for opening in settings.openings:
        lines = (
            (account(opening.owner, "cash"), opening.cash_fen),
            (account(opening.owner, "equity"), -opening.cash_fen),
        )
        post(ctx, f"opening/{opening.owner}", "opening balance", lines)


def account(owner: str, kind: str) -> str:
    """The name of an account; KeyError for a kind that is not in the table."""
    return f"{owner}/{_known(kind)}"


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise KeyError(f"{kind} is no kind of account; KINDS in node/contracts/accounts.py lists them")
    return kind


def post(ctx: Context, key: str, memo: str, lines: Iterable[tuple[str, int]]) -> None:
    """Book a posting under ``key``, which is used once.

    ``lines`` are (account, amount), debits positive. Refused with "unbalanced_posting", "posting_exists" or
    "insufficient_funds"; lines of nothing are left out, and a posting of nothing is not booked.
    """
    booked = tuple((name, amount) for name, amount in lines if amount)
    ctx.require(sum(amount for _, amount in booked) == 0, "unbalanced_posting", key)
    ctx.require(len(booked) <= POSTING_LINES_MAX, "posting_too_long", key)
    ctx.require(ctx.get(Posting, key) is None, "posting_exists", key)
    if not booked:
        return
    for name, amount in booked:
        _move(ctx, name, amount)
    for name, _ in booked:
        _require_covered(ctx, name)
    ctx.put(key, Posting(memo=memo, time_ms=ctx.time_ms, lines=booked))


def pay(  # noqa: PLR0913 - the facts of one payment
    ctx: Context, key: str, amount_fen: int, *, debit: tuple[str, str], credit: tuple[str, str], memo: str
) -> None:
    """Move cash between two owners, balanced within each of them.

    ``debit`` is the payer and the kind of account that takes the expense, ``credit`` the payee and its income.
    """
    (payer, expense), (payee, income) = debit, credit
    lines = (
        (account(payer, expense), amount_fen),
        (account(payer, "cash"), -amount_fen),
        (account(payee, "cash"), amount_fen),
        (account(payee, income), -amount_fen),
    )
    post(ctx, key, memo, lines)


def balance(ctx: Context, owner: str, kind: str) -> int:
    """An account's balance in fen, debits positive; 0 where it was never used."""
    found = ctx.get(Account, account(owner, kind))
    return found.balance_fen if found else 0


def total_of_all_accounts(tree: StateTree) -> int:
    """The conservation oracle: anything but 0 is a bug."""
    return sum(record.balance_fen for _, record in tree.items(Account.namespace))


def overdrawn(tree: StateTree) -> tuple[str, ...]:
    """Cash accounts below zero: there must be none."""
    return tuple(
        key for key, record in tree.items(Account.namespace) if record.kind == "cash" and record.balance_fen < 0
    )


def _move(ctx: Context, name: str, amount: int) -> None:
    found = ctx.get(Account, name)
    if found is None:
        owner, _, kind = name.rpartition("/")
        found = Account(owner=owner, kind=_known(kind), balance_fen=0)
    ctx.put(name, Account(owner=found.owner, kind=found.kind, balance_fen=found.balance_fen + amount))


def _require_covered(ctx: Context, name: str) -> None:
    found = ctx.find(Account, name)
    if found.kind == "cash" and found.balance_fen < 0:
        raise Refusal("insufficient_funds", name)
