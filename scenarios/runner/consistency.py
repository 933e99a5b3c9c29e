"""Is what clients were told linearizable? The contracts themselves, executed one transaction at a time, say so.

Every transaction and every read took effect at one instant between its call and its return: there must be an order of
all of them, each in its own time, in which the contracts give exactly the codes, outputs and records that clients
heard. That contracts do not depend on blocks (:mod:`node.contracts.runtime`, rule 4) is what lets one transaction after
the other stand for the network; whose key is in force does depend on the height, which is part of what a client was
told. The ledger's order is tried first, so a sound run is judged in one pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from node.assembly import Common
from node.contracts.runtime import OK, execute_block
from node.ledger.state_tree import StateTree, encode_record
from node.ledger.transaction import Transaction, decode_transaction
from node.membership import Directory, Verifier
from scenarios.linearizability import FOREVER, Operation, Stuck, linearize
from scenarios.results import Expectation
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.holdings import Holdings
from scenarios.runner.record import RunRecord
from scenarios.runner.workload import Step

NAME = "linearizable"

ORDERS_PER_OPERATION_MAX = 50
"""A history that needs more trials than this for each operation is not judged: the search may take for ever."""

_HEIGHT_BITS = 32
_encode = msgspec.msgpack.Encoder(order="sorted").encode


class TooManyOrdersError(Exception):
    """The search was given up."""


class _State:
    """A state tree that is known by its root, as the search remembers where it has been."""

    def __init__(self, tree: StateTree) -> None:
        self.tree = tree

    def __hash__(self) -> int:
        return hash(self.tree.root)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _State) and self.tree.root == other.tree.root

    def __repr__(self) -> str:
        return self.tree.root.hex()[:12]


class Contracts:
    """The network as one sequential object: what the contracts make of a transaction, what a read finds."""

    def __init__(self, directory: Directory, tree: StateTree, *, trials_max: int) -> None:
        self._directory = directory
        self._tree = tree
        self._trials_left = trials_max
        self._decoded = cache(decode_transaction)
        self._verifier = Verifier()

    def initial(self) -> _State:
        return _State(self._tree)

    def apply(self, state: _State, operation: Operation) -> _State | None:
        """The state after ``operation``; None where it is not what its client heard. TooManyOrdersError gives up."""
        self._trials_left -= 1
        if self._trials_left < 0:
            raise TooManyOrdersError
        if operation.action == "read":
            return state if not operation.known or operation.output == self._found(state, operation) else None
        _, raw, height = operation.arguments
        transaction: Transaction = self._decoded(raw)
        execution = execute_block(
            state.tree, self._directory, [transaction], height=height, verify=self._verifier.verify
        )
        (outcome,) = execution.outcomes
        if operation.known and operation.output != (outcome.code, _encode(outcome.output)):
            return None
        return _State(execution.tree)

    @staticmethod
    def _found(state: _State, operation: Operation) -> tuple[str, bytes]:
        _, namespace, key = operation.arguments
        record = state.tree.get(namespace, key)
        return OK, _encode(None if record is None else msgspec.msgpack.decode(encode_record(record)))


def linearizable(record: RunRecord, highest: Holdings, common: Common) -> Expectation:
    """Judge all that the clients of a run heard. ``highest`` holds the longest ledger."""
    operations = list(_operations(record, highest))
    trials_max = ORDERS_PER_OPERATION_MAX * len(operations)
    try:
        found = linearize(operations, Contracts(common.directory, common.genesis_tree, trials_max=trials_max))
    except TooManyOrdersError:
        return Expectation(NAME, "inconclusive", f"no order was found in {trials_max:,} trials")
    if isinstance(found, Stuck):
        refused = ", ".join(operation.arguments[0] for operation in found.refused[:3])
        detail = f"no order explains what clients heard: after {len(found.order)} steps none can come next of {refused}"
        return Expectation(NAME, "fail", detail)
    reads = sum(operation.action == "read" for operation in operations)
    return Expectation(NAME, "pass", f"{len(operations) - reads} transactions and {reads} reads have an order")


def _operations(record: RunRecord, highest: Holdings) -> Iterator[Operation]:
    """The history, each with its place in the ledger as a hint. What a read was refused says nothing of the state."""
    places = _places(highest)
    for item in record.acknowledged:
        yield _operation(item, (item.code, _encode(item.output)), places.get(item.step.transaction_id, FOREVER))
    for item in record.answered:
        if item.code == OK:
            after = (item.height + 1 << _HEIGHT_BITS) - 1
            yield _operation(item, (OK, _encode(item.output)), after)
    for lost in record.unacknowledged:
        if lost.step.query is None:
            place = places.get(lost.step.transaction_id, FOREVER)
            yield Operation(
                client=lost.step.client,
                action="transact",
                arguments=_asked(lost.step, None if place == FOREVER else place >> _HEIGHT_BITS),
                called=lost.called_ns,
                hint=place,
            )


def _operation(item: Acknowledged, heard: tuple[str, bytes], hint: int) -> Operation:
    return Operation(
        client=item.step.client,
        action="transact" if item.step.query is None else "read",
        arguments=_asked(item.step, item.height),
        called=item.called_ns,
        output=heard,
        returned=item.returned_ns,
        hint=hint,
    )


def _asked(step: Step, height: int | None) -> tuple[Any, ...]:
    """What was asked; of a transaction, with the height at which it stands, if it stands anywhere."""
    return (step.id, step.raw, height) if step.query is None else (step.id, *step.query)


def _places(held: Holdings) -> dict[bytes, int]:
    """Where each transaction stands in the ledger, as one number that ascends."""
    return {
        decode_transaction(raw).id: (height << _HEIGHT_BITS) + index
        for height in range(1, held.chain.height + 1)
        for index, raw in enumerate(held.chain.entry(height).block.transactions)
    }
