"""What the state tree costs: ``python tests/benchmarks/bench_state_tree.py [KEYS ...]`` (default 10^4, 10^5, 10^6).

A block is 500 transactions that change 2 (or 4) keys each, all distinct and drawn at random. Beside every figure
stands its floor, measured in turn with it: *flat* is the cheapest that gives a root at all, a mutable array of 2^d
hashes, which knows no proof of absence, no insertion and no earlier version; *hashes* are the same hashes of constants
in a bare loop. Times are CPU time, the median of the blocks; on a busy machine look at the ratio.
"""

# ruff: noqa: T201 - a benchmark prints

from __future__ import annotations

import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from statistics import median
from typing import Any

import msgspec

from node.ledger.state_proof import INNER_PREFIX, LEAF_PREFIX
from node.ledger.state_tree import StateTree, encode_record, entry_path, verify_proof


class Account(msgspec.Struct, frozen=True):
    owner: str
    balance_fen: int


Changes = Mapping[tuple[str, str], Account | None]

BLOCKS = 30
BLOCK_TRANSACTIONS = 500
PROOFS = 500
_clock = time.process_time


class Flat:
    """The floor: a full binary tree in one list, in which an entry's place is the beginning of its path."""

    def __init__(self, keys: int) -> None:
        self.depth = (keys - 1).bit_length()
        self.hashes = [number.to_bytes(32, "big") for number in range(2 << self.depth)]
        self.hashed = 0

    def update(self, changes: Changes) -> None:
        dirty = set()
        for (namespace, key), record in changes.items():
            path = entry_path(namespace, key)
            place = 1 << self.depth | int.from_bytes(path[:4], "big") >> (32 - self.depth)
            value = sha256(encode_record(record or Account("", 0))).digest()
            self.hashes[place] = sha256(LEAF_PREFIX + path + value).digest()
            dirty.add(place >> 1)
        self.hashed += 3 * len(changes)
        hashes = self.hashes
        while dirty:
            self.hashed += len(dirty)
            for place in dirty:
                hashes[place] = sha256(INNER_PREFIX + hashes[2 * place] + hashes[2 * place + 1]).digest()
            dirty = {place >> 1 for place in dirty if place > 1}


def main() -> None:
    for keys in [int(argument) for argument in sys.argv[1:]] or [10_000, 100_000, 1_000_000]:
        _measure(keys, random.Random(7))


def _measure(keys: int, draw: random.Random) -> None:
    print(f"{keys} keys")
    begun = _clock()
    tree = StateTree.empty().update({("accounts", f"a{number}"): Account("o", number) for number in range(keys)})
    print(f"  build          {(_clock() - begun) / keys * 1e6:5.1f} us a key, in one update")
    flat = Flat(keys)
    for keys_each in (2, 4):
        size = min(BLOCK_TRANSACTIONS * keys_each, keys)
        blocks = [
            {
                ("accounts", f"a{number}"): Account("p", draw.randrange(10**9))
                for number in draw.sample(range(keys), size)
            }
            for _ in range(BLOCKS)
        ]
        tree = _updates(f"update 500 x {keys_each}", tree, flat, blocks)
    added: list[Changes] = [
        {("accounts", f"b{block}.{draw.randrange(10**9)}"): Account("q", 1) for _ in range(BLOCK_TRANSACTIONS * 2)}
        for block in range(BLOCKS)
    ]
    tree = _updates("insert 500 x 2", tree, flat, added)
    tree = _updates("remove 500 x 2", tree, flat, [dict.fromkeys(changes) for changes in added])
    single: list[Changes] = [{("accounts", f"a{draw.randrange(keys)}"): Account("r", number)} for number in range(300)]
    tree = _updates("update of one", tree, flat, single)
    wanted = [f"a{draw.randrange(keys)}" for _ in range(10_000)]
    begun = _clock()
    for key in wanted:
        tree.get("accounts", key)
    print(f"  get            {(_clock() - begun) / len(wanted) * 1e6:5.2f} us")
    begun = _clock()
    listed = sum(1 for _ in tree.items("accounts"))
    print(f"  iterate        {(_clock() - begun) / listed * 1e6:5.2f} us an entry, in order of key")
    _proofs("presence", tree, [f"a{draw.randrange(keys)}" for _ in range(PROOFS)])
    _proofs("absence", tree, [f"z{number}" for number in range(PROOFS)])
    if keys <= 100_000:
        print(f"  memory         {_memory(keys) / keys:5.0f} bytes a key, records included")


def _updates(what: str, tree: StateTree, flat: Flat, blocks: Iterable[Changes]) -> StateTree:
    ours, floor, ratio, hashes = [], [], [], []
    for changes in blocks:
        flat.hashed = 0
        floor.append(_spent(flat.update, changes) / len(changes))
        begun = _clock()
        tree = tree.update(changes)
        ours.append((_clock() - begun) / len(changes))
        hashes.append(_spent(_bare_hashes, flat.hashed) / len(changes))
        ratio.append(ours[-1] / max(floor[-1], 1e-9))
    figures = f"{median(ours) * 1e6:5.1f} us a key (least {min(ours) * 1e6:.1f})"
    bare = f"hashes {median(hashes) * 1e6:.1f} (least {min(hashes) * 1e6:.1f})"
    print(f"  {what:<14} {figures}; flat {median(floor) * 1e6:.1f} (least {min(floor) * 1e6:.1f}), {bare};", end=" ")
    print(f"{median(ratio):.2f} times flat")
    return tree


def _spent(work: Callable[[Any], object], argument: Any) -> float:
    begun = _clock()
    work(argument)
    return _clock() - begun


def _bare_hashes(count: int) -> None:
    preimage = bytes(65)
    for _ in range(count):
        sha256(preimage).digest()


def _proofs(what: str, tree: StateTree, keys: list[str]) -> None:
    begun = _clock()
    proofs = [tree.prove("accounts", key) for key in keys]
    proving = (_clock() - begun) / len(keys)
    values = [None if record is None else encode_record(record) for record in (tree.get("accounts", k) for k in keys)]
    begun = _clock()
    good = [verify_proof(tree.root, "accounts", key, *rest) for key, *rest in zip(keys, values, proofs, strict=True)]
    verifying = (_clock() - begun) / len(keys)
    if not all(good):
        sys.exit(f"a proof of {what} does not verify")
    sizes = [len(msgspec.msgpack.encode(proof)) for proof in proofs]
    print(
        f"  {what:<14} {sum(sizes) / len(sizes):5.0f} bytes a proof (most {max(sizes)}), "
        f"{proving * 1e6:.1f} us to make, {verifying * 1e6:.1f} us to verify"
    )


def _memory(keys: int) -> int:
    tracemalloc.start()
    tree = StateTree.empty().update({("accounts", f"a{number}"): Account("o", number) for number in range(keys)})
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return used if len(tree) == keys else 0


if __name__ == "__main__":
    main()
