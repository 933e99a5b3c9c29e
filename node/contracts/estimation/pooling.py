"""Before anything is estimated: the bureau approves the model, and insurers pool what they have."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, Plain
from node.contracts.endorsement import all_of, argument, role, signed
from node.contracts.estimation.records import (
    MODEL,
    PARTIES_MAX,
    PARTIES_MIN,
    Model,
    Pool,
    Pooling,
    PoolKey,
    contract,
)
from node.contracts.fields import Arguments, Digest, Fen, Millis, Name, ObjectId, Ppm

PEOPLE_MIN_LEAST = 3
"""Fewer than that would be no anonymity at all."""


class ProposeArgs(Arguments, frozen=True):
    """See :class:`~node.contracts.estimation.records.Model`."""

    digest: Digest
    loading_ppm: Ppm


class ModelArgs(Arguments, frozen=True):
    """Which model."""

    model: ObjectId


class OpenArgs(Arguments, frozen=True):
    """See :class:`~node.contracts.estimation.records.Pool`."""

    parties: Annotated[tuple[Name, ...], Meta(min_length=PARTIES_MIN, max_length=PARTIES_MAX)]
    people_min: Annotated[int, Meta(ge=PEOPLE_MIN_LEAST, le=1_000_000)]
    noise_fen: Fen
    studies_max: Annotated[int, Meta(ge=1, le=1_000)]
    ends_ms: Millis


class JoinArgs(Arguments, frozen=True):
    """Which pool, and the party's X25519 key for its masks."""

    pool: ObjectId
    key: Digest


@contract.action("propose-model", roles=("insurer", "actuary", "platform"))
def propose_model(ctx: Context, args: ProposeArgs) -> Plain:
    """A model is proposed; nothing is estimated by it yet."""
    ctx.put(ctx.object_id, Model("PROPOSED", ctx.client, args.digest, args.loading_ppm))
    return {"model": ctx.object_id}


@contract.action("approve-model", roles=("bureau",))
def approve_model(ctx: Context, args: ModelArgs) -> Plain:
    """The bureau 医保局 lets a model be used."""
    return _judge(ctx, args.model, "approve")


@contract.action("refuse-model", roles=("bureau",))
def refuse_model(ctx: Context, args: ModelArgs) -> Plain:
    """The bureau does not, for good."""
    return _judge(ctx, args.model, "refuse")


@contract.action("withdraw-model", roles=("bureau",))
def withdraw_model(ctx: Context, args: ModelArgs) -> Plain:
    """The bureau takes its approval back: no study is asked or published by it any more."""
    return _judge(ctx, args.model, "withdraw")


@contract.action("open-pool", roles=("platform",), endorse=all_of(role("bureau"), signed(argument("parties"))))
def open_pool(ctx: Context, args: OpenArgs) -> Plain:
    """The platform 隐私计算中台, the bureau and every party sign the pool's terms."""
    ctx.require(len(set(args.parties)) == len(args.parties), "party_twice")
    ctx.require(args.ends_ms > ctx.time_ms, "ends_in_the_past")
    for party in args.parties:
        ctx.require_role(party, "insurer")
        pooling = ctx.get(Pooling, party)
        ctx.require(pooling is None or pooling.ends_ms <= ctx.time_ms, "in_another_pool", party)
        ctx.put(party, Pooling(ctx.object_id, args.ends_ms))
    pool = Pool(ctx.client, args.parties, args.people_min, args.noise_fen, args.studies_max, args.ends_ms)
    ctx.put(ctx.object_id, pool)
    return {"pool": ctx.object_id}


@contract.action(roles=("insurer",))
def join(ctx: Context, args: JoinArgs) -> Plain:
    """A party gives the key by which the others mask their shares; once, or sums would no longer cancel."""
    pool = ctx.find(Pool, args.pool)
    ctx.require(ctx.client in pool.parties, "not_a_party", ctx.client)
    ctx.require(ctx.client not in pool.joined, "joined_already", ctx.client)
    ctx.put(f"{args.pool}|{ctx.client}", PoolKey(args.key))
    joined = tuple(sorted((*pool.joined, ctx.client)))
    ctx.put(args.pool, replace(pool, joined=joined))
    return {"missing": len(pool.parties) - len(joined)}


def _judge(ctx: Context, key: str, event: str) -> Plain:
    model = ctx.find(Model, key)
    state = MODEL.next(model.state, event)
    ctx.put(key, replace(model, state=state))
    return {"state": state}
