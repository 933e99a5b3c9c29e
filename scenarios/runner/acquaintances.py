"""Whom the wallets of a run know: nodes, by the keys that speak for them as far as the wallets have heard.

They begin with the genesis, and carry out every change of the registry that their own receipts say was executed, by the
registry's own rule and in its own order: receipts may come in another. A node that was certified is heard from then on,
one that was revoked no longer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec

from consensus.vocabulary import NodeId
from node.ledger.records import Record
from node.ledger.transaction import TransactionError, decode_transaction
from node.membership import Founding, Order, OrderError, Registry, RegistryRefusal, carry_out, decode_order, verify
from node.membership.changes import REGISTRY

_MARK = msgspec.msgpack.encode(REGISTRY)


class Acquaintances:
    """Follows the registry. ``voters`` gives whose word counts now, as :class:`~scenarios.runner.electors.Electors`."""

    def __init__(self, founding: Founding, voters: Callable[[], Collection[NodeId]]) -> None:
        self._voters = voters
        self._records: dict[tuple[str, str], Record] = {}
        self._early: dict[int, tuple[str, Order, int]] = {}  # by sequence: what is carried out after what is to come
        self._height = 0
        self._found: dict[str, Mapping[bytes, NodeId]] = {}
        self._found_for: tuple[int, Collection[NodeId]] = (-1, ())
        self.registry = Registry(founding, lambda namespace, key: self._records.get((namespace, key)))

    def executed(self, raw: bytes, height: int) -> None:
        """That transaction was carried out at ``height``."""
        self._height = max(self._height, height)
        if _MARK not in raw:
            return  # most, told without decoding them
        try:
            body = decode_transaction(raw).body
            if body.contract != REGISTRY:
                return
            order = decode_order(body.action, body.arguments)
        except (TransactionError, OrderError):
            return  # nothing that a correct network carries out
        self._early[order.sequence] = (body.action, order, height)
        while (change := self._early.pop(self.registry.sequence, None)) is not None:
            try:
                self._records |= carry_out(self.registry, *change, verify)
                self._found_for = (-1, ())
            except RegistryRefusal:
                return

    def name(self, node: NodeId) -> str:
        """What a node is called on the bus. KeyError for one that is not certified."""
        member = self.registry.member(node)
        if member is None:
            raise KeyError(node)
        return member.name

    def keys_of(self, name: str) -> Mapping[bytes, NodeId]:
        """Each key that speaks for a node of that name, and the node's number; none for a stranger.

        The nodes' own rule (:mod:`node.door`): the keys of those that decide, and of the last one that is in force.
        """
        now = (self._height, self._voters())
        if now != self._found_for:
            self._found, self._found_for = {}, now
        if name not in self._found:
            found = self._find(name, now[1])
            if not found:
                return found  # strangers are not kept
            self._found[name] = found
        return self._found[name]

    def _find(self, name: str, voters: Collection[NodeId]) -> Mapping[bytes, NodeId]:
        numbers = self.registry.numbers_of(name)
        heard = [number for number in numbers if number in voters]
        heard += [number for number in reversed(numbers) if self._in_force(number)][:1]
        keys = {number: self.registry.member_key(number) for number in heard}
        return {key: number for number, key in keys.items() if key is not None}

    def _in_force(self, number: NodeId) -> bool:
        member = self.registry.member(number)
        return member is not None and member.certificate.standing(self._height + 1) is None
