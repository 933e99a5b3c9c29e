"""Registration 参保登记: where a resident is insured, and in one place only 一地参保 (rows 66 and 67).

Somebody who moved may be on the lists of several places. No channel lets such a resident pay: a centre keeps one of
the records and so deletes the others, then the resident pays, and is enrolled where that record is.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, Plain, Refusal
from node.contracts.contributions.records import (
    REGISTRATION,
    Contribution,
    Levy,
    Registration,
    Year,
    contract,
    levy_key,
    registrations,
    resident_key,
)
from node.contracts.fields import Arguments, Digest, Label

ROWS_MAX = 1_000


class RegisterArgs(Arguments, frozen=True):
    """Residents of a place, by pseudonym. ``sent``: the tax department got them in the same batch 批量下发."""

    place: Label
    year: Year
    people: Annotated[tuple[Digest, ...], Meta(min_length=1, max_length=ROWS_MAX)]
    sent: bool = True


class RegistrationArgs(Arguments, frozen=True):
    """A resident's registration in a place."""

    place: Label
    year: Year
    person: Digest


class KeepArgs(RegistrationArgs, frozen=True):
    """The one record of a resident that is to stay."""


@contract.action(roles=("centre",))
def register(ctx: Context, args: RegisterArgs) -> Plain:
    """Put all of ``people`` on the place's list, or nobody. Who is enrolled already is refused anywhere else."""
    _require_own_place(ctx, args.place, args.year)
    state = "sent" if args.sent else "registered"
    for person in args.people:
        enrolled = ctx.get(Contribution, resident_key(args.year, person))
        ctx.require(enrolled is None, "enrolled_already", enrolled.place if enrolled else "")
        key = f"{resident_key(args.year, person)}/{args.place}"
        known = ctx.get(Registration, key)
        ctx.require(known is None or not known.alive, "registered_already", key)
        ctx.put(key, Registration(state=state))
    return {"people": len(args.people)}


@contract.action(roles=("centre",))
def send(ctx: Context, args: RegistrationArgs) -> Plain:
    """Send a resident's information to the tax department by hand 手工下发: the remedy for "no_information"."""
    _require_own_place(ctx, args.place, args.year)
    key = f"{resident_key(args.year, args.person)}/{args.place}"
    registration = ctx.get(Registration, key)
    if registration is None:
        raise Refusal("not_registered", key)
    ctx.put(key, Registration(state=REGISTRATION.next(registration.state, "send")))
    return {"sent": args.place}


@contract.action(roles=("centre",))
def keep(ctx: Context, args: KeepArgs) -> Plain:
    """Keep this place's record and delete every other. Centres that do it at once: the first to be ordered is kept."""
    _require_own_place(ctx, args.place, args.year)
    resident = resident_key(args.year, args.person)
    ctx.require(ctx.get(Contribution, resident) is None, "enrolled_already", resident)
    found = registrations(ctx, args.year, args.person)
    ctx.require(args.place in found, "not_registered", args.place)
    deleted = tuple(place for place in found if place != args.place)
    for place in deleted:
        left = replace(found[place], state=REGISTRATION.next(found[place].state, "delete"))
        ctx.put(f"{resident}/{place}", left)
    return {"kept": args.place, "deleted": deleted}


def _require_own_place(ctx: Context, place: str, year: int) -> None:
    levy = ctx.find(Levy, levy_key(place, year))
    ctx.require(levy.centre == ctx.client, "wrong_centre", levy.centre)
