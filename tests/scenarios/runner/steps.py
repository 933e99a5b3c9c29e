"""Workloads and receipts for the runner's tests, on the small network of ``tests/node/lab.py``."""

from __future__ import annotations

import msgspec

from network.requests import Receipt, ReceiptEntry, receipt_bytes
from scenarios.runner.workload import Step, Workload
from tests.node.lab import KEYS, MEMBERS, NETWORK, transaction, transfer


def step(number=1, client="ann", *, at_ns=0, after=(), expect="ok", **details):
    """The step ``client/number``, a transfer of one fen."""
    return Step(
        id=f"{client}/{number}",
        client=client,
        number=number,
        raw=transfer(number, client),
        transaction_id=transaction(number, client).id,
        at_ns=at_ns,
        after=after,
        expect=expect,
        **details,
    )


def workload(*steps):
    return Workload(steps=tuple(steps))


def receipt(*steps, node=0, height=1, code="ok", output=None, key=None, **forged):
    """What ``node`` says of one client's ``steps``, all in one block; ``key`` names whose key really signs."""
    entries = tuple(
        ReceiptEntry(
            number=s.number,
            transaction=forged.get("transaction", s.transaction_id),
            code=code,
            output=forged.get("raw_output", msgspec.msgpack.encode(output)),
        )
        for s in steps
    )
    client, block = forged.get("client", steps[0].client), bytes(32)
    data = receipt_bytes(forged.get("network", NETWORK), client, height, block, entries)
    return Receipt(client, height, block, entries, KEYS.sign(key or MEMBERS[node])(data))
