"""Motor repairs 车险 车-配件-修理厂 (row 34): a claim is paid where vehicle, parts, shop and accident match.

The maker registers its vehicles by the hash of their identification numbers, says which part fits which models, what it
costs, in which zone of the car it sits and how long it takes to fit, and authorises shops for its brand. It registers
each part's serial number, by its hash. The traffic police state an accident and the zones that were damaged. A repair
is checked against all of it at once; each mismatch has a refusal of its own, and what matches is paid to the shop.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, record, signed
from node.contracts.fields import Arguments, Count, Digest, Fen, Label, Labels, Millis, Name, ObjectId, Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.property.cover import NO_COVER, Cover, CoverTerms, cover_at, covered

ACCIDENT = Lifecycle("accident", {"REPORTED": {"repair": "REPAIRED"}, "REPAIRED": {}})

JOBS_MAX = 32
SERIALS_MAX = 64


class Vehicle(Record, frozen=True):
    """A vehicle; the key is the hash of its number 车架号."""

    namespace: ClassVar[str] = "vehicles"

    maker: str
    model: str
    owner: str
    covers: tuple[Cover, ...]


class PartKind(Record, frozen=True):
    """A kind of part; the key is ``maker/number``. Fitting it takes at most ``minutes`` of labour 工时."""

    namespace: ClassVar[str] = "part_kinds"
    readers: ClassVar[Readers] = Readers.EVERYONE

    models: tuple[str, ...]
    zone: str
    price_fen: int
    minutes: int


class PartPiece(Record, frozen=True):
    """One piece; the key is ``maker/hash of its serial number``. ``fitted_in`` is a vehicle, or ""."""

    namespace: ClassVar[str] = "part_pieces"

    part: str
    fitted_in: str


class Workshop(Record, frozen=True):
    """A shop that a maker authorises; the key is ``maker/shop``. ``hour_fen`` is the price of an hour of labour."""

    namespace: ClassVar[str] = "workshops"
    readers: ClassVar[Readers] = Readers.EVERYONE

    hour_fen: int


class Accident(Record, frozen=True):
    """What the police state: which vehicle, when, and what zones of it were damaged."""

    namespace: ClassVar[str] = "accidents"

    state: str
    vehicle: str
    at_ms: int
    zones: tuple[str, ...]
    report: str
    photos: str
    paid_fen: int


REPAIRED = EventKind("vehicle_repaired", parties=("owner", "insurer", "shop"))

contract = Contract("repairs", records=(Vehicle, PartKind, PartPiece, Workshop, Accident), events=(REPAIRED,))


class BuildArgs(Arguments, frozen=True):
    """A vehicle of which model, whose."""

    vehicle: Digest
    model: Label
    owner: Name


class ListArgs(Arguments, frozen=True):
    """A kind of part, see :class:`PartKind`."""

    part: Label
    models: Labels
    zone: Label
    price_fen: Fen
    minutes: Count


class MakeArgs(Arguments, frozen=True):
    """Pieces of which part, by the hashes of their serial numbers."""

    part: Label
    serials: Annotated[tuple[Digest, ...], Meta(min_length=1, max_length=SERIALS_MAX)]


class AuthoriseArgs(Arguments, frozen=True):
    """Which shop, and what an hour of its labour costs."""

    shop: Name
    hour_fen: Fen


class CoverArgs(Arguments, frozen=True):
    """Which vehicle, on what terms."""

    vehicle: Digest
    terms: CoverTerms


class AccidentArgs(Arguments, frozen=True):
    """Which vehicle, when, what was damaged, and the hash of the report."""

    vehicle: Digest
    at_ms: Millis
    zones: Labels
    report: Digest


class Job(Arguments, frozen=True):
    """A piece fitted, the minutes that it took, and what is asked for the piece."""

    part: Label
    serial: Digest
    minutes: Count
    price_fen: Fen


class RepairArgs(Arguments, frozen=True):
    """After which accident which vehicle, whose it is, what was fitted, and the hash of the photos."""

    accident: ObjectId
    vehicle: Digest
    owner: Name
    jobs: Annotated[tuple[Job, ...], Meta(min_length=1, max_length=JOBS_MAX)]
    photos: Digest


@contract.action(roles=("carmaker",), endorse=signed(argument("owner")))
def build(ctx: Context, args: BuildArgs) -> Plain:
    """The maker registers a vehicle with its owner."""
    ctx.require(ctx.get(Vehicle, args.vehicle) is None, "built_already", args.vehicle)
    ctx.put(args.vehicle, Vehicle(ctx.client, args.model, args.owner, ()))
    return {"vehicle": args.vehicle}


@contract.action("list", roles=("carmaker",))
def list_part(ctx: Context, args: ListArgs) -> Plain:
    """The maker lists a part, or lists it anew."""
    kind = PartKind(models=args.models, zone=args.zone, price_fen=args.price_fen, minutes=args.minutes)
    ctx.put(f"{ctx.client}/{args.part}", kind)
    return {"models": args.models}


@contract.action(roles=("carmaker",))
def make(ctx: Context, args: MakeArgs) -> Plain:
    """The maker registers pieces of a part that it lists."""
    ctx.find(PartKind, f"{ctx.client}/{args.part}")
    for serial in args.serials:
        key = f"{ctx.client}/{serial}"
        ctx.require(ctx.get(PartPiece, key) is None, "made_already", serial)
        ctx.put(key, PartPiece(part=args.part, fitted_in=""))
    return {"pieces": len(args.serials)}


@contract.action(roles=("carmaker",))
def authorise(ctx: Context, args: AuthoriseArgs) -> Plain:
    """The maker authorises a shop for its brand 授权维修."""
    ctx.require_role(args.shop, "shop")
    ctx.put(f"{ctx.client}/{args.shop}", Workshop(hour_fen=args.hour_fen))
    return {"shop": args.shop}


@contract.action(roles=("insurer",), endorse=signed(record(Vehicle, "vehicle").field("owner")))
def insure(ctx: Context, args: CoverArgs) -> Plain:
    """An insurer and the owner agree on cover for a vehicle that has none."""
    vehicle = ctx.find(Vehicle, args.vehicle)
    ctx.put(args.vehicle, replace(vehicle, covers=covered(ctx, vehicle.covers, vehicle.owner, args.terms)))
    return {"sum_fen": args.terms.sum_fen}


@contract.action("accident", roles=("police",))
def report_accident(ctx: Context, args: AccidentArgs) -> Plain:
    """The traffic police state an accident 事故认定."""
    ctx.find(Vehicle, args.vehicle)
    ctx.require(args.at_ms <= ctx.time_ms, "not_happened_yet", args.vehicle)
    ctx.put(ctx.object_id, Accident("REPORTED", args.vehicle, args.at_ms, args.zones, args.report, "", 0))
    return {"accident": ctx.object_id}


@contract.action(roles=("shop",), endorse=signed(argument("owner")))
def repair(ctx: Context, args: RepairArgs) -> Plain:
    """The shop repaired a vehicle; where all matches it is paid at once by the insurer of the accident's day."""
    accident = ctx.find(Accident, args.accident)
    state = ACCIDENT.next(accident.state, "repair")
    vehicle = ctx.find(Vehicle, args.vehicle)
    ctx.require(accident.vehicle == args.vehicle, "other_vehicle", accident.vehicle)
    ctx.require(vehicle.owner == args.owner, "not_the_owner", args.owner)
    cover = cover_at(vehicle.covers, accident.at_ms)
    ctx.require(cover != NO_COVER, "not_insured_then", args.vehicle)
    shop = ctx.get(Workshop, f"{vehicle.maker}/{ctx.client}")
    ctx.require(shop is not None, "shop_not_authorised", ctx.client)
    fen = sum(_fitted(ctx, args.vehicle, vehicle, accident, job) for job in args.jobs)
    minutes = sum(job.minutes for job in args.jobs)
    asked_fen = fen + labour_fen(minutes, shop.hour_fen if shop else 0)
    ctx.require(asked_fen <= cover.sum_fen, "beyond_the_sum", f"{asked_fen} fen")
    ctx.put(args.accident, replace(accident, state=state, photos=args.photos, paid_fen=asked_fen))
    debit, credit = (cover.insurer, "claims-paid"), (ctx.client, "repair-income")
    pay(ctx, f"repair/{args.accident}", asked_fen, debit=debit, credit=credit, memo="repair")
    ctx.emit("vehicle_repaired", vehicle=args.vehicle, owner=args.owner, insurer=cover.insurer, shop=ctx.client)
    return {"paid_fen": asked_fen}


