"""Code maps 编码映射: which version of the ICD map hospitals transcode by, from when on, and what it lacks (row 40).

The bureau publishes a version with a digest of its content and the moment from which it is in force; nothing is
back-dated. A hospital's report names the version that it used, which must be the one in force then; the claim keeps it,
whatever comes after. How many codes came through the map, through the network's own table, or not at all is counted by
version and hospital: the unmapped rate 未映射率 is on the chain. Where no version was published, hospitals name their
own.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Digest, Label, Millis, Readers, Record, Text
from node.contracts.versions import in_force

MapVersion = Annotated[str, Meta(min_length=1, max_length=128)]
"""Names a version: the label it was published under, or a hospital's own words."""

Coding = Literal["map", "local", "none"]
"""How a diagnosis got its code: by the map, by the network's own table, not at all."""

UNMAPPED = "none"
TIMELINE = "timeline"


class CodeMap(Record, frozen=True):
    """A published version; the key is its label. ``digest`` fixes its content: base map and the network's own table."""

    namespace: ClassVar[str] = "code_maps"
    readers: ClassVar[Readers] = Readers.EVERYONE

    publisher: str
    base: str
    digest: str
    live_ms: int


class MapTimeline(Record, frozen=True):
    """(From which moment, version), ascending; the key is "timeline"."""

    namespace: ClassVar[str] = "code_map_timeline"
    readers: ClassVar[Readers] = Readers.EVERYONE

    switches: tuple[tuple[int, str], ...]


class Transcodings(Record, frozen=True):
    """How the codes of one hospital fared under one version; the key is "version/hospital"."""

    namespace: ClassVar[str] = "transcodings"
    readers: ClassVar[Readers] = Readers.EVERYONE

    mapped: int = 0
    local: int = 0
    unmapped: int = 0
    unmapped_ppm: int = 0


EVENTS = (EventKind("map_published"),)

contract = Contract("code-maps", records=(CodeMap, MapTimeline, Transcodings), events=EVENTS)


class PublishArgs(Arguments, frozen=True):
    """A version of the map, what it is made of, and from when on it is in force."""

    version: Label
    base: Text
    digest: Digest
    live_ms: Millis


@contract.action(roles=("bureau",))
def publish(ctx: Context, args: PublishArgs) -> Plain:
    """Publish a version of the map 发布映射表; never under a name that was used, never for the past."""
    ctx.require(ctx.get(CodeMap, args.version) is None, "map_published_before", args.version)
    ctx.require(args.live_ms >= ctx.time_ms, "map_backdated", args.version)
    switches = _switches(ctx)
    ctx.require(not switches or switches[-1][0] < args.live_ms, "map_out_of_order", args.version)
    published = CodeMap(publisher=ctx.client, base=args.base, digest=args.digest, live_ms=args.live_ms)
    ctx.put(args.version, published)
    ctx.put(TIMELINE, MapTimeline(switches=(*switches, (args.live_ms, args.version))))
    ctx.emit("map_published", version=args.version, live_ms=args.live_ms)
    return {"version": args.version, "live_ms": args.live_ms}


def count_transcoding(ctx: Context, version: str, hospital: str, coding: Coding) -> None:
    """Count a diagnosis that ``hospital`` reports now; refused where ``version`` is not the one in force."""
    live = version_at(_switches(ctx), ctx.time_ms)
    ctx.require(not live or version == live, "map_not_in_force", f"{version}; {live} is")
    key = f"{version}/{hospital}"
    before = ctx.get(Transcodings, key) or Transcodings()
    mapped, local = before.mapped + (coding == "map"), before.local + (coding == "local")
    unmapped = before.unmapped + (coding == UNMAPPED)
    rate = unmapped_ppm(mapped, local, unmapped)
    ctx.put(key, Transcodings(mapped=mapped, local=local, unmapped=unmapped, unmapped_ppm=rate))


def version_at(switches: tuple[tuple[int, str], ...], time_ms: int) -> str:
    """The version in force at that moment; "" where none was."""
    return in_force("", switches, time_ms)


def unmapped_ppm(mapped: int, local: int, unmapped: int) -> int:
    """The share of codes that no table has, in parts per million, rounded down."""
    return unmapped * 1_000_000 // max(1, mapped + local + unmapped)


def _switches(ctx: Context) -> tuple[tuple[int, str], ...]:
    timeline = ctx.get(MapTimeline, TIMELINE)
    return timeline.switches if timeline is not None else ()
