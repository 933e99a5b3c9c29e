"""Endorsement policies 背书策略: who has to sign an action besides its client, declared as data.

```python
@contract.action(roles=("insurer",), endorse=all_of(role("bureau"), signed(argument("reinsurer"))))
```

A policy is a tree of the forms below. It names signers by their role, by what the arguments say, or by what a record
says that the arguments lead to. The runtime checks it before the action runs; the refusal "signature_missing" names
all that is missing at once. Every policy is held against the action's arguments when it is declared, so a misspelt
field fails at import and not at execution.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from node.contracts.fields import Record

if TYPE_CHECKING:
    from node.contracts.context import Context
    from node.contracts.fields import Arguments

Hops = tuple[tuple[type[Record], str], ...]
"""A way through the state: the type of a record, and the field of the last one (or the arguments) that is its key."""


class Endorsement(ABC):
    """A policy. Immutable; knows nothing of any transaction."""

    @abstractmethod
    def missing(self, ctx: Context, args: Any) -> str:
        """What is missing, in words; "" where nothing is. Refusal where a record it goes by is not there."""

    @abstractmethod
    def describe(self) -> str:
        """Whom it asks for, in words, for the reference."""

    def require_fits(self, kind: type[Arguments]) -> None:  # noqa: B027 - most policies go by nothing in them
        """TypeError where it goes by something that arguments of ``kind`` do not have."""


@dataclass(frozen=True)
class Names:
    """Where names stand: in a field of the arguments or, at the end of ``hops``, of a record. One name or a tuple."""

    hops: Hops
    field: str

    def of(self, ctx: Context, args: Any) -> tuple[str, ...]:
        """The names, each once, in the order in which they stand there. Refusal where a record is not there."""
        value = _follow(ctx, args, self.hops, self.field)
        names = (value,) if isinstance(value, str) else value
        if not (isinstance(names, tuple) and all(isinstance(name, str) for name in names)):
            raise TypeError(f"{self.describe()} holds no names")
        return tuple(dict.fromkeys(names))

    def describe(self) -> str:
        """The path to them."""
        return "`" + ".".join([*(field for _, field in self.hops), self.field]) + "`"

    def require_fits(self, kind: type[Arguments]) -> None:
        """TypeError where arguments of ``kind`` do not lead there."""
        _require_field(kind, self.hops[0][1] if self.hops else self.field)


@dataclass(frozen=True)
class Number:
    """Where a number of signatures stands: in a field of a record, at the end of ``hops``."""

    hops: Hops
    field: str

    def of(self, ctx: Context, args: Any) -> int:
        """The number. Refusal where a record is not there; TypeError where it asks for nothing."""
        value = _follow(ctx, args, self.hops, self.field)
        if not isinstance(value, int) or value < 1:
            raise TypeError(f"{self.describe()} is no number of signatures")
        return value

    def describe(self) -> str:
        """The path to it."""
        return "`" + ".".join([*(field for _, field in self.hops), self.field]) + "`"

    def require_fits(self, kind: type[Arguments]) -> None:
        """TypeError where arguments of ``kind`` do not lead there."""
        _require_field(kind, self.hops[0][1])


@dataclass(frozen=True)
class RecordPath:
    """A record that the arguments lead to."""

    hops: Hops

    def then(self, kind: type[Record], field: str) -> RecordPath:
        """The record of type ``kind`` whose key stands in ``field`` of this one."""
        _require_field(self.hops[-1][0], field)
        return RecordPath((*self.hops, (kind, field)))

    def field(self, name: str) -> Names:
        """The names in a field of the record."""
        _require_field(self.hops[-1][0], name)
        return Names(self.hops, name)

    def number(self, name: str) -> Number:
        """The number in a field of the record."""
        _require_field(self.hops[-1][0], name)
        return Number(self.hops, name)


def argument(field: str) -> Names:
    """The names in a field of the arguments."""
    return Names((), field)


def record(kind: type[Record], field: str) -> RecordPath:
    """The record of type ``kind`` whose key stands in ``field`` of the arguments."""
    return RecordPath(((kind, field),))


# Policies


def role(name: str, at_least: int = 1) -> Endorsement:
    """``at_least`` different signers of a role."""
    return _OfRole(name, _counted(at_least))


def signed(names: Names, at_least: int | Number | None = None) -> Endorsement:
    """Everyone whom ``names`` names, or ``at_least`` so many of them; how many may stand in a record as well."""
    return _Signed(names, _counted(at_least) if isinstance(at_least, int) else at_least)


def n_of(count: int, *policies: Endorsement) -> Endorsement:
    """At least ``count`` of several policies. One signer may satisfy more than one of them."""
    if count > len(policies):
        raise ValueError(f"{count} of {len(policies)} policies can never be satisfied")
    return _NOf(_counted(count), policies)


def all_of(*policies: Endorsement) -> Endorsement:
    """Every one of ``policies``."""
    return n_of(len(policies), *policies)


def any_of(*policies: Endorsement) -> Endorsement:
    """One of ``policies``, whichever."""
    return n_of(1, *policies)


@dataclass(frozen=True)
class _OfRole(Endorsement):
    name: str
    at_least: int

    def missing(self, ctx: Context, args: Any) -> str:  # noqa: ARG002 - it goes by the signers alone
        of_role = sum(ctx.role_of(name) == self.name for name in ctx.signers)
        return "" if of_role >= self.at_least else self.describe()

    def describe(self) -> str:
        return f"the {self.name}" if self.at_least == 1 else f"{self.at_least} of role {self.name}"


@dataclass(frozen=True)
class _Signed(Endorsement):
    names: Names
    at_least: int | Number | None

    def missing(self, ctx: Context, args: Any) -> str:
        wanted = self.names.of(ctx, args)
        absent = [name for name in wanted if name not in ctx.signers]
        if self.at_least is None:
            return ", ".join(absent)
        needed = self.at_least if isinstance(self.at_least, int) else self.at_least.of(ctx, args)
        short = needed - (len(wanted) - len(absent))
        return f"{short} more of {', '.join(absent) or self.names.describe()}" if short > 0 else ""

    def describe(self) -> str:
        path = self.names.describe()
        if self.at_least is None:
            return path
        return f"{self.at_least if isinstance(self.at_least, int) else self.at_least.describe()} of {path}"

    def require_fits(self, kind: type[Arguments]) -> None:
        self.names.require_fits(kind)
        if isinstance(self.at_least, Number):
            self.at_least.require_fits(kind)


@dataclass(frozen=True)
class _NOf(Endorsement):
    count: int
    policies: tuple[Endorsement, ...]

    def missing(self, ctx: Context, args: Any) -> str:
        answers = [policy.missing(ctx, args) for policy in self.policies]
        absent = [answer for answer in answers if answer]
        short = self.count - (len(answers) - len(absent))
        return _joined(absent, short) if short > 0 else ""

    def describe(self) -> str:
        return _joined([policy.describe() for policy in self.policies], self.count)

    def require_fits(self, kind: type[Arguments]) -> None:
        for policy in self.policies:
            policy.require_fits(kind)


def _joined(parts: Sequence[str], count: int) -> str:
    if len(parts) == 1:
        return parts[0]
    bracketed = [f"({part})" if " and " in part or " or " in part else part for part in parts]
    if count == len(parts):
        return " and ".join(bracketed)
    return " or ".join(bracketed) if count == 1 else f"{count} of ({'; '.join(parts)})"


def _follow(ctx: Context, args: Any, hops: Hops, field: str) -> Any:
    found = args
    for kind, key in hops:
        found = ctx.find(kind, getattr(found, key))
    return getattr(found, field)


def _require_field(kind: type[msgspec.Struct], field: str) -> None:
    if field not in kind.__struct_fields__:
        raise TypeError(f"an endorsement goes by {kind.__name__}.{field}, which there is not")


def _counted(count: int) -> int:
    if count < 1:
        raise ValueError(f"a policy that asks for {count} signatures asks for nothing")
    return count
