"""The regulator's registers 监管登记系统: institutions, executives 高管人员 and reinsurers 再保险登记 (row 63).

Who may trade on the network is the members' matter (:mod:`node.contracts.registry`); who may carry insurance or
assume a cession is the regulator's. Where the network's settings say that the register of reinsurers binds, every
contract by which a reinsurer takes a risk on asks :func:`require_reinsurer`. Losses of what was taken on before are
paid all the same.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec.structs import replace

from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Digest, Label, Millis, Name, Readers, Record

EXECUTIVES_MAX = 32

REINSURER = "reinsurer"
INSTITUTION = "institution"

Register = Literal["institution", "reinsurer"]


class Entry(Record, frozen=True):
    """An entry of a register, at ``register/name``: it holds from ``from_ms`` until before ``until_ms``.

    ``executives`` of an institution are (pseudonym, office), in order of appointment. ``struck``: it holds no more at
    all, or who was struck off would go on under earlier dates.
    """

    namespace: ClassVar[str] = "registers"
    readers: ClassVar[Readers] = Readers.EVERYONE

    register: str
    name: str
    licence: str
    from_ms: int
    until_ms: int
    executives: tuple[tuple[str, str], ...] = ()
    struck: bool = False

    def holds(self, time_ms: int) -> bool:
        """Is it in force at that business time?"""
        return not self.struck and self.from_ms <= time_ms < self.until_ms


class Binding(Record, frozen=True):
    """That the register of reinsurers binds; the key is "reinsurer"."""

    namespace: ClassVar[str] = "registers_binding"
    readers: ClassVar[Readers] = Readers.EVERYONE

    since_ms: int


CHANGED = EventKind("register_changed", parties=("name",), roles=("insurer", "reinsurer", "broker", "regulator"))

contract = Contract("registers", records=(Entry, Binding), events=(CHANGED,))


class Settings(Arguments, frozen=True):
    """Whether only registered reinsurers may assume a cession. Left out, their role is enough."""

    binding: bool = False


class RegisterArgs(Arguments, frozen=True):
    """Whom to enter into which register, under which licence, until when."""

    register: Register
    name: Name
    licence: Label
    until_ms: Millis


class StrikeArgs(Arguments, frozen=True):
    """Whom to strike off which register."""

    register: Register
    name: Name


class ExecutiveArgs(Arguments, frozen=True):
    """Who, by a pseudonym, holds which office of a registered institution."""

    institution: Name
    person: Digest
    office: Label


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Let the register of reinsurers bind."""
    if settings.binding:
        ctx.put(REINSURER, Binding(since_ms=ctx.time_ms))


@contract.action(roles=("regulator",))
def register(ctx: Context, args: RegisterArgs) -> Plain:
    """登记. A reinsurer is a registered institution with an executive before; anew only once the entry has ended."""
    ctx.require(args.until_ms > ctx.time_ms, "term_empty", args.name)
    earlier = ctx.get(Entry, entry_key(args.register, args.name))
    ctx.require(earlier is None or not earlier.holds(ctx.time_ms), "registered_already", args.name)
    if args.register == REINSURER:
        ctx.require_role(args.name, REINSURER)
        institution = _institution(ctx, args.name)
        ctx.require(bool(institution.executives), "no_executive", args.name)
    entry = Entry(
        register=args.register, name=args.name, licence=args.licence, from_ms=ctx.time_ms, until_ms=args.until_ms
    )
    ctx.put(entry_key(args.register, args.name), entry)
    ctx.emit("register_changed", name=args.name, register=args.register, holds=True)
    return {"entry": entry_key(args.register, args.name)}


@contract.action(roles=("regulator",))
def strike(ctx: Context, args: StrikeArgs) -> Plain:
    """注销登记. Strike off, as of now; an institution that is struck off is no registered reinsurer any more either."""
    for kind in (args.register, REINSURER) if args.register == INSTITUTION else (args.register,):
        entry = ctx.get(Entry, entry_key(kind, args.name))
        held = entry is not None and entry.holds(ctx.time_ms)
        ctx.require(held or kind != args.register, "not_registered", args.name)
        if entry is not None and held:
            ctx.put(entry_key(kind, args.name), replace(entry, until_ms=ctx.time_ms, struck=True))
    ctx.emit("register_changed", name=args.name, register=args.register, holds=False)
    return {"struck": args.name}


@contract.action(roles=("regulator",))
def appoint(ctx: Context, args: ExecutiveArgs) -> Plain:
    """高管任职核准. Approve of an executive of a registered institution; one office there each."""
    entry = _institution(ctx, args.institution)
    ctx.require(args.person not in dict(entry.executives), "appointed_already", args.institution)
    ctx.require(len(entry.executives) < EXECUTIVES_MAX, "too_many_executives", args.institution)
    executives = (*entry.executives, (args.person, args.office))
    ctx.put(entry_key(INSTITUTION, args.institution), replace(entry, executives=executives))
    return {"executives": len(executives)}


@contract.action(roles=("regulator",))
def dismiss(ctx: Context, args: ExecutiveArgs) -> Plain:
    """高管离任. The executive leaves that office."""
    entry = _institution(ctx, args.institution)
    leaving = (args.person, args.office)
    ctx.require(leaving in entry.executives, "not_in_office", args.institution)
    executives = tuple(one for one in entry.executives if one != leaving)
    ctx.put(entry_key(INSTITUTION, args.institution), replace(entry, executives=executives))
    return {"executives": len(executives)}


def entry_key(kind: str, name: str) -> str:
    """Where an entry stands."""
    return f"{kind}/{name}"


def is_registered(ctx: Context, kind: str, name: str) -> bool:
    """Does ``name`` stand on the register ``kind`` at this business time, whether or not it binds?"""
    entry = ctx.get(Entry, entry_key(kind, name))
    return entry is not None and entry.holds(ctx.time_ms)


def require_reinsurer(ctx: Context, name: str) -> None:
    """Refuse whoever may assume no cession: with "wrong_role", or as :func:`require_registered` does."""
    ctx.require_role(name, REINSURER)
    require_registered(ctx, name)


def require_registered(ctx: Context, name: str) -> None:
    """Refuse, with "reinsurer_unregistered", a reinsurer that may assume no cession at this business time."""
    bound = ctx.get(Binding, REINSURER) is not None
    ctx.require(not bound or is_registered(ctx, REINSURER, name), "reinsurer_unregistered", name)


def _institution(ctx: Context, name: str) -> Entry:
    ctx.require(is_registered(ctx, INSTITUTION, name), "institution_unregistered", name)
    return ctx.find(Entry, entry_key(INSTITUTION, name))