def labour_fen(minutes: int, hour_fen: int) -> int:
    """What minutes of labour cost, to the nearest fen, halves up."""
    return (minutes * hour_fen * 2 + 60) // 120


def _fitted(ctx: Context, vehicle_id: str, vehicle: Vehicle, accident: Accident, job: Job) -> int:
    """A piece is in the vehicle from now on; its price."""
    kind = ctx.find(PartKind, f"{vehicle.maker}/{job.part}")
    ctx.require(vehicle.model in kind.models, "part_does_not_fit", f"{job.part} in {vehicle.model}")
    ctx.require(kind.zone in accident.zones, "not_damaged", kind.zone)
    ctx.require(job.minutes <= kind.minutes, "too_many_hours", f"{job.minutes} minutes; the table has {kind.minutes}")
    ctx.require(job.price_fen <= kind.price_fen, "above_the_list_price", f"{kind.price_fen} fen")
    key = f"{vehicle.maker}/{job.serial}"
    piece = ctx.get(PartPiece, key) or PartPiece(part="", fitted_in="")
    ctx.require(bool(piece.part), "serial_unknown", job.serial)
    ctx.require(piece.part in {job.part, ""}, "serial_of_another_part", piece.part)
    ctx.require(not piece.fitted_in, "serial_used", piece.fitted_in)
    ctx.put(key, replace(piece, fitted_in=vehicle_id))
    return job.price_fen
