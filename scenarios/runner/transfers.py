"""The flow "transfers": parties send each other money, and read what they are left with.

Each party does one thing after the other: its next transfer or read waits for the answer to the one before. Every
party opens with enough to pay all that it sends whatever the order, so no protocol can change what becomes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from consensus.vocabulary import MILLISECOND
from node.contracts.accounts import Account, Opening, account
from node.contracts.transfers import SendArgs
from node.ledger.state_tree import StateTree
from node.membership import KeyRing
from scenarios.language.models.base import Fen, Nanoseconds, Part, Word
from scenarios.language.problems import did_you_mean
from scenarios.language.schema import Scenario
from scenarios.runner.drafts import Draft
from scenarios.runner.draws import keyed_draw

FLOW = "transfers"
PARTIES_MIN = 2

_Count = Annotated[int, Field(ge=0, le=100_000)]


class Transfers(Part):
    """Transfers between parties, and reads of their own balances between them, evenly over `spread`."""

    flow: Literal["transfers"]
    """This generator."""
    parties: tuple[Word, ...] = ()
    """Whose wallets take part, in turns; every organisation's where this is left out."""
    transfers: Annotated[_Count, Field(ge=1)]
    """How many transfers there are; to whom and how much is drawn."""
    reads: _Count = 0
    """How many reads there are: a party asks for its own cash, without a transaction."""
    amount_max: Annotated[Fen, Field(ge=1)]
    """The most that one transfer moves."""
    opening: Fen
    """What each party begins with: enough for all that it sends."""
    spread: Nanoseconds
    """Over how much business time they come; later, where answers take longer."""


class Transfer(NamedTuple):
    """One payment, as drawn."""

    payer: str
    payee: str
    amount_fen: int


def parties_of(arguments: Transfers, scenario: Scenario) -> tuple[str, ...]:
    """Who takes part. ValueError where they cannot, or could run out of money."""
    wallets = [client.name for client in scenario.client_names]
    parties = arguments.parties or tuple(member.name for member in scenario.member_names)
    for name in parties:
        if name not in wallets:
            raise ValueError(f"nobody is called `{name}`{did_you_mean(name, wallets)}")
    if len(set(parties)) != len(parties):
        raise ValueError("`parties` names somebody twice")
    if len(parties) < PARTIES_MIN:
        raise ValueError(f"transfers need {PARTIES_MIN} parties, not {len(parties)}")
    most_fen = -(-arguments.transfers // len(parties)) * arguments.amount_max
    if arguments.opening < most_fen:
        raise ValueError(f"`opening` must cover all that a party may send, {most_fen / 100:,.2f} CNY")
    return parties


def build(arguments: Transfers, scenario: Scenario, keyring: KeyRing, seed: int) -> list[Draft]:  # noqa: ARG001 - a builder's shape
    """Every transfer and read, in order of submission. Depends on its arguments alone."""
    parties = parties_of(arguments, scenario)
    clock = scenario.run.clock
    payments = list(_drawn(arguments, parties, seed))
    total = arguments.transfers + arguments.reads
    sent = asked = 0
    last: dict[str, str] = {}
    drafts: list[Draft] = []
    for place in range(total):
        time_ms = clock.start + arguments.spread * place // total // MILLISECOND
        if (place + 1) * arguments.reads // total > asked:
            draft = _read(asked, parties[asked % len(parties)], time_ms)
            asked += 1
        else:
            draft = _transfer(payments[sent], sent, time_ms)
            sent += 1
        draft.after = (last[draft.client],) if draft.client in last else ()
        last[draft.client] = draft.id
        drafts.append(draft)
    return drafts


def openings(arguments: Transfers, scenario: Scenario) -> tuple[Opening, ...]:
    """The cash that the parties begin with."""
    return tuple(Opening(name, arguments.opening) for name in parties_of(arguments, scenario))


def differences(arguments: Transfers, scenario: Scenario, tree: StateTree, seed: int) -> tuple[str, ...]:
    """Whose balance is not what it sent and got."""
    parties = parties_of(arguments, scenario)
    due = dict.fromkeys(parties, arguments.opening)
    for payment in _drawn(arguments, parties, seed):
        due[payment.payer] -= payment.amount_fen
        due[payment.payee] += payment.amount_fen
    held: dict[str, Account | None] = {name: tree.get(Account.namespace, account(name, "cash")) for name in parties}
    return tuple(
        f"{name} holds {None if found is None else found.balance_fen} fen, should be {due[name]}"
        for name, found in held.items()
        if found is None or found.balance_fen != due[name]
    )


def _drawn(arguments: Transfers, parties: tuple[str, ...], seed: int) -> Iterator[Transfer]:
    """Parties pay in turns; another one gets an amount, both drawn."""
    for index in range(arguments.transfers):
        payer = index % len(parties)
        step = 1 + keyed_draw(seed, FLOW, str(index), "payee") % (len(parties) - 1)
        amount = 1 + keyed_draw(seed, FLOW, str(index), "amount") % arguments.amount_max
        yield Transfer(parties[payer], parties[(payer + step) % len(parties)], amount)


def _read(index: int, party: str, time_ms: int) -> Draft:
    return Draft(
        id=f"read-{index + 1}",
        time_ms=time_ms,
        client=party,
        query=(Account.namespace, account(party, "cash")),
        title=f"{party} asks for its balance",
        flow=FLOW,
        case=party,
    )


def _transfer(payment: Transfer, index: int, time_ms: int) -> Draft:
    return Draft(
        id=f"transfer-{index + 1}",
        time_ms=time_ms,
        client=payment.payer,
        call="transfers.send",
        arguments=SendArgs(payee=payment.payee, amount_fen=payment.amount_fen),
        title=f"{payment.payer} sends {payment.payee} {payment.amount_fen / 100:,.2f} CNY",
        flow=FLOW,
        case=payment.payer,
    )
