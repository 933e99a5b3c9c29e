"""Personal accounts 医保个人账户: whose balance of earlier years 历年余额 buys health insurance (row 42).

Every insured resident has one. What is credited in a year is that year's balance 当年余额; at new year it joins what
earlier years left. Only the latter pays premiums, for the holder and for direct relatives 直系亲属: spouse, parents,
children. The bureau keeps accounts and relations; the holder's wallet signs each debit where a contract asks for one by
:func:`draw`. The money of all accounts lies in one account of the journal, that of :data:`RESIDENTS`.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal

from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Digest, Fen, Name, Record

RESIDENTS = "residents"
"""Owner of the account in which the residents' personal accounts are kept as one."""

Kinship = Literal["spouse", "parent", "child"]
"""What the relative is to the holder."""

_CONVERSE = {"spouse": "spouse", "parent": "child", "child": "parent"}
_DAY_MS = 86_400_000
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097
"""The Gregorian calendar repeats itself."""


class PersonalAccount(Record, frozen=True):
    """A resident's account, at the resident's pseudonym. ``current_fen`` was credited in ``year``, the rest before."""

    namespace: ClassVar[str] = "personal-accounts"

    wallet: str
    year: int
    current_fen: int
    prior_fen: int

    def as_of(self, year: int) -> PersonalAccount:
        """The account in ``year``: at each new year what is left of the old one joins the earlier years'."""
        if year <= self.year:
            return self
        return replace(self, year=year, current_fen=0, prior_fen=self.prior_fen + self.current_fen)


class Relation(Record, frozen=True):
    """A direct relative, at ``holder/relative``; each relation stands there both ways."""

    namespace: ClassVar[str] = "relations"

    kinship: str


contract = Contract(
    "personal-accounts",
    records=(PersonalAccount, Relation),
    events=(EventKind("credited", parties=("wallet",)),),
)


class OpenArgs(Arguments, frozen=True):
    """A resident, and the wallet that acts for them."""

    person: Digest
    wallet: Name


class CreditArgs(Arguments, frozen=True):
    """What is paid into a resident's account, in fen."""

    person: Digest
    amount_fen: Fen


class RelateArgs(Arguments, frozen=True):
    """``relative`` is the ``kinship`` of ``holder``."""

    holder: Digest
    relative: Digest
    kinship: Kinship


@contract.action(roles=("bureau",))
def open_account(ctx: Context, args: OpenArgs) -> Plain:
    """One account for each resident."""
    ctx.require(ctx.role_of(args.wallet) is not None, "unknown_wallet", args.wallet)
    ctx.require(ctx.get(PersonalAccount, args.person) is None, "account_exists", args.person)
    account = PersonalAccount(wallet=args.wallet, year=year_of(ctx.time_ms), current_fen=0, prior_fen=0)
    ctx.put(args.person, account)
    return {"person": args.person}


@contract.action(roles=("bureau",))
def credit(ctx: Context, args: CreditArgs) -> Plain:
    """Pay in 个人账户划入, from the fund that the bureau keeps, for the year of the transaction's own time."""
    ctx.require(args.amount_fen > 0, "nothing_to_credit", args.person)
    account = ctx.find(PersonalAccount, args.person).as_of(year_of(ctx.time_ms))
    ctx.require(account.year == year_of(ctx.time_ms), "year_closed", str(account.year))
    account = replace(account, current_fen=account.current_fen + args.amount_fen)
    ctx.put(args.person, account)
    kind = "personal-credits"
    pay(ctx, f"credit/{ctx.object_id}", args.amount_fen, debit=(ctx.client, kind), credit=(RESIDENTS, kind), memo=kind)
    ctx.emit("credited", wallet=account.wallet, amount_fen=args.amount_fen)
    return {"current_fen": account.current_fen, "prior_fen": account.prior_fen}


@contract.action(roles=("bureau",))
def relate(ctx: Context, args: RelateArgs) -> Plain:
    """Put a relation on record, for both of them."""
    ctx.require(args.holder != args.relative, "own_relative", args.holder)
    ctx.put(f"{args.holder}/{args.relative}", Relation(kinship=args.kinship))
    ctx.put(f"{args.relative}/{args.holder}", Relation(kinship=_CONVERSE[args.kinship]))
    return {"kinship": args.kinship}


def draw(ctx: Context, holder: str, person: str, amount_fen: int) -> int:
    """Take a premium for ``person`` from the balance of earlier years of ``holder``; what is left of that.

    The caller moves the money, from :data:`RESIDENTS`. Refused with "unknown_personal_account", "not_a_relative", or
    "prior_balance_short": neither this year's balance nor anybody else's helps.
    """
    account = ctx.find(PersonalAccount, holder).as_of(year_of(ctx.time_ms))
    related = holder == person or ctx.get(Relation, f"{holder}/{person}") is not None
    ctx.require(related, "not_a_relative", person)
    ctx.require(amount_fen <= account.prior_fen, "prior_balance_short", holder)
    account = replace(account, prior_fen=account.prior_fen - amount_fen)
    ctx.put(holder, account)
    return account.prior_fen


def year_of(time_ms: int) -> int:
    """The calendar year of a business time (UTC)."""
    cycles, days = divmod(time_ms // _DAY_MS, _CYCLE_DAYS)  # a time may lie beyond what dates can hold
    return (dt.date(1970, 1, 1) + dt.timedelta(days=days)).year + _CYCLE_YEARS * cycles
