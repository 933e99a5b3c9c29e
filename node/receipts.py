"""Receipts: a node's signed word to clients, one per client and block, kept so that a retry is answered again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from consensus.chain import Block
from consensus.vocabulary import Effects, Reply
from network.gossip import Receipt, ReceiptEntry, receipt_bytes
from node.contracts.runtime import DUPLICATE, Execution

KEPT_MAX = 100_000

_encode = msgspec.msgpack.Encoder(order="sorted").encode


class Receipts:
    """Makes receipts and remembers them by (client, number)."""

    def __init__(self, network: str, sign: Callable[[bytes], bytes]) -> None:
        self._network = network
        self._sign = sign
        self._kept: OrderedDict[tuple[str, int], tuple[int, bytes, tuple[ReceiptEntry, ...]]] = OrderedDict()

    def record(self, block: Block, execution: Execution) -> list[str]:
        """Take note of what a block did; the clients that it concerns, in order of first mention."""
        by_client: dict[str, list[ReceiptEntry]] = {}
        for outcome in execution.outcomes:
            if outcome.code == DUPLICATE:
                continue  # what its number was used for has its receipt already
            entry = ReceiptEntry(
                number=outcome.number,
                transaction=outcome.transaction,
                code=outcome.code,
                output=_encode(outcome.output),
            )
            by_client.setdefault(outcome.client, []).append(entry)
        for client, entries in by_client.items():
            kept = (block.height, block.hash, tuple(entries))
            for entry in entries:
                self._kept[client, entry.number] = kept
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return list(by_client)

    def of_block(self, clients: list[str], execution: Execution) -> Effects:
        """The replies for a block just executed."""
        first = {outcome.client: outcome.number for outcome in reversed(execution.outcomes)}
        return [reply for client in clients for reply in self.again(client, first[client])]

    def again(self, client: str, number: int) -> Effects:
        """The reply that covers a transaction executed before; nothing where it is forgotten."""
        kept = self._kept.get((client, number))
        if kept is None:
            return []
        height, block_hash, entries = kept
        signature = self._sign(receipt_bytes(self._network, client, height, block_hash, entries))
        receipt = Receipt(client=client, height=height, block=block_hash, entries=entries, signature=signature)
        return [Reply(client, receipt)]
