"""Receipts: a node's signed word to clients, one per client and block, kept so that a retry is answered again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

import msgspec

from consensus.chain import Block
from consensus.vocabulary import Effects, Reply
from network.requests import Receipt, ReceiptEntry, receipt_bytes
from node.contracts.runtime import DUPLICATE, Execution
from node.mempool import Claim

KEPT_MAX = 100_000
"""Claims remembered; a claim older than that is not answered again."""

_Kept = tuple[int, bytes, tuple[ReceiptEntry, ...]]
"""Height, hash, and one client's entries of a block."""

_encode = msgspec.msgpack.Encoder(order="sorted").encode


class Receipts:
    """Makes receipts and remembers them by (client, number)."""

    def __init__(self, network: str, sign: Callable[[bytes], bytes]) -> None:
        self._network = network
        self._sign = sign
        self._kept: OrderedDict[Claim, _Kept] = OrderedDict()

    def record(self, block: Block, execution: Execution) -> list[Claim]:
        """Take note of what a block did; one claim of each client that it concerns, in order of first mention."""
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
        return [(client, entries[0].number) for client, entries in by_client.items()]

    def replies(self, claims: Iterable[Claim]) -> Effects:
        """The replies that cover ``claims``, all executed before; nothing for what is forgotten.

        One receipt covers all that its client has in a block, so claims of one block are answered once.
        """
        answers: dict[tuple[str, int], _Kept] = {}
        for client, number in claims:
            kept = self._kept.get((client, number))
            if kept is not None:
                answers[client, kept[0]] = kept
        return [Reply(client, self._signed(client, kept)) for (client, _), kept in answers.items()]

    def _signed(self, client: str, kept: _Kept) -> Receipt:
        height, block_hash, entries = kept
        signature = self._sign(receipt_bytes(self._network, client, height, block_hash, entries))
        return Receipt(client=client, height=height, block=block_hash, entries=entries, signature=signature)
