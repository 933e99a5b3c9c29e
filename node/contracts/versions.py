"""Versions of rules 规则版本: what was bound under one version settles under it, whatever comes after (rows 60, 70).

A confirmed contract cannot change. So a rule is never edited: a newer function is registered beside it under a version
of its own, and the council decides from which moment of business time new business goes by it. Nothing is back-dated,
so what a version is for a moment that has passed never changes, and a record may name it or work it out again.

```python
PAYABLE = Versioned[Rule]("payable")


@PAYABLE.version("v1")
def first(...): ...


version = PAYABLE.at(ctx, policy.starts_ms)
PAYABLE[version](...)
```
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Generic, TypeVar

from msgspec import Meta

from node.contracts.context import Context, EventKind, Plain, Refusal
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Label, Millis, Name, Record

RuleT = TypeVar("RuleT", bound=Callable[..., object])

COUNCIL_MAX = 32
DAY_MS = 86_400_000

_KNOWN: dict[str, tuple[str, ...]] = {}
"""Versions that there is code for, by rule, in the order in which they were registered."""


class Council(Record, frozen=True):
    """Who decides from when on a version is in force; the key is "council". ``needed`` of ``members`` must sign.

    ``notice_ms`` lie between a decision and the moment it is about: longer than time stamps may be apart, so that
    nothing has been bound at that moment yet.
    """

    namespace: ClassVar[str] = "version_council"

    members: tuple[str, ...]
    needed: int
    notice_ms: int


class RuleBook(Record, frozen=True):
    """What was decided about a rule, the key: (from which moment, version), both ascending."""

    namespace: ClassVar[str] = "rule_versions"

    switches: tuple[tuple[int, str], ...]


contract = Contract("versions", records=(Council, RuleBook), events=(EventKind("version_switched"),))


class Settings(Arguments, frozen=True):
    """The council, how many of it decide, and how long before."""

    members: Annotated[tuple[Name, ...], Meta(max_length=COUNCIL_MAX)] = ()
    needed: Annotated[int, Meta(ge=1, le=COUNCIL_MAX)] = 1
    notice_ms: Millis = DAY_MS


class SwitchArgs(Arguments, frozen=True):
    """From ``from_ms`` on, new business goes by ``version`` of ``rule``."""

    rule: Label
    version: Label
    from_ms: Millis


class Versioned(Generic[RuleT]):
    """All versions of one rule. The first that is registered is in force until another was decided on."""

    def __init__(self, name: str) -> None:
        if name in _KNOWN:
            raise ValueError(f"there is a rule {name} already")
        _KNOWN[name] = ()
        self.name = name
        self._functions: dict[str, RuleT] = {}

    def version(self, version: str) -> Callable[[RuleT], RuleT]:
        """Register a function under ``version``; ValueError where there is one already."""

        def declare(function: RuleT) -> RuleT:
            if version in self._functions:
                raise ValueError(f"{self.name} has a version {version} already")
            self._functions[version] = function
            _KNOWN[self.name] = (*_KNOWN[self.name], version)
            return function

        return declare

    def __getitem__(self, version: str) -> RuleT:
        """The function; KeyError for a version that there is no code for."""
        return self._functions[version]

    def at(self, ctx: Context, time_ms: int) -> str:
        """The version in force at that moment of business time."""
        book = ctx.get(RuleBook, self.name)
        return in_force(_KNOWN[self.name][0], book.switches if book else (), time_ms)


@contract.settings(Settings)
def seat(ctx: Context, settings: Settings) -> None:
    """Seat the council."""
    if settings.needed > len(set(settings.members)):
        raise Refusal("council_too_small", f"{settings.needed} of {len(set(settings.members))}")
    ctx.put("council", Council(members=settings.members, needed=settings.needed, notice_ms=settings.notice_ms))


@contract.action()
def switch(ctx: Context, args: SwitchArgs) -> Plain:
    """版本切换. The council decides from when on new business goes by another version; never in the past."""
    council = ctx.get(Council, "council") or Council(members=(), needed=1, notice_ms=DAY_MS)
    approving = sum(name in council.members for name in ctx.signers)
    ctx.require(approving >= council.needed, "council_short", f"{approving} of {council.needed} approve")
    ctx.require(args.version in _KNOWN.get(args.rule, ()), "unknown_version", f"{args.rule} {args.version}")
    ctx.require(args.from_ms >= ctx.time_ms + council.notice_ms, "version_backdated", args.rule)
    book = ctx.get(RuleBook, args.rule) or RuleBook(switches=())
    ordered = not book.switches or book.switches[-1][0] < args.from_ms
    ctx.require(ordered, "version_out_of_order", args.rule)
    ctx.put(args.rule, RuleBook(switches=(*book.switches, (args.from_ms, args.version))))
    ctx.emit("version_switched", rule=args.rule, version=args.version, from_ms=args.from_ms)
    return {"rule": args.rule, "version": args.version, "from_ms": args.from_ms}


def in_force(first: str, switches: tuple[tuple[int, str], ...], time_ms: int) -> str:
    """The version at that moment, given the first one and what was decided since, in ascending order."""
    return next((version for from_ms, version in reversed(switches) if from_ms <= time_ms), first)
