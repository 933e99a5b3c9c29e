"""Labels against counterfeit drugs 药品防伪: a code under a scratch surface, committed to when the package is made.

The maker puts the SHA-256 of ``serial/code`` of each package on the chain; the code itself lies under the surface
and nowhere else. Whoever buys the package scratches it and has it checked. The first check says genuine; each later
one says when the first was, as a code read before may have been copied. One that nobody committed to is refused.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Digest, Label, Millis, ObjectId, Record
from node.contracts.lifecycle import Lifecycle

LABELS_MAX = 1_000
"""Packages of one batch."""

CODE_CHARACTERS_MIN = 16
"""Of a scratch code: what is on the chain can be tried out by everybody, so it must not be guessable."""

BATCH = Lifecycle("batch", {"MADE": {"recall": "RECALLED"}, "RECALLED": {}})


class Batch(Record, frozen=True):
    """Packages made together 批次."""

    namespace: ClassVar[str] = "drug_batches"

    state: str
    maker: str
    drug: str
    expires_ms: int
    packages: int


class PackageLabel(Record, frozen=True):
    """One package; the key is the digest of its serial and code. ``first_*`` are empty until it is checked."""

    namespace: ClassVar[str] = "drug_labels"

    batch: str
    first_ms: int
    first_by: str
    checks: int


COPIED = EventKind("label_checked_again", parties=("maker", "first_by"), roles=("regulator",))

contract = Contract("labels", records=(Batch, PackageLabel), events=(COPIED,))


class MakeArgs(Arguments, frozen=True):
    """A batch, and the commitment of each package."""

    drug: Label
    expires_ms: Millis
    labels: Annotated[tuple[Digest, ...], Meta(min_length=1, max_length=LABELS_MAX)]


class CheckArgs(Arguments, frozen=True):
    """What stands on the package, and under its surface."""

    serial: Label
    code: Annotated[str, Meta(min_length=CODE_CHARACTERS_MIN, max_length=64)]


class BatchArgs(Arguments, frozen=True):
    """Which batch."""

    batch: ObjectId


@contract.action(roles=("maker",))
def make(ctx: Context, args: MakeArgs) -> Plain:
    """The maker commits to what it put under the surfaces of a batch."""
    ctx.require(args.expires_ms > ctx.time_ms, "expired_when_made")
    for digest in args.labels:
        ctx.require(ctx.get(PackageLabel, digest) is None, "label_exists", digest)
        ctx.put(digest, PackageLabel(batch=ctx.object_id, first_ms=0, first_by="", checks=0))
    ctx.put(ctx.object_id, Batch("MADE", ctx.client, args.drug, args.expires_ms, len(args.labels)))
    return {"batch": ctx.object_id, "packages": len(args.labels)}


@contract.action(roles=("hospital", "patient", "pharmacy"))
def check(ctx: Context, args: CheckArgs) -> Plain:
    """Is this package genuine, and is it the first time that somebody asks? Refused as counterfeit where unknown."""
    digest = commitment(args.serial, args.code)
    label = ctx.get(PackageLabel, digest)
    ctx.require(label is not None, "counterfeit", args.serial)
    if label is None:
        return {"warning": "counterfeit"}
    batch = ctx.find(Batch, label.batch)
    again = label.checks > 0
    first_ms, first_by = (label.first_ms, label.first_by) if again else (ctx.time_ms, ctx.client)
    ctx.put(digest, replace(label, first_ms=first_ms, first_by=first_by, checks=label.checks + 1))
    if again:
        ctx.emit(
            "label_checked_again", batch=label.batch, maker=batch.maker, first_by=first_by, checks=label.checks + 1
        )
    return {
        "drug": batch.drug,
        "warning": _warning(again, batch, ctx.time_ms),
        "first_ms": first_ms,
        "checks": label.checks + 1,
    }


@contract.action(roles=("maker", "bureau"))
def recall(ctx: Context, args: BatchArgs) -> Plain:
    """The maker, or the bureau, calls a batch back 召回: whoever checks a package of it from now on is told."""
    batch = ctx.find(Batch, args.batch)
    ctx.require(ctx.role == "bureau" or batch.maker == ctx.client, "not_your_batch", batch.maker)
    ctx.put(args.batch, replace(batch, state=BATCH.next(batch.state, "recall")))
    return {"packages": batch.packages}


def commitment(serial: str, code: str) -> str:
    """SHA-256 of ``serial/code``, in hex: what the maker puts on the chain."""
    return sha256(f"{serial}/{code}".encode()).hexdigest()


def _warning(again: bool, batch: Batch, time_ms: int) -> str:
    """What is wrong with the package, the worst first; "" where nothing is."""
    if batch.state == "RECALLED":
        return "recalled"
    if again:
        return "checked-before"
    return "expired" if time_ms >= batch.expires_ms else ""
