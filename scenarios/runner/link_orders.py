"""Which link faults are in force, and what each node's bus adapter must therefore do.

Faults are injected where frames arrive: a frame that a cut forbids is dropped by its receiver, a late one is held
there. So they work over any broker, and mean the same as in the virtual world. The links' own loss and doubling, as
the scenario has them, are injected likewise; their latency is not, for real links have one of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from consensus.vocabulary import NodeId
from network.virtual.links import Links

_MILLION = 1_000_000


class _Order(msgspec.Struct, frozen=True):
    one: tuple[NodeId, ...]
    other: tuple[NodeId, ...] = ()
    loss_ppm: int = 0
    delay_ns: int = 0
    cuts: bool = False
    one_way: bool = False


class LinkOrders:
    """The orders in force, by number, on top of what the ``links`` are like anyway."""

    def __init__(self, nodes: int, links: Links) -> None:
        self._nodes = nodes
        self._links = links
        self._orders: dict[int, _Order] = {}
        self._next = 0

    def cut(self, one: tuple[NodeId, ...], other: tuple[NodeId, ...], *, one_way: bool = False) -> int:
        """No frame between ``one`` and ``other`` (empty: all others); ``one_way``: from ``one`` alone."""
        return self._add(_Order(one=one, other=other, cuts=True, one_way=one_way))

    def worsen(self, nodes: tuple[NodeId, ...], loss_ppm: int, delay_ns: int) -> int:
        """Frames from and to ``nodes`` (empty: all) get lost or late."""
        return self._add(_Order(one=nodes, loss_ppm=loss_ppm, delay_ns=delay_ns))

    def end(self, order: int) -> None:
        self._orders.pop(order, None)

    def for_node(self, node: NodeId, names: Sequence[str]) -> dict[str, Any]:
        """``cut``: peers that are cut off; ``rules``: by peer, what befalls its frames."""
        cut: list[str] = []
        rules: dict[str, dict[str, int]] = {}
        for sender in range(self._nodes):
            if sender == node:
                continue
            link = self._links.link(sender, node)
            kept, late = _MILLION - link.loss_ppm, 0
            if (down := self._links.beyond(node)) is not None:  # in a star it may get lost on either link
                kept = kept * (_MILLION - down.loss_ppm) // _MILLION
            for order in self._orders.values():
                if order.cuts:
                    if self._severs(order, sender, node):
                        cut.append(names[sender])
                        break
                elif not order.one or sender in order.one or node in order.one:
                    kept = kept * (_MILLION - order.loss_ppm) // _MILLION
                    late += order.delay_ns
            if kept < _MILLION or late or link.duplicate_ppm:
                lost = _MILLION - kept
                rules[names[sender]] = {"loss_ppm": lost, "delay_ns": late, "duplicate_ppm": link.duplicate_ppm}
        return {"cut": cut, "rules": rules}

    def _add(self, order: _Order) -> int:
        self._next += 1
        self._orders[self._next] = order
        return self._next

    @staticmethod
    def _severs(order: _Order, sender: NodeId, receiver: NodeId) -> bool:
        def across(left: NodeId, right: NodeId) -> bool:
            return left in order.one and (right in order.other if order.other else right not in order.one)

        return across(sender, receiver) or (not order.one_way and across(receiver, sender))
