"""The mapping of users to chain accounts 用户与链账户映射 (row 9).

A gateway 链网关 that serves a user looks whether the user has an account on the chain, and has one made where there is
none. The account follows from the user's token alone, so it is the same whoever asks first: two calls at the same time
make one account, and asking again changes nothing.
"""

from __future__ import annotations

from hashlib import sha256
from typing import ClassVar

import msgspec

from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Digest, Readers, Record
from node.ledger.transaction import Name


class ChainAccount(Record, frozen=True):
    """A user's account; the key is the user's token. It says nothing of who asked for it, or when."""

    namespace: ClassVar[str] = "chain_accounts"
    readers: ClassVar[Readers] = Readers.EVERYONE

    account: str
    wallet: str


contract = Contract("chain-accounts", records=(ChainAccount,))


class MapArgs(Arguments, frozen=True):
    """The user's token, keyed by the gateway's operator, and the wallet that the user signs with."""

    user: Digest
    wallet: Name


@contract.action("map", roles=("insurer", "bureau", "custodian", "broker"))
def map_user(ctx: Context, args: MapArgs) -> Plain:
    """The user's account: the one that there is, or a new one. Refused where the user has another wallet."""
    ctx.require_role(args.wallet, "patient")
    found = ctx.get(ChainAccount, args.user)
    if found is None:
        found = ChainAccount(account=account_of(args.user), wallet=args.wallet)
        ctx.put(args.user, found)
        return {"account": found.account, "created": True}
    ctx.require(found.wallet == args.wallet, "mapped_to_another_wallet", args.wallet)
    return {"account": found.account, "created": False}


def account_of(user: str) -> str:
    """The account of a user's token: SHA-256 of msgpack ``["consortium/chain-account", user]``, in hex."""
    return sha256(msgspec.msgpack.encode(("consortium/chain-account", user))).hexdigest()
