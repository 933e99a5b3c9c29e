"""Proposals 提案: changes of the registry in a file, which members pass on to each other until enough have signed.

JSON, so that who is asked to sign can read it. What is signed is not the file but each change in the registry's own
bytes (:func:`node.membership.approval_bytes`), with the place in the registry's order that it is to have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec.structs import replace

from node.founding.description import FoundingError
from node.ledger.transaction import Name
from node.membership import Order, approval_bytes, verify
from node.membership.changes import ACTIONS

FILE_BYTES_MAX = 1024 * 1024

_Number = Annotated[int, msgspec.Meta(ge=0)]
_Hex = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{128}\\Z")]


class Proposed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One change. ``change`` has the fields of the registry's own type, keys in hex; ``approvals`` by node's number."""

    action: Literal["certify", "members"]
    sequence: _Number
    change: Any
    approvals: dict[_Number, _Hex] = {}

    def order(self) -> Order:
        """As the registry takes it. ValueError where the change is none of its action."""
        approvals = tuple((number, bytes.fromhex(self.approvals[number])) for number in sorted(self.approvals))
        return Order(self.sequence, _change(self.action, self.change), approvals)


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Changes that belong together, their sequences ascending. ``number`` is what the newcomer's node is to get."""

    format: Literal["consortium/proposal/1"] = "consortium/proposal/1"
    network: Name
    newcomer: Name
    number: _Number | None
    changes: Annotated[tuple[Proposed, ...], msgspec.Meta(min_length=1, max_length=16)]

    @property
    def next_sequence(self) -> int:
        """What a proposal after this one begins with."""
        return self.changes[-1].sequence + 1

    def approved(self, number: int, sign: Callable[[bytes], bytes]) -> Proposal:
        """With the approval of node ``number``, whose key ``sign`` uses, on every change."""
        changes = []
        for proposed in self.changes:
            data = approval_bytes(self.network, proposed.sequence, proposed.action, proposed.order().change)
            changes.append(replace(proposed, approvals={**proposed.approvals, number: sign(data).hex()}))
        return replace(self, changes=tuple(changes))

    def counted(self, voters: Mapping[int, bytes]) -> Proposal:
        """With those approvals alone that count: of ``voters``, number and key of each, whose signatures verify.

        The registry refuses a change that bears any other: of an observer, of who was voted out since, or a forged one.
        """
        changes = []
        for proposed in self.changes:
            signed = {n: one for n, one in proposed.approvals.items() if self._signed(proposed, one, voters.get(n))}
            changes.append(replace(proposed, approvals=signed))
        return replace(self, changes=tuple(changes))

    def approvers(self) -> tuple[int, ...]:
        """The nodes that have put their names to every change, ascending."""
        first, *others = (set(proposed.approvals) for proposed in self.changes)
        return tuple(sorted(first.intersection(*others)))

    def _signed(self, proposed: Proposed, signature: str, key: bytes | None) -> bool:
        data = approval_bytes(self.network, proposed.sequence, proposed.action, proposed.order().change)
        return key is not None and verify(key, data, bytes.fromhex(signature))


def proposed(action: Literal["certify", "members"], sequence: int, change: Any) -> Proposed:
    """``change``, of the registry's own type, as a proposal holds it."""
    fields: Any = change
    if isinstance(change, msgspec.Struct):
        fields = {
            name: value.hex() if isinstance(value := getattr(change, name), bytes) else value
            for name in change.__struct_fields__
        }
    return Proposed(action=action, sequence=sequence, change=msgspec.to_builtins(fields))


def _change(action: str, fields: Any) -> Any:
    """The registry's own form of what a proposal holds. ValueError where it is none."""
    kind = ACTIONS[action]
    if action == "members" or not isinstance(fields, dict):
        return msgspec.convert(fields, kind)
    named = tuple(kind.__struct_fields__)
    if set(fields) != set(named):
        raise ValueError(f"a change of action {action} has the fields {', '.join(named)}")
    values = [bytes.fromhex(fields[name]) if name.endswith("_key") else fields[name] for name in named]
    return msgspec.convert(values, kind)


def read_proposal(path: Path) -> Proposal:
    """The proposal in a file; FoundingError names the file and what is wrong with it."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(FILE_BYTES_MAX + 1)
        if len(raw) > FILE_BYTES_MAX:
            raise FoundingError(f"{path}: is no proposal: larger than {FILE_BYTES_MAX} bytes")
        proposal = msgspec.json.decode(raw, type=Proposal)
        for each in proposal.changes:
            each.order()
    except OSError as error:
        raise FoundingError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise FoundingError(f"{path}: is no proposal: {error}") from None
    return proposal


def write_proposal(path: Path, proposal: Proposal) -> None:
    """Write it, in one step: the file is the old one or the new one."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(proposal)) + b"\n")
    beside.replace(path)
