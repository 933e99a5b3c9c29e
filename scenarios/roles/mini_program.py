"""The mini-program 小程序 and the gateways behind it (row 9): whose account is whose, and which policies were uploaded.

In three steps, as the source has them: a gateway looks whether the user is mapped to an account on the chain; where
not, it has one made, and where so, it calls the chain; then it saves what came of it in two tables of its own, the
users' 星球表 and the policies' 数字保单表. The tables hold names and lie in the gateway's drawers, never on the chain.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from node.contracts.chain_accounts import MapArgs
from node.contracts.policy import NotariseArgs
from scenarios.roles.desk import Act, Desk, Request


class Planet(msgspec.Struct, frozen=True):
    """A row of the users' table 星球表."""

    person: str
    wallet: str
    account: str


class DigitalPolicy(msgspec.Struct, frozen=True):
    """A row of the policies' table 数字保单表."""

    account: str
    policy: str
    unique: str


class Tables(msgspec.Struct):
    """One gateway's two tables: users by wallet, policies in the order of their upload."""

    planets: dict[str, Planet] = msgspec.field(default_factory=dict)
    policies: list[DigitalPolicy] = msgspec.field(default_factory=list)


def map_user(desk: Desk, act: Act) -> Request:
    """Arguments: person; wallet (another than the person's first). The account goes into the gateway's own table."""
    person = act.text("person")
    wallet = act.text("wallet", desk.person(act, person).wallets[0])
    return Request(
        contract="chain-accounts",
        action="map",
        arguments=MapArgs(user=desk.pseudonym(act, person), wallet=wallet),
        saved=partial(_save_planet, desk.drawer(act.who, Tables), person, wallet),
    )


def upload_policy(desk: Desk, act: Act) -> Request:
    """Arguments: policy, through (a gateway that knows the holder's account). It is put on record 存证."""
    policy, gateway = desk.object(act, "policy"), act.text("through")
    tables = desk.drawer(gateway, Tables)
    planet = tables.planets.get(act.who)
    if planet is None:
        raise act.error("through", f"`{gateway}` knows no account of {act.who}: it must `map-user` first")
    return Request(
        contract="policy",
        action="notarise",
        arguments=NotariseArgs(policy=policy, salt=desk.token(act.who, "notarisation", act.object_id)),
        saved=partial(_save_policy, tables, planet.account, policy),
    )


def _save_planet(tables: Tables, person: str, wallet: str, told: Any) -> None:
    tables.planets[wallet] = Planet(person=person, wallet=wallet, account=str(told["account"]))


def _save_policy(tables: Tables, account: str, policy: str, told: Any) -> None:
    tables.policies.append(DigitalPolicy(account=account, policy=policy, unique=str(told["hash"])))
