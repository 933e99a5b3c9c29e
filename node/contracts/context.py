"""What a contract's action sees of the world: its arguments' signers, the business time, and the state.

Everything an action may depend on is here, so that it comes out the same at every node. A refusal undoes all that
the transaction did; its code goes into the receipt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Protocol, TypeVar

import msgspec

from node.contracts.events import Event, EventKind, Plain, canonical
from node.contracts.fields import Record
from node.contracts.identities import Identities
from node.contracts.overlay import Overlay, walk
from node.ledger.state_tree import StateTree, encode_record
from node.privacy.envelope import Envelope

__all__ = ["BlockState", "Context", "Event", "EventKind", "Plain", "Refusal", "Roles"]

OPERATIONS_MAX = 500_000
"""Reads, writes and entries walked over that one transaction may use; writing a record costs one a KiB more."""

WALK_OPERATIONS = 8
"""What beginning a walk costs, whatever it meets."""

RECORD_BYTES_MAX = 256 * 1024
OUTPUT_BYTES_MAX = 64 * 1024
"""Of an action's result; and of all its events together."""

KEY_CHARACTERS_MAX = 256

RecordT = TypeVar("RecordT", bound=Record)

_encode = msgspec.msgpack.Encoder().encode


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The contract says no. ``code`` is for machines (lower case, underscores), ``detail`` for people."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Roles(Protocol):
    """What a contract may ask of the directory."""

    def role(self, name: str) -> str | None: ...


class BlockState:
    """A tree and the changes that the transactions of one block have made so far."""

    def __init__(self, tree: StateTree) -> None:
        self.tree = tree
        self.changes = Overlay()

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
        chain: Identities | None = None,
    ) -> None:
        self._state = state
        self._roles = roles
        self._chain = chain
        self._operations = 0
        self._told = 0
        self._contract = ""
        self._kinds: Mapping[str, EventKind] = {}
        self.client = client
        self.number = number
        self.signers = signers
        self.time_ms = time_ms
        self.role = roles.role(client) or ""
        self.changes = Overlay()
        self.events: list[Event] = []
        self.envelopes: list[Envelope] = []

    @property
    def object_id(self) -> str:
        """The id of the object that this transaction makes."""
        return f"{self.client}/{self.number}"

    @property
    def chain(self) -> Identities:
        """The block's height and the registry, for a contract that declares to read them; TypeError for any other."""
        if self._chain is None:
            raise TypeError("only a contract that declares it reads the chain; all others come out alike in any block")
        return self._chain

    # --- state

    def get(self, kind: type[RecordT], key: str) -> RecordT | None:
        """The record of that type at ``key``, or None."""
        self._spend(1)
        place = (kind.namespace, key)
        found = self.changes[place] if place in self.changes else self._state.get(*place)
        if found is not None and not isinstance(found, kind):
            raise TypeError(f"{place} holds {type(found).__name__}, not {kind.__name__}")
        return found

    def before(self, kind: type[RecordT], key: str) -> RecordT | None:
        """The record of that type at ``key`` as it was before this transaction, or None."""
        self._spend(1)
        found = self._state.get(kind.namespace, key)
        return found if isinstance(found, kind) else None

    def find(self, kind: type[RecordT], key: str) -> RecordT:
        """The record at ``key``; refused with "unknown_<type>" where there is none."""
        found = self.get(kind, key)
        if found is None:
            raise Refusal(f"unknown_{_snake(kind.__name__)}", key)
        return found

    def put(self, key: str, record: Record) -> None:
        """Let ``record`` stand at ``key`` in its type's namespace. Refused with "key_too_long"; ValueError for none."""
        self._spend(1)
        if not key:
            raise ValueError(f"a record of {record.namespace} without a key")
        self.require(len(key) <= KEY_CHARACTERS_MAX, "key_too_long", f"{record.namespace}: {len(key)} characters")
        self.changes[record.namespace, key] = record

    def delete(self, kind: type[Record], key: str) -> None:
        self._spend(1)
        self.changes[kind.namespace, key] = None

    def items(self, kind: type[RecordT], prefix: str = "") -> Iterator[tuple[str, RecordT]]:
        """(key, record) of that type in ascending order of key; each costs an operation, and beginning some."""
        namespace = kind.namespace
        self._spend(WALK_OPERATIONS)
        for key, record in walk(self._state.tree, (self.changes, self._state.changes), namespace, prefix):
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
        """Tell those who watch; never a diagnosis, never a treaty's terms.

        ValueError where the contract declares no such kind, KeyError where a party is not among the values.
        """
        self._spend(1)
        declared = self._kinds.get(kind)
        if declared is None:
            raise ValueError(f"contract {self._contract or 'none'} declares no event {kind}")
        event = declared.event(self._contract, values)
        self._told += len(_encode(event.values))
        if self._told > OUTPUT_BYTES_MAX:
            raise Refusal("budget_exceeded", f"events of more than {OUTPUT_BYTES_MAX} bytes")
        self.events.append(event)

    def carry(self, envelope: Envelope, record: str) -> None:
        """Hand a payload on to its parties; it must be enclosed for ``record``, and its fields be in order."""
        self.require(envelope.record == record, "envelope_mismatch", f"enclosed for {envelope.record}, not {record}")
        ascending = all(one < other for (one, _), (other, _) in pairwise(envelope.commitments))
        self.require(ascending, "envelope_malformed", "a field twice, or not in ascending order")
        self.envelopes.append(envelope)

    def act_for(self, contract: str, kinds: Mapping[str, EventKind]) -> None:
        """The runtime says whose action runs: what it emits is that contract's, of the ``kinds`` that it declares."""
        self._contract = contract
        self._kinds = kinds

    def finish(self, output: Any) -> Plain:
        """The action is done, with that result: the result as it goes into the receipt, if all is within bounds."""
        told = canonical(output)
        if len(_encode(told)) > OUTPUT_BYTES_MAX:
            raise Refusal("budget_exceeded", f"a result of more than {OUTPUT_BYTES_MAX} bytes")
        for (namespace, key), record in self.changes.items():
            size = 0 if record is None else len(encode_record(record))
            if size > RECORD_BYTES_MAX:
                raise Refusal("record_too_large", f"{namespace} {key}: {size} bytes; at most {RECORD_BYTES_MAX}")
            self._spend(size // 1024)
        return told

    def _spend(self, operations: int) -> None:
        self._operations += operations
        if self._operations > OPERATIONS_MAX:
            raise Refusal("budget_exceeded", f"more than {OPERATIONS_MAX} operations")


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
