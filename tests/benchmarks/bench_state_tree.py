"""What an update of the state tree costs: ``python tests/benchmarks/bench_state_tree.py [KEYS]`` (default 100000)."""

# ruff: noqa: T201 - a benchmark prints

from __future__ import annotations

import random
import sys
import time

import msgspec

from node.ledger.state_tree import StateTree, encode_record, verify_proof


class Account(msgspec.Struct, frozen=True):
    owner: str
    balance_fen: int


BLOCK_KEYS = 500
BLOCKS = 40


def main() -> None:
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    draw = random.Random(7)
    tree = StateTree.empty()
    begun = time.process_time()
    for start in range(0, keys, 10_000):
        tree = tree.update({("accounts", f"a{i}"): Account("o", i) for i in range(start, min(start + 10_000, keys))})
    print(f"build       {keys} keys: {time.process_time() - begun:.2f} s CPU")

    blocks = [
        {("accounts", f"a{draw.randrange(keys)}"): Account("p", i) for i in range(BLOCK_KEYS)} for _ in range(BLOCKS)
    ]
    begun = time.process_time()
    for changes in blocks:
        tree = tree.update(changes)
    spent = time.process_time() - begun
    print(f"update      {spent / sum(map(len, blocks)) * 1e6:.1f} us CPU per distinct key in {BLOCK_KEYS}-key updates")

    fresh = [{("accounts", f"b{b}.{i}"): Account("q", i) for i in range(BLOCK_KEYS)} for b in range(BLOCKS)]
    begun = time.process_time()
    for changes in fresh:
        tree = tree.update(changes)
    spent = time.process_time() - begun
    print(f"insert      {spent / (BLOCKS * BLOCK_KEYS) * 1e6:.1f} us CPU per new key in {BLOCK_KEYS}-key updates")

    begun = time.process_time()
    for _ in range(1000):
        tree = tree.update({("accounts", f"a{draw.randrange(keys)}"): Account("r", 1)})
    print(f"single      {(time.process_time() - begun) / 1000 * 1e6:.1f} us CPU per update of one key")

    wanted = [f"a{draw.randrange(keys)}" for _ in range(10_000)]
    begun = time.process_time()
    for key in wanted:
        tree.get("accounts", key)
    print(f"get         {(time.process_time() - begun) / len(wanted) * 1e6:.2f} us CPU")

    key = wanted[0]
    proof = tree.prove("accounts", key)
    record = tree.get("accounts", key)
    if record is None or not verify_proof(tree.root, "accounts", key, encode_record(record), proof):
        sys.exit("the proof does not verify")
    print(f"proof       {len(proof.siblings)} siblings, {len(msgspec.msgpack.encode(proof))} bytes")


if __name__ == "__main__":
    main()
