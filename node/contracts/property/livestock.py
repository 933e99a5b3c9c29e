"""Livestock 农险溯源 (row 25): one animal, one identity, one policy, one death.

An animal is known by three hashes: of its biometrics (a nose print 鼻纹, an iris), its DNA and its ear tag. All three
lead to one entry, and none of them to two. Feeding, vaccination, slaughter and transport add hashes to its record,
each by whom it concerns. A claim is made by what the quarantine department reads off the carcass, not by a name: a
neighbour's cow leads to the neighbour's entry or to none, whatever tag was put into its ear. The pictures and
sequences themselves are sealed to those who need them.

A bank may lend on an insured animal; what the insurance pays goes to the bank first. Deaths of notifiable diseases
count by region; supervisors see a region's number from ``cell_min`` on.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import ClassVar, Literal

from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, role, signed
from node.contracts.fields import Arguments, Count, Digest, Fen, Label, Millis, Name, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.property.cover import NO_COVER, Cover, CoverTerms, cover_at, covered
from node.contracts.property.disease_map import CELL_MIN, DiseaseCount, DiseaseMap, DiseaseTerms, count_death
from node.privacy.envelope import Envelope

ANIMAL = Lifecycle(
    "animal",
    {
        "ALIVE": {
            "feeding": "ALIVE",
            "vaccination": "ALIVE",
            "transport": "ALIVE",
            "slaughter": "SLAUGHTERED",
            "die": "DEAD",
        },
        "SLAUGHTERED": {"transport": "SLAUGHTERED"},
        "DEAD": {},
    },
)
"""Meat goes on being transported; a carcass is destroyed."""

REPORTED_BY = MappingProxyType(
    {"feeding": "farmer", "vaccination": "quarantine", "slaughter": "quarantine", "transport": "farmer"}
)
"""What happens to an animal in its life, and whose word it is."""


class Animal(Record, frozen=True):
    """An animal; the key is the hash of its biometrics. ``owed_fen`` is what ``bank`` gets first of what is paid."""

    namespace: ClassVar[str] = "animals"

    state: str
    farm: str
    species: str
    region: str
    dna: str
    tag: str
    events: int
    vaccinated_ms: int | None
    ended_ms: int | None
    covers: tuple[Cover, ...]
    bank: str
    owed_fen: int


class Mark(Record, frozen=True):
    """To which animal one of its three hashes leads; the key is ``kind/hash``."""

    namespace: ClassVar[str] = "animal_marks"

    animal: str


class LifeEvent(Record, frozen=True):
    """Something in an animal's life, by the hash of its proof; the key is ``animal/number``."""

    namespace: ClassVar[str] = "animal_events"

    kind: str
    by: str
    time_ms: int
    proof: str


DIED = EventKind("animal_died", parties=("farm",), roles=("quarantine",))

contract = Contract(
    "livestock",
    records=(Animal, Mark, LifeEvent, DiseaseCount, DiseaseMap, DiseaseTerms),
    events=(DIED,),
)


class Settings(Arguments, frozen=True):
    """See :class:`DiseaseTerms`."""

    cell_min: Count = CELL_MIN


class RegisterArgs(Arguments, frozen=True):
    """An animal's three hashes, what and where it is, and the readings, sealed."""

    biometrics: Digest
    dna: Digest
    tag: Digest
    species: Label
    region: Label
    readings: Envelope


class LifeArgs(Arguments, frozen=True):
    """What happened to which animal, and the hash of what proves it."""

    animal: Digest
    kind: Literal["feeding", "vaccination", "slaughter", "transport"]
    proof: Digest


class CoverArgs(Arguments, frozen=True):
    """Which animal of whom, on what terms."""

    animal: Digest
    farm: Name
    terms: CoverTerms


class LendArgs(Arguments, frozen=True):
    """On which animal of whom, how much."""

    animal: Digest
    farm: Name
    amount_fen: Fen


