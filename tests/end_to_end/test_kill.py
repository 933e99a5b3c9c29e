"""`kill -9` in the middle of a year of real spending: nothing acknowledged is lost or done twice, and the node returns.

Judged here from the run's files alone, with nothing of the program but what reads a node's database.
"""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256

import msgspec
import pytest

from consensus.protocols import protocol as entry_of
from network.codec import RecordCodec
from node.ledger.store import SqliteStore
from node.privacy.vault import VaultRecord
from node.process import NODE_SPACE
from node.replica import VAULT
from scenarios.cli import invoke
from tests.end_to_end.program import latest, started

pytestmark = pytest.mark.timeout(150)

KILLS = (
    "faults=[{after_commits: 10, crash: leader, restart_after: 1s}, "
    "{after_commits: 35, crash: follower, restart_after: 1s}]"
)
KILLED = re.compile(r"(\S+) is killed, back in 1 s")


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_a_leader_and_a_follower_are_killed_and_nothing_is_lost(tmp_path, capsys, protocol):
    options = ("--mode", "processes", "--protocol", protocol, "--set", "workload.0.population=200", "--set", KILLS)
    with started("run", "real_spending", *options, "--set", "run.clock.scale=1 day = 12 ms", cwd=tmp_path) as run:
        assert run.end(seconds=120) == (0, "")
    killed = [found[1] for event in run.events if (found := KILLED.fullmatch(event.get("line", "")))]
    assert len(killed) == 2
    results = latest(tmp_path, "real_spending")
    assert results.manifest["verdict"] == "pass"
    every_acknowledged_transaction_is_in_every_ledger_once(results)
    assert len(set(results.manifest["head"].values())) == 1
    lives = Counter(killed)
    assert {node: incarnation(results, node) for node in results.nodes} == {
        node: 1 + lives[node] for node in results.nodes
    }
    assert invoke(["verify", str(results.path)]) == 0
    assert "not sound" not in capsys.readouterr().err


def every_acknowledged_transaction_is_in_every_ledger_once(results):
    acknowledged = {line["in"]: line["out"]["height"] for line in results.history if line["return"] is not None}
    assert len(acknowledged) == len(results.history) > 150
    for node in results.nodes:
        places: dict[str, list[int]] = {}
        for block in results.ledger(node)[1:]:
            for raw in block["transactions"]:
                places.setdefault(identity(raw), []).append(block["header"]["height"])
        assert {identifier: [height] for identifier, height in acknowledged.items()} == places, node


def identity(raw: str) -> str:
    """A transaction's id as docs/ledger-format.md defines it: the hash of its body's msgpack encoding."""
    body, _signatures = msgspec.msgpack.decode(bytes.fromhex(raw))
    return sha256(msgspec.msgpack.encode(body)).hexdigest()


def incarnation(results, node: str) -> int:
    """How many lives a node had, from its own database."""
    codec = RecordCodec(entry_of(results.manifest["protocol"]).records, {NODE_SPACE: int, VAULT: VaultRecord})
    store = SqliteStore(results.path / "nodes" / node / "node.sqlite", codec)
    try:
        return store.load()[NODE_SPACE]["incarnation"]
    finally:
        store.close()
