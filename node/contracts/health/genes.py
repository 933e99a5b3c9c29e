"""Gene wallet 基因钱包: genes stay under their owner's key, and researchers learn counts of them, none too small.

A genotype is a record of the owner's own (:mod:`node.contracts.health.records`), sealed to them alone. For a study the
owner shows the markers that it is about to a gene bank, a custodian, which counts; the researcher is handed the counts
and never a genotype. A count of fewer people than the study's least cell is refused, and so is a table that does not
count exactly those who take part and whose vouchers stand; and there is one table, so none to take it from.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Count, Label, Labels, Name, ObjectId, Record
from node.contracts.health.records import Share, live_share
from node.contracts.lifecycle import Lifecycle
from node.contracts.vouchers import Voucher, is_live, require_acts_for

PEOPLE_MAX = 1_000
"""Who may take part in one study."""

CELL_MIN = 3
"""No study may ask for counts of fewer people than this, whatever it says."""

STUDY = Lifecycle("study", {"OPEN": {"join": "OPEN", "publish": "PUBLISHED"}, "PUBLISHED": {}})


class Study(Record, frozen=True):
    """Who asks what of whom, and the answer.

    ``people`` are the shares that take part, in the order they came; once published, those that were counted.
    """

    namespace: ClassVar[str] = "gene_studies"

    state: str
    researcher: str
    bank: str
    markers: tuple[str, ...]
    cell_min: int
    people: tuple[str, ...]
    counts: tuple[tuple[str, str, int], ...]


PUBLISHED = EventKind("gene_counts_published", parties=("researcher", "bank"))

contract = Contract("genes", records=(Study,), events=(PUBLISHED,))

Counts = Annotated[tuple[tuple[Label, Label, Count], ...], Meta(min_length=1, max_length=256)]
"""(marker, genotype, people), in ascending order."""


class StudyArgs(Arguments, frozen=True):
    """What is asked: which markers, counted by which bank, in cells of how many people at least."""

    bank: Name
    markers: Labels
    cell_min: Annotated[int, Meta(ge=CELL_MIN, le=PEOPLE_MAX)]


class JoinArgs(Arguments, frozen=True):
    """Which study, and what the gene bank was shown for it."""

    study: ObjectId
    share: ObjectId


class PublishArgs(Arguments, frozen=True):
    """The counts."""

    study: ObjectId
    counts: Counts


@contract.action(roles=("researcher",))
def study(ctx: Context, args: StudyArgs) -> Plain:
    """A researcher opens a study."""
    ctx.require_role(args.bank, "custodian")
    ctx.require(bool(args.markers), "nothing_asked")
    ctx.put(ctx.object_id, Study("OPEN", ctx.client, args.bank, args.markers, args.cell_min, (), ()))
    return {"study": ctx.object_id}


@contract.action(roles=("patient",))
def join(ctx: Context, args: JoinArgs) -> Plain:
    """An owner takes part: the bank was shown the markers of this study, and no other gene."""
    asked = ctx.find(Study, args.study)
    state = STUDY.next(asked.state, "join")
    shared = live_share(ctx, args.share, asked.bank)
    require_acts_for(ctx, shared.subject)
    ctx.require(set(shared.fields) == set(asked.markers), "other_markers", args.share)
    ctx.require(len(asked.people) < PEOPLE_MAX, "study_full", args.study)
    subjects = [ctx.find(Share, one).subject for one in asked.people]
    ctx.require(shared.subject not in subjects, "joined_already", args.study)
    ctx.put(args.study, replace(asked, state=state, people=(*asked.people, args.share)))
    return {"people": len(asked.people) + 1}


@contract.action(roles=("custodian",))
def publish(ctx: Context, args: PublishArgs) -> Plain:
    """The bank publishes the counts, once: of everybody who takes part and still agrees, in no cell too small."""
    asked = ctx.find(Study, args.study)
    state = STUDY.next(asked.state, "publish")
    ctx.require(asked.bank == ctx.client, "not_your_study", asked.bank)
    people = tuple(share for share in asked.people if _still_agrees(ctx, share))
    cells = [(marker, genotype) for marker, genotype, _ in args.counts]
    ctx.require(cells == sorted(set(cells)), "cells_out_of_order")
    ctx.require({marker for marker, _ in cells} == set(asked.markers), "markers_not_counted", args.study)
    for marker in asked.markers:
        counted = sum(people for of, _, people in args.counts if of == marker)
        ctx.require(counted == len(people), "does_not_add_up", f"{marker}: {counted} of {len(people)}")
    small = [f"{marker}/{genotype}" for marker, genotype, people in args.counts if people < asked.cell_min]
    ctx.require(not small, "cell_too_small", ", ".join(small[:4]))
    ctx.put(args.study, replace(asked, state=state, people=people, counts=args.counts))
    ctx.emit("gene_counts_published", study=args.study, researcher=asked.researcher, bank=ctx.client)
    return {"people": len(people), "cells": len(cells)}


def _still_agrees(ctx: Context, share: str) -> bool:
    """Does the voucher under which the bank was shown these genes still stand?"""
    return is_live(ctx.find(Voucher, ctx.find(Share, share).voucher), ctx.time_ms)