class DeathArgs(Arguments, frozen=True):
    """What was read off the carcass, when it died, and of what."""

    biometrics: Digest
    dna: Digest
    tag: Digest
    died_ms: Millis
    disease: Label


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Set from how many deaths on the map shows a region."""
    ctx.put("terms", DiseaseTerms(cell_min=settings.cell_min))


@contract.action(roles=("farmer",), endorse=role("quarantine"))
def register(ctx: Context, args: RegisterArgs) -> Plain:
    """A farmer and the quarantine department give an animal its identity: three hashes that nobody has used yet."""
    for kind, mark in _marks(args):
        ctx.require(ctx.get(Mark, f"{kind}/{mark}") is None, "identified_already", kind)
        ctx.put(f"{kind}/{mark}", Mark(animal=args.biometrics))
    ctx.carry(args.readings, ctx.object_id)
    animal = Animal(
        state="ALIVE",
        farm=ctx.client,
        species=args.species,
        region=args.region,
        dna=args.dna,
        tag=args.tag,
        events=0,
        vaccinated_ms=None,
        ended_ms=None,
        covers=(),
        bank="",
        owed_fen=0,
    )
    ctx.put(args.biometrics, animal)
    return {"animal": args.biometrics}


@contract.action(roles=("farmer", "quarantine"))
def report(ctx: Context, args: LifeArgs) -> Plain:
    """Something happened in an animal's life, from the farm to the shop."""
    animal = ctx.find(Animal, args.animal)
    state = ANIMAL.next(animal.state, args.kind)
    ctx.require(REPORTED_BY[args.kind] == ctx.role, "not_yours_to_report", args.kind)
    ctx.require(ctx.role != "farmer" or animal.farm == ctx.client, "not_your_animal", ctx.client)
    lived = replace(
        animal,
        state=state,
        events=animal.events + 1,
        vaccinated_ms=ctx.time_ms if args.kind == "vaccination" else animal.vaccinated_ms,
        ended_ms=ctx.time_ms if args.kind == "slaughter" else animal.ended_ms,
    )
    ctx.put(args.animal, lived)
    event = LifeEvent(kind=args.kind, by=ctx.client, time_ms=ctx.time_ms, proof=args.proof)
    ctx.put(f"{args.animal}/{animal.events:06d}", event)
    return {"state": state, "events": lived.events}


@contract.action(roles=("insurer",), endorse=signed(argument("farm")))
def insure(ctx: Context, args: CoverArgs) -> Plain:
    """One live, vaccinated animal gets one policy."""
    animal = _of_farm(ctx, args.animal, args.farm)
    ctx.require(animal.state == "ALIVE", "not_alive", animal.state)
    ctx.require(animal.vaccinated_ms is not None, "not_vaccinated", args.animal)
    ctx.put(args.animal, replace(animal, covers=covered(ctx, animal.covers, args.farm, args.terms)))
    return {"sum_fen": args.terms.sum_fen}


@contract.action(roles=("bank",), endorse=signed(argument("farm")))
def lend(ctx: Context, args: LendArgs) -> Plain:
    """A bank lends on an insured animal, up to its sum; one bank at a time."""
    animal = _of_farm(ctx, args.animal, args.farm)
    cover = cover_at(animal.covers, ctx.time_ms)
    ctx.require(cover != NO_COVER and animal.state == "ALIVE", "not_insured", args.animal)
    ctx.require(animal.owed_fen == 0, "pledged_already", animal.bank)
    ctx.require(0 < args.amount_fen <= cover.sum_fen, "beyond_the_sum", str(cover.sum_fen))
    ctx.put(args.animal, replace(animal, bank=ctx.client, owed_fen=args.amount_fen))
    lines = (
        (account(ctx.client, "loans-granted"), args.amount_fen),
        (account(ctx.client, "cash"), -args.amount_fen),
        (account(args.farm, "cash"), args.amount_fen),
        (account(args.farm, "loans-taken"), -args.amount_fen),
    )
    post(ctx, f"livestock-loan/{ctx.object_id}", "loan", lines)
    return {"owed_fen": args.amount_fen}


