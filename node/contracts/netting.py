"""Multilateral netting 多边轧差 among members: many balances owed, one amount a company (rows 13, 14).

A debtor admits a balance. Somebody proposes a round over admitted balances; each of its parties signs the position that
it worked out for itself, or objects, which frees every balance. The last signature settles all at once: receivables and
payables are gone, and cash moves by position alone. A balance is in at most one open round.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Label, Millis, Name, ObjectId, PositiveFen, Record, SignedFen
from node.contracts.lifecycle import Lifecycle
from node.contracts.reinsurance.netting import Debt, net_out

BALANCES_MAX = 256
PARTIES_MAX = 20
"""Each brings three lines to the posting."""

BALANCE = Lifecycle(
    "balance",
    {
        "ADMITTED": {"propose": "PROPOSED"},
        "PROPOSED": {"free": "ADMITTED", "settle": "SETTLED"},
        "SETTLED": {},
    },
)
ROUND = Lifecycle(
    "round",
    {
        "PROPOSED": {"sign": "PROPOSED", "complete": "SETTLED", "object": "OBJECTED"},
        "SETTLED": {},
        "OBJECTED": {},
    },
)


class Balance(Record, frozen=True):
    """What ``debtor`` admits to owe ``creditor``, in fen, about ``about``."""

    namespace: ClassVar[str] = "netting_balances"

    state: str
    debtor: str
    creditor: str
    amount_fen: int
    about: str


class Round(Record, frozen=True):
    """A round of netting: (party, position in fen, positive where it is paid); the positions add up to nothing."""

    namespace: ClassVar[str] = "netting_rounds"

    state: str
    proposer: str
    balances: tuple[str, ...]
    positions: tuple[tuple[str, int], ...]
    gross_fen: int
    net_fen: int
    signed: tuple[str, ...]
    closes_ms: int


PARTIES = ("parties",)
contract = Contract(
    "netting",
    records=(Balance, Round),
    events=(EventKind("round_proposed", parties=PARTIES), EventKind("round_settled", parties=PARTIES)),
)


class AdmitArgs(Arguments, frozen=True):
    """What the client owes to whom, and about what."""

    creditor: Name
    amount_fen: PositiveFen
    about: Label


class ProposeArgs(Arguments, frozen=True):
    """Which balances to net, and until when the parties may sign."""

    balances: Annotated[tuple[ObjectId, ...], Meta(min_length=1, max_length=BALANCES_MAX)]
    closes_ms: Millis


class RoundArgs(Arguments, frozen=True):
    """Which round."""

    round: ObjectId


class SignArgs(Arguments, frozen=True):
    """Which round, and the client's position as it worked it out: what it gets, negative what it pays, in fen."""

    round: ObjectId
    position_fen: SignedFen


@contract.action()
def admit(ctx: Context, args: AdmitArgs) -> Plain:
    """确认欠款. Owe a balance: a payable here, a receivable there."""
    ctx.require(args.creditor != ctx.client, "owed_to_oneself", ctx.client)
    ctx.require(ctx.role_of(args.creditor) is not None, "unknown_party", args.creditor)
    ctx.put(ctx.object_id, Balance("ADMITTED", ctx.client, args.creditor, args.amount_fen, args.about))
    lines = (
        (account(ctx.client, "treaty-settled"), args.amount_fen),
        (account(ctx.client, "payable"), -args.amount_fen),
        (account(args.creditor, "receivable"), args.amount_fen),
        (account(args.creditor, "treaty-settled"), -args.amount_fen),
    )
    post(ctx, f"netting/{ctx.object_id}", "balance admitted", lines)
    return {"balance": ctx.object_id}


@contract.action()
def propose(ctx: Context, args: ProposeArgs) -> Plain:
    """提议轧差. Propose a round over balances that are in no other; its proposer must be a party."""
    ctx.require(args.closes_ms > ctx.time_ms, "round_over")
    ctx.require(len(set(args.balances)) == len(args.balances), "balance_twice")
    debts = []
    for key in args.balances:
        found = ctx.find(Balance, key)
        ctx.put(key, replace(found, state=BALANCE.next(found.state, "propose")))
        debts.append(Debt(found.debtor, found.creditor, found.amount_fen))
    netting = net_out(debts)
    ctx.require(ctx.client in netting.positions, "not_a_party", ctx.client)
    ctx.require(len(netting.positions) <= PARTIES_MAX, "too_many_parties", str(len(netting.positions)))
    positions = tuple(netting.positions.items())
    proposed = Round(
        state="PROPOSED",
        proposer=ctx.client,
        balances=args.balances,
        positions=positions,
        gross_fen=netting.gross,
        net_fen=netting.net,
        signed=(),
        closes_ms=args.closes_ms,
    )
    ctx.put(ctx.object_id, proposed)
    ctx.emit("round_proposed", round=ctx.object_id, parties=tuple(netting.positions))
    return {
        "round": ctx.object_id,
        "positions": dict(positions),
        "gross_fen": netting.gross,
        "net_fen": netting.net,
        "sum_fen": sum(netting.positions.values()),
    }


@contract.action()
def sign(ctx: Context, args: SignArgs) -> Plain:
    """签署. Agree to one's position, worked out for oneself; the last one settles the round."""
    found = _answerable(ctx, args.round)
    ctx.require(ctx.time_ms < found.closes_ms, "round_over", args.round)
    ctx.require(ctx.client not in found.signed, "signed_already", ctx.client)
    ctx.require(dict(found.positions)[ctx.client] == args.position_fen, "position_differs", ctx.client)
    signed = tuple(sorted((*found.signed, ctx.client)))
    complete = len(signed) == len(found.positions)
    state = ROUND.next(found.state, "complete" if complete else "sign")
    ctx.put(args.round, replace(found, state=state, signed=signed))
    if complete:
        _settle(ctx, args.round, found)
    return {"signed": len(signed), "state": state}


@contract.action(name="object")
def object_to(ctx: Context, args: RoundArgs) -> Plain:
    """异议. One party's objection ends the round, as does its time; every balance is free again and stays owed."""
    found = _answerable(ctx, args.round)
    ctx.put(args.round, replace(found, state=ROUND.next(found.state, "object")))
    _mark(ctx, found, "free")
    return {"freed": len(found.balances)}


def _answerable(ctx: Context, key: str) -> Round:
    found = ctx.find(Round, key)
    ctx.require(ctx.client in dict(found.positions), "not_a_party", ctx.client)
    return found


def _mark(ctx: Context, found: Round, event: str) -> list[Balance]:
    marked = []
    for key in found.balances:
        balance = ctx.find(Balance, key)
        marked.append(replace(balance, state=BALANCE.next(balance.state, event)))
        ctx.put(key, marked[-1])
    return marked


def _settle(ctx: Context, key: str, found: Round) -> None:
    positions = dict(found.positions)
    owed, owing = dict.fromkeys(positions, 0), dict.fromkeys(positions, 0)
    for balance in _mark(ctx, found, "settle"):
        owing[balance.debtor] += balance.amount_fen
        owed[balance.creditor] += balance.amount_fen
    lines = []
    for name, position in positions.items():
        lines += [
            (account(name, "payable"), owing[name]),
            (account(name, "receivable"), -owed[name]),
            (account(name, "cash"), position),
        ]
    post(ctx, f"netting/{key}", "netting", lines)
    ctx.emit("round_settled", round=key, parties=tuple(positions))
