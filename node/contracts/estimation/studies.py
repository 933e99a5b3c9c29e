"""Studies: asked, supplied by every party, and published where no person can be told from what is known already.

A table alone may be harmless and two of them not: of "under 40" and "under 41" the difference is those who are 40. So
a pool keeps every age at which a published band began, with how many people are younger. A further table is published
only if between any two such ages, its own and all earlier ones, there is nobody or a group large enough. Since tables
may be subtracted at those ages and nowhere else, nothing smaller can be worked out of all of them together.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, Plain
from node.contracts.endorsement import role
from node.contracts.estimation.records import (
    AGE_END,
    BANDS_MAX,
    STUDY,
    Edge,
    Model,
    Pool,
    Rate,
    Rates,
    Study,
    StudyShare,
    contract,
)
from node.contracts.fields import MILLION, Arguments, Count, Fen, ObjectId
from node.privacy.envelope import Envelope

Firsts = Annotated[
    tuple[Annotated[int, Meta(ge=0, lt=AGE_END)], ...],
    Meta(min_length=1, max_length=BANDS_MAX),
]


class AskArgs(Arguments, frozen=True):
    """Of which pool, by which model, in bands of age that begin where."""

    pool: ObjectId
    model: ObjectId
    firsts: Firsts


class SupplyArgs(Arguments, frozen=True):
    """A party's masked share, sealed to the platform and the bureau."""

    study: ObjectId
    share: Envelope


class BandSum(Arguments, frozen=True):
    """What all shares come to in one band; the amount with noise."""

    people: Count
    amount_fen: Fen


class PublishArgs(Arguments, frozen=True):
    """The sums of a study, band by band."""

    study: ObjectId
    bands: Annotated[tuple[BandSum, ...], Meta(min_length=1, max_length=BANDS_MAX)]


@contract.action(roles=("insurer", "actuary"))
def ask(ctx: Context, args: AskArgs) -> Plain:
    """Ask by an approved model; bands ascend from birth, so that every person is in one of them."""
    _require_approved(ctx, args.model)
    pool = _open_pool(ctx, args.pool)
    ctx.require(len(pool.joined) == len(pool.parties), "pool_incomplete")
    ascending = args.firsts[0] == 0 and all(one < other for one, other in pairwise(args.firsts))
    ctx.require(ascending, "bands_out_of_order")
    ctx.put(ctx.object_id, Study("ASKED", args.pool, args.model, ctx.client, args.firsts))
    return {"study": ctx.object_id}


@contract.action(roles=("insurer",))
def supply(ctx: Context, args: SupplyArgs) -> Plain:
    """A party's share, once: of two under the same masks the difference would show."""
    study = ctx.find(Study, args.study)
    pool = _open_pool(ctx, study.pool)
    ctx.require(ctx.client in pool.parties, "not_a_party", ctx.client)
    ctx.require(ctx.client not in study.supplied, "supplied_already", ctx.client)
    ctx.carry(args.share, ctx.object_id)
    told = [name for name in args.share.recipients if name != ctx.client]
    right = pool.platform in told and all(ctx.role_of(name) in {"platform", "bureau"} for name in told)
    ctx.require(right, "wrong_recipients")
    state = STUDY.next(study.state, "supply")
    supplied = tuple(sorted((*study.supplied, ctx.client)))
    ctx.put(args.study, replace(study, state=state, supplied=supplied))
    ctx.put(f"{args.study}|{ctx.client}", StudyShare(ctx.object_id))
    return {"missing": len(pool.parties) - len(supplied)}


@contract.action(roles=("platform",), endorse=role("bureau"))
def publish(ctx: Context, args: PublishArgs) -> Plain:
    """Platform and bureau, which both added the shares up, sign; the contract says what may be known, and the rates."""
    study = ctx.find(Study, args.study)
    pool = _open_pool(ctx, study.pool)
    ctx.require(pool.platform == ctx.client, "not_your_pool", ctx.client)
    ctx.require(len(study.supplied) == len(pool.parties), "shares_missing")
    model = _require_approved(ctx, study.model)
    ctx.require(len(args.bands) == len(study.firsts), "other_bands")
    ctx.require(pool.studies < pool.studies_max, "pool_used_up")
    small = [band.people for band in args.bands if 0 < band.people < pool.people_min]
    ctx.require(not small, "cell_too_small", f"a band of fewer than {pool.people_min} people")
    edges = _merged(ctx, pool, _edges(study.firsts, args.bands))
    rates = tuple(
        Rate(first, band.people, band.amount_fen, _rate(band, model))
        for first, band in zip(study.firsts, args.bands, strict=True)
    )
    ctx.put(args.study, replace(study, state=STUDY.next(study.state, "publish")))
    ctx.put(args.study, Rates(study.pool, study.model, rates))
    ctx.put(study.pool, replace(pool, studies=pool.studies + 1, edges=edges))
    ctx.emit("rates_published", study=args.study, model=model.digest)
    return {
        "people": tuple(rate.people for rate in rates),
        "amounts_fen": tuple(rate.amount_fen for rate in rates),
        "rates_fen": tuple(rate.rate_fen for rate in rates),
    }


def _edges(firsts: tuple[int, ...], bands: tuple[BandSum, ...]) -> tuple[Edge, ...]:
    """How many are younger than where each band begins, and in all."""
    younger = accumulate((band.people for band in bands), initial=0)
    return tuple(Edge(age, people) for age, people in zip((*firsts, AGE_END), younger, strict=True))


def _merged(ctx: Context, pool: Pool, new: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """All edges that would then be published, if nobody can be told apart by them."""
    found = {edge.age: edge.people for edge in pool.edges}
    for edge in new:
        ctx.require(found.setdefault(edge.age, edge.people) == edge.people, "does_not_add_up", str(edge.age))
    edges = tuple(Edge(age, found[age]) for age in sorted(found))
    for one, other in pairwise(edges):
        between = other.people - one.people
        ctx.require(between >= 0, "does_not_add_up", str(other.age))
        ctx.require(between == 0 or between >= pool.people_min, "differencing", f"ages {one.age} to {other.age - 1}")
    return edges


def _rate(band: BandSum, model: Model) -> int:
    """What a head costs with the loading, up to the next fen; nothing where there is nobody."""
    if not band.people:
        return 0
    return -(-band.amount_fen * (MILLION + model.loading_ppm) // (band.people * MILLION))


def _open_pool(ctx: Context, key: str) -> Pool:
    pool = ctx.find(Pool, key)
    ctx.require(ctx.time_ms < pool.ends_ms, "pool_ended")
    return pool


def _require_approved(ctx: Context, key: str) -> Model:
    model = ctx.find(Model, key)
    ctx.require(model.state == "APPROVED", "model_not_approved", model.state)
    return model