@contract.action(roles=("farmer",), endorse=role("quarantine"))
def claim(ctx: Context, args: DeathArgs) -> Plain:
    """A farmer claims for a carcass that the quarantine department has read; what was read decides."""
    animal_id, animal = _carcass(ctx, args)
    ctx.require(animal.farm == ctx.client, "not_your_animal", animal.farm)
    ctx.require(bool(animal.covers), "not_insured", animal_id)
    cover = cover_at(animal.covers, args.died_ms)
    ctx.require(cover != NO_COVER, "outside_the_term", animal_id)
    to_bank_fen = _pay(ctx, animal, cover)
    _die(ctx, animal_id, replace(animal, owed_fen=animal.owed_fen - to_bank_fen), args)
    return {"paid_fen": cover.sum_fen - to_bank_fen, "to_bank_fen": to_bank_fen}


@contract.action(roles=("quarantine",))
def bury(ctx: Context, args: DeathArgs) -> Plain:
    """The quarantine department destroys a carcass 无害化处理 for which nobody claims; it will not be claimed for."""
    animal_id, animal = _carcass(ctx, args)
    _die(ctx, animal_id, animal, args)
    return {"state": "DEAD"}


def _marks(args: RegisterArgs | DeathArgs) -> tuple[tuple[str, str], ...]:
    return ("biometrics", args.biometrics), ("dna", args.dna), ("tag", args.tag)


def _carcass(ctx: Context, args: DeathArgs) -> tuple[str, Animal]:
    """Which animal it was: all three readings lead to it, and it has died but now."""
    known = [ctx.get(Mark, f"{kind}/{mark}") for kind, mark in _marks(args)]
    first = next((mark.animal for mark in known if mark is not None), "")
    ctx.require(bool(first), "unknown_animal", args.biometrics)
    same = all(mark is not None and mark.animal == first for mark in known)
    ctx.require(same, "marks_of_several", "what was read leads to different animals, or in part to none")
    animal = ctx.find(Animal, first)
    ctx.require(animal.state != "SLAUGHTERED", "slaughtered_before", first)
    ctx.require(animal.state != "DEAD", "dead_already", first)
    ctx.require(args.died_ms <= ctx.time_ms, "not_happened_yet", first)
    return first, animal


def _of_farm(ctx: Context, animal_id: str, farm: str) -> Animal:
    animal = ctx.find(Animal, animal_id)
    ctx.require(animal.farm == farm, "not_your_animal", farm)
    return animal


def _pay(ctx: Context, animal: Animal, cover: Cover) -> int:
    """Pay the sum, to the bank what it is owed; what it got."""
    to_bank_fen = min(animal.owed_fen, cover.sum_fen)
    lines = [
        (account(cover.insurer, "claims-paid"), cover.sum_fen),
        (account(cover.insurer, "cash"), -cover.sum_fen),
        (account(animal.farm, "cash"), cover.sum_fen - to_bank_fen),
        (account(animal.farm, "loans-taken"), to_bank_fen),
        (account(animal.farm, "claims-received"), -cover.sum_fen),
    ]
    if to_bank_fen:
        lines += [
            (account(animal.bank, "cash"), to_bank_fen),
            (account(animal.bank, "loans-granted"), -to_bank_fen),
        ]
    post(ctx, f"livestock-claim/{ctx.object_id}", "claim", lines)
    return to_bank_fen


def _die(ctx: Context, animal_id: str, animal: Animal, args: DeathArgs) -> None:
    """It is dead, once, and counts on the map."""
    ctx.put(animal_id, replace(animal, state=ANIMAL.next(animal.state, "die"), ended_ms=args.died_ms))
    count_death(ctx, args.disease, animal.region)
    ctx.emit("animal_died", farm=animal.farm, disease=args.disease, region=animal.region)
