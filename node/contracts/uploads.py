"""Uploaded files 上传文件 and what may be in them: rules of content, kept by the network itself (row 37).

Who uploads a file puts its SHA-256, its type and its size on the chain; the file itself stays off it. Types and sizes
are agreed on; contents that authorities have listed, by their hashes, are refused. What was uploaded before is then
withdrawn. That a file was refused stays on the ledger, with who tried.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Count, Digest, Label, Labels, ObjectId, Record, Text
from node.contracts.lifecycle import Lifecycle

UPLOAD = Lifecycle("upload", {"PUBLISHED": {"withdraw": "WITHDRAWN"}, "WITHDRAWN": {}})

LISTED_MAX = 256
"""Contents that are listed at once."""

AUTHORITIES = ("bureau", "court")
"""Who lists contents. The regulator watches, and writes nothing."""


class ContentRules(Record, frozen=True):
    """Which types may be uploaded, and how large a file may be; the key is "rules"."""

    namespace: ClassVar[str] = "content_rules"

    types: tuple[str, ...]
    bytes_max: int


class Blocked(Record, frozen=True):
    """A content that nobody may upload; the key is its SHA-256."""

    namespace: ClassVar[str] = "blocked_contents"

    by: str
    reason: str
    listed_ms: int


class Upload(Record, frozen=True):
    """A file that was uploaded."""

    namespace: ClassVar[str] = "uploads"

    state: str
    by: str
    digest: str
    type: str
    size: int
    time_ms: int


WITHDRAWN = EventKind("upload_withdrawn", parties=("uploader",), roles=("regulator",))

contract = Contract("uploads", records=(ContentRules, Blocked, Upload), events=(WITHDRAWN,))


class Settings(Arguments, frozen=True):
    """See :class:`ContentRules`."""

    types: Labels
    bytes_max: Count


class ListArgs(Arguments, frozen=True):
    """Contents by their SHA-256, and why."""

    digests: Annotated[tuple[Digest, ...], Meta(min_length=1, max_length=LISTED_MAX)]
    reason: Text


class UploadArgs(Arguments, frozen=True):
    """The file's SHA-256, its type, and its size in bytes."""

    digest: Digest
    type: Label
    size: Count


class WithdrawArgs(Arguments, frozen=True):
    """Which upload."""

    upload: ObjectId


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Set the rules of content."""
    ctx.put("rules", ContentRules(settings.types, settings.bytes_max))


@contract.action("list", roles=AUTHORITIES)
def list_contents(ctx: Context, args: ListArgs) -> Plain:
    """An authority lists contents; listing one again changes nothing."""
    fresh = [digest for digest in dict.fromkeys(args.digests) if ctx.get(Blocked, digest) is None]
    for digest in fresh:
        ctx.put(digest, Blocked(ctx.client, args.reason, ctx.time_ms))
    return {"listed": len(fresh)}


@contract.action()
def upload(ctx: Context, args: UploadArgs) -> Plain:
    """Put a file on record, if its type, size and content may be."""
    rules = ctx.get(ContentRules, "rules")
    ctx.require(rules is None or args.type in rules.types, "type_not_allowed", args.type)
    ctx.require(rules is None or args.size <= rules.bytes_max, "file_too_large", str(args.size))
    ctx.require(ctx.get(Blocked, args.digest) is None, "content_blocked", args.digest)
    ctx.put(ctx.object_id, Upload("PUBLISHED", ctx.client, args.digest, args.type, args.size, ctx.time_ms))
    return {"upload": ctx.object_id}


@contract.action(roles=AUTHORITIES)
def withdraw(ctx: Context, args: WithdrawArgs) -> Plain:
    """Take back what was uploaded before its content was listed; refused with "not_listed" for anything else."""
    found = ctx.find(Upload, args.upload)
    ctx.require(ctx.get(Blocked, found.digest) is not None, "not_listed", found.digest)
    ctx.put(args.upload, replace(found, state=UPLOAD.next(found.state, "withdraw")))
    ctx.emit("upload_withdrawn", upload=args.upload, uploader=found.by)
    return {"upload": args.upload}
