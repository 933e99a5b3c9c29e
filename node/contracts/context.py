"""What a contract's action sees of the world: its arguments' signers, the business time, and the state.

Everything an action may depend on is here, so that it comes out the same at every node. A refusal undoes all that
the transaction did; its code goes into the receipt.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeVar

import msgspec

from node.contracts.fields import Record
from node.ledger.state_tree import StateTree
from node.privacy.envelope import Envelope

OPERATIONS_MAX = 500_000
"""Reads, writes and entries walked over that one transaction may use."""

KEY_CHARACTERS_MAX = 256

RecordT = TypeVar("RecordT", bound=Record)

Plain = None | bool | int | str | tuple["Plain", ...] | dict[str, "Plain"]
"""What an output or an event may hold; maps are kept with ascending keys."""

Changes = dict[tuple[str, str], Record | None]


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The contract says no. ``code`` is for machines (lower case, underscores), ``detail`` for people."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Event(msgspec.Struct, frozen=True, array_like=True):
    """Something that happened on the chain, for those who watch: a reminder to send, a claim paid."""

    kind: str
    values: dict[str, Plain]


class Roles(Protocol):
    """What a contract may ask of the directory."""

    def role(self, name: str) -> str | None: ...


class BlockState:
    """A tree and the changes that the transactions of one block have made so far."""

    def __init__(self, tree: StateTree) -> None:
        self.tree = tree
        self.changes: Changes = {}

    def get(self, namespace: str, key: str) -> Record | None:
        place = (namespace, key)
        if place in self.changes:
            return self.changes[place]
        found: Record | None = self.tree.get(namespace, key)
        return found


class Context:
    """One transaction's view. ``changes`` is what it wrote; the runtime keeps or drops it as a whole."""

    def __init__(  # noqa: PLR0913 - the facts of one transaction
        self,
        state: BlockState,
        roles: Roles,
        *,
        client: str,
        number: int,
        signers: tuple[str, ...],
        time_ms: int,
    ) -> None:
        self._state = state
        self._roles = roles
        self._operations = 0
        self.client = client
        self.number = number
        self.signers = signers
        self.time_ms = time_ms
        self.role = roles.role(client) or ""
        self.changes: Changes = {}
        self.events: list[Event] = []
        self.envelopes: list[Envelope] = []

    @property
    def object_id(self) -> str:
        """The id of the object that this transaction makes."""
        return f"{self.client}/{self.number}"

    # --- state

    def get(self, kind: type[RecordT], key: str) -> RecordT | None:
        """The record of that type at ``key``, or None."""
        self._spend(1)
        place = (kind.namespace, key)
        found = self.changes[place] if place in self.changes else self._state.get(*place)
        if found is not None and not isinstance(found, kind):
            raise TypeError(f"{place} holds {type(found).__name__}, not {kind.__name__}")
        return found

    def find(self, kind: type[RecordT], key: str) -> RecordT:
        """The record at ``key``; refused with "unknown_<type>" where there is none."""
        found = self.get(kind, key)
        if found is None:
            raise Refusal(f"unknown_{_snake(kind.__name__)}", key)
        return found

    def put(self, key: str, record: Record) -> None:
        """Let ``record`` stand at ``key`` in its type's namespace."""
        self._spend(1)
        if not 0 < len(key) <= KEY_CHARACTERS_MAX:
            raise ValueError(f"a key of {len(key)} characters")
        self.changes[record.namespace, key] = record

    def delete(self, kind: type[Record], key: str) -> None:
        self._spend(1)
        self.changes[kind.namespace, key] = None

    def items(self, kind: type[RecordT], prefix: str = "") -> Iterator[tuple[str, RecordT]]:
        """(key, record) of that type in ascending order of key; each costs one operation."""
        namespace = kind.namespace
        newer = {
            key: record
            for changes in (self._state.changes, self.changes)
            for (space, key), record in changes.items()
            if space == namespace and key.startswith(prefix)
        }
        base = self._state.tree.items(namespace, prefix)
        for key, record in _merge(base, newer):
            self._spend(1)
            if not isinstance(record, kind):
                raise TypeError(f"{namespace} holds {type(record).__name__}, not {kind.__name__}")
            yield key, record

    # --- rules

    def require(self, condition: bool, code: str, detail: str = "") -> None:
        """Refuse the transaction with ``code`` unless ``condition`` holds."""
        if not condition:
            raise Refusal(code, detail)

    def require_signed(self, name: str) -> None:
        """Refuse unless ``name`` signed this transaction, as client or co-signer."""
        self.require(name in self.signers, "signature_missing", name)

    def role_of(self, name: str) -> str | None:
        """The role of a client of this network; None for a stranger."""
        return self._roles.role(name)

    def require_role(self, name: str, role: str) -> None:
        """Refuse unless ``name`` is a client of that role."""
        self.require(self.role_of(name) == role, "wrong_role", f"{name} is not of role {role}")

    # --- what it tells others

    def emit(self, kind: str, **values: Plain) -> None:
        """Tell those who watch; never a diagnosis, never a treaty's terms."""
        self._spend(1)
        self.events.append(Event(kind=kind, values=dict(sorted(values.items()))))

    def carry(self, envelope: Envelope, record: str) -> None:
        """Hand a sealed payload on to the parties' vaults; it must be sealed for ``record``."""
        self.require(envelope.record == record, "envelope_mismatch", f"sealed for {envelope.record}, not {record}")
        self.envelopes.append(envelope)

    def _spend(self, operations: int) -> None:
        self._operations += operations
        if self._operations > OPERATIONS_MAX:
            raise Refusal("budget_exceeded", f"more than {OPERATIONS_MAX} operations")


def _merge(base: Iterator[tuple[str, Record]], newer: dict[str, Record | None]) -> Iterator[tuple[str, Record]]:
    if not newer:
        yield from base
        return
    merged: dict[str, Record | None] = {**dict(base), **newer}
    for key in sorted(merged):
        record = merged[key]
        if record is not None:
            yield key, record


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
