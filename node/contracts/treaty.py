"""Sealed treaties 再保险合约: signed by both, terms and amounts readable by the two alone (rows 13, 15).

The chain holds that there is a treaty, which policy was ceded to it and which claim was noticed, reserved and
recovered; shares and amounts lie there as commitments and ciphertext. No replica can compute what it cannot read, so
each such line is endorsed by cedent and reinsurer, who can, and who hold the openings should they ever disagree.
Policy by policy, the reinsurer sees the originals of what it takes on (逐单原始信息) and nobody else's.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.claims import Claim
from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import Endorsement, RecordPath, all_of, record, signed
from node.contracts.fields import Arguments, Fen, Millis, ObjectId, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.policy import Policy, in_force
from node.contracts.registers import require_registered, require_reinsurer
from node.ledger.transaction import Name
from node.privacy.commitments import Commitments
from node.privacy.envelope import Envelope

TREATY = Lifecycle("treaty", {"PROPOSED": {"sign": "SIGNED"}, "SIGNED": {"commute": "COMMUTED"}, "COMMUTED": {}})

LOSS = Lifecycle(
    "loss",
    {
        "NONE": {"notice": "NOTICED"},
        "NOTICED": {"reserve": "RESERVED"},
        "RESERVED": {"recover": "RECOVERED"},
        "RECOVERED": {},
    },
)


class Treaty(Record, frozen=True):
    """A treaty between two; ``terms`` are commitments to what both signed."""

    namespace: ClassVar[str] = "treaties"

    state: str
    cedent: str
    reinsurer: str
    starts_ms: int
    ends_ms: int
    notice_within_ms: int
    terms: Commitments


class Line(Record, frozen=True):
    """A sealed line of the treaty's account; the key is ``treaty|kind|about``, so nothing is booked twice.

    ``about`` is the policy (kind "cession") or the claim ("reserve", "recovery"). ``statement`` is "" until one
    takes the line up.
    """

    namespace: ClassVar[str] = "treaty_lines"

    treaty: str
    kind: str
    about: str
    amounts: Commitments
    time_ms: int
    statement: str


class Loss(Record, frozen=True):
    """A claim under a treaty; the key is ``treaty|claim``. ``late`` if the notice came after its time."""

    namespace: ClassVar[str] = "treaty_losses"

    state: str
    noticed_ms: int
    delay_ms: int
    late: bool


contract = Contract("treaty", records=(Treaty, Line, Loss))


def both_sides(treaty: RecordPath) -> Endorsement:
    """The signatures of cedent and reinsurer."""
    return all_of(signed(treaty.field("cedent")), signed(treaty.field("reinsurer")))


BOTH_SIDES = both_sides(record(Treaty, "treaty"))


class ProposeArgs(Arguments, frozen=True):
    """What is public of a treaty, and its terms sealed to both sides."""

    reinsurer: Name
    starts_ms: Millis
    ends_ms: Millis
    notice_within_ms: Millis
    terms: Envelope


class TreatyArgs(Arguments, frozen=True):
    """Which treaty."""

    treaty: ObjectId


class LineArgs(Arguments, frozen=True):
    """A policy or claim under a treaty, and the amounts sealed to both sides."""

    treaty: ObjectId
    about: ObjectId
    amounts: Envelope


class CommuteArgs(Arguments, frozen=True):
    """Which treaty ends, and at what price, in fen."""

    treaty: ObjectId
    price_fen: Fen


class CorrectArgs(LineArgs, frozen=True):
    """Of which kind the line about it is, and what its amounts should have been."""

    kind: Literal["cession", "reserve", "recovery"]


class NoticeArgs(Arguments, frozen=True):
    """A claim under a treaty."""

    treaty: ObjectId
    claim: ObjectId


@contract.action(roles=("insurer", "reinsurer"))
def propose(ctx: Context, args: ProposeArgs) -> Plain:
    """The cedent 分出方 signs first: an insurer, or a reinsurer that cedes on 转分保."""
    require_reinsurer(ctx, args.reinsurer)
    ctx.require(args.reinsurer != ctx.client, "treaty_with_oneself")
    ctx.require(args.starts_ms < args.ends_ms, "period_empty")
    _carry_between(ctx, args.terms, ctx.client, args.reinsurer)
    treaty = Treaty(
        state="PROPOSED",
        cedent=ctx.client,
        reinsurer=args.reinsurer,
        starts_ms=args.starts_ms,
        ends_ms=args.ends_ms,
        notice_within_ms=args.notice_within_ms,
        terms=args.terms.commitments,
    )
    ctx.put(ctx.object_id, treaty)
    return {"treaty": ctx.object_id}


@contract.action(roles=("reinsurer",))
def sign(ctx: Context, args: TreatyArgs) -> Plain:
    """The reinsurer 分入方 signs the terms committed to."""
    treaty = ctx.find(Treaty, args.treaty)
    ctx.require(treaty.reinsurer == ctx.client, "not_a_party", ctx.client)
    require_registered(ctx, ctx.client)
    ctx.put(args.treaty, replace(treaty, state=TREATY.next(treaty.state, "sign")))
    return {"treaty": args.treaty}


@contract.action(roles=("insurer",), endorse=BOTH_SIDES)
def cede(ctx: Context, args: LineArgs) -> Plain:
    """Cede a policy and its share of premium and commission at binding 分出."""
    treaty = signed_treaty(ctx, args.treaty)
    require_registered(ctx, treaty.reinsurer)
    policy = ctx.find(Policy, args.about)
    ctx.require(policy.insurer == treaty.cedent, "wrong_insurer", policy.insurer)
    ctx.require(in_force(policy, ctx.time_ms), "policy_not_in_force", args.about)
    ctx.require(treaty.starts_ms <= policy.starts_ms < treaty.ends_ms, "outside_the_period", args.about)
    _book(ctx, treaty, "cession", args)
    return {"line": line_key(args.treaty, "cession", args.about)}


@contract.action(roles=("insurer",))
def notice(ctx: Context, args: NoticeArgs) -> Plain:
    """Tell the reinsurer of a loss 出险通知; the delay since the decision on the claim is measured."""
    treaty = signed_treaty(ctx, args.treaty)
    ctx.require(treaty.cedent == ctx.client, "not_a_party", ctx.client)
    claim = ctx.find(Claim, args.claim)
    ctx.require(claim.approved, "claim_not_approved", args.claim)
    ceded = ctx.get(Line, line_key(args.treaty, "cession", claim.policy))
    ctx.require(ceded is not None, "policy_not_ceded", claim.policy)
    ctx.require(ctx.get(Loss, loss_key(args.treaty, args.claim)) is None, "noticed_already", args.claim)
    delay_ms = ctx.time_ms - claim.decided_ms
    late = delay_ms > treaty.notice_within_ms
    loss = Loss(state=LOSS.next("NONE", "notice"), noticed_ms=ctx.time_ms, delay_ms=delay_ms, late=late)
    ctx.put(loss_key(args.treaty, args.claim), loss)
    return {"delay_ms": delay_ms, "late": late}


@contract.action(roles=("reinsurer",), endorse=BOTH_SIDES)
def reserve(ctx: Context, args: LineArgs) -> Plain:
    """The reinsurer books its reserve 准备金 for a noticed loss."""
    treaty = signed_treaty(ctx, args.treaty)
    _advance(ctx, args, "reserve")
    _book(ctx, treaty, "reserve", args)
    return {"line": line_key(args.treaty, "reserve", args.about)}


@contract.action(roles=("insurer",), endorse=BOTH_SIDES)
def recover(ctx: Context, args: LineArgs) -> Plain:
    """The cedent recovers the reinsurer's share of a claim that was paid 摊回赔款."""
    treaty = signed_treaty(ctx, args.treaty)
    ctx.require(ctx.find(Claim, args.about).settled, "claim_not_paid", args.about)
    _advance(ctx, args, "recover")
    _book(ctx, treaty, "recovery", args)
    return {"line": line_key(args.treaty, "recovery", args.about)}


@contract.action(roles=("insurer", "reinsurer"), endorse=BOTH_SIDES)
def commute(ctx: Context, args: CommuteArgs) -> Plain:
    """提前了结. End a treaty at a price that the reinsurer pays, on both signatures: no claim recovers afterwards.

    Reserves under seal may still be moved, down to nothing; statements that were confirmed are still settled.
    """
    treaty = ctx.find(Treaty, args.treaty)
    ctx.put(args.treaty, replace(treaty, state=TREATY.next(treaty.state, "commute")))
    pay(
        ctx,
        f"commutation/{args.treaty}",
        args.price_fen,
        debit=(treaty.reinsurer, "treaty-settled"),
        credit=(treaty.cedent, "treaty-settled"),
        memo="commutation",
    )
    return {"price_fen": args.price_fen}


@contract.action(roles=("insurer", "reinsurer"), endorse=BOTH_SIDES)
def correct(ctx: Context, args: CorrectArgs) -> Plain:
    """Put a line's amounts right 更正, as both sides sign: one that no statement has, or that a dispute gave back."""
    treaty = signed_treaty(ctx, args.treaty)
    key = line_key(args.treaty, args.kind, args.about)
    line = ctx.find(Line, key)
    ctx.require(not line.statement, "line_stated", key)
    _carry_between(ctx, args.amounts, treaty.cedent, treaty.reinsurer)
    ctx.put(key, replace(line, amounts=args.amounts.commitments, time_ms=ctx.time_ms))
    return {"line": key}


def line_key(treaty: str, kind: str, about: str) -> str:
    """Where a line is kept."""
    return f"{treaty}|{kind}|{about}"


def loss_key(treaty: str, claim: str) -> str:
    """Where a loss is kept."""
    return f"{treaty}|{claim}"


def signed_treaty(ctx: Context, treaty_id: str) -> Treaty:
    """The treaty, in force; refused with "treaty_not_signed"."""
    treaty = ctx.find(Treaty, treaty_id)
    ctx.require(treaty.state == "SIGNED", "treaty_not_signed", treaty_id)
    return treaty


def _advance(ctx: Context, args: LineArgs, event: str) -> None:
    loss = ctx.find(Loss, loss_key(args.treaty, args.about))
    ctx.put(loss_key(args.treaty, args.about), replace(loss, state=LOSS.next(loss.state, event)))


def _book(ctx: Context, treaty: Treaty, kind: str, args: LineArgs) -> None:
    key = line_key(args.treaty, kind, args.about)
    ctx.require(ctx.get(Line, key) is None, "booked_already", key)
    _carry_between(ctx, args.amounts, treaty.cedent, treaty.reinsurer)
    line = Line(
        treaty=args.treaty,
        kind=kind,
        about=args.about,
        amounts=args.amounts.commitments,
        time_ms=ctx.time_ms,
        statement="",
    )
    ctx.put(key, line)


def _carry_between(ctx: Context, envelope: Envelope, cedent: str, reinsurer: str) -> None:
    ctx.require(envelope.recipients == tuple(sorted((cedent, reinsurer))), "wrong_recipients")
    ctx.carry(envelope, ctx.object_id)
