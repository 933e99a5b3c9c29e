"""What oracles say of snapshots: of which state, in which order, and what is durable then."""

from __future__ import annotations

import msgspec
import pytest

from consensus.chain import BLOCKS
from consensus.configuration import Configuration
from consensus.properties import Agreement, Durability, Violation
from consensus.properties.raft import RaftSafety
from consensus.raft.messages import AppendSuccess, InstallSnapshot
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot
from consensus.vocabulary import Commit, Install, Put, Reply, Send, Trace
from tests.properties.blocks import GENESIS, chain

FIVE = chain(5)
VOTERS = Configuration(voters=(0, 1, 2))


class Told(msgspec.Struct, frozen=True):
    height: int


def snapshot_at(height: int, *, mark: str = "", state: bytes = bytes(32)) -> Snapshot:
    return Snapshot(chain(height, mark=mark)[-1].header, VOTERS, (state,))


def install(snapshot: Snapshot, *chunks: bytes) -> Install:
    return Install(snapshot.height, snapshot, chunks or (b"state",))


def disk_with(snapshot: Snapshot) -> dict:
    return {SNAPSHOT: {MANIFEST: snapshot}}


def decided(height: int) -> Agreement:
    oracle = Agreement(GENESIS)
    for node in (0, 1):
        oracle.on_start(0, node, 1, {})
    for block in FIVE[:height]:
        oracle.on_commit(1, 0, 1, Commit(block.height, block, None))
    return oracle


def test_a_snapshot_of_a_decided_block_lets_its_node_go_on_above_it() -> None:
    oracle = decided(5)
    oracle.on_install(2, 1, 1, install(snapshot_at(4)))
    oracle.on_commit(3, 1, 1, Commit(5, FIVE[4], None))
    assert oracle.heights[1] == 5


@pytest.mark.parametrize(
    ("snapshot", "property_"),
    [(snapshot_at(5, mark="x"), "agreement"), (snapshot_at(5), "agreement"), (snapshot_at(2), "order")],
)
def test_what_nobody_decided_and_what_is_older_must_not_be_installed(snapshot, property_) -> None:
    oracle = decided(4)
    oracle.on_install(2, 1, 1, install(snapshot_at(2)))
    with pytest.raises(Violation, match=property_):
        oracle.on_install(3, 1, 1, install(snapshot))


def test_a_restart_begins_above_its_snapshot() -> None:
    oracle = decided(5)
    oracle.on_start(2, 1, 2, disk_with(snapshot_at(4)))
    assert oracle.heights[1] == 4
    with pytest.raises(Violation, match="agreement"):
        oracle.on_start(2, 1, 3, disk_with(snapshot_at(4, mark="x")))


def test_durable_blocks_go_on_above_a_snapshot_and_may_be_filled_in_below() -> None:
    oracle = Durability()
    oracle.on_durable(1, 0, 1, (Put(SNAPSHOT, MANIFEST, snapshot_at(3)),), {})
    for height in (4, 2, 3, 5):
        oracle.on_durable(1, 0, 1, (Put(BLOCKS, height, FIVE[height - 1]),), {})
    oracle.on_leave(2, 0, 1, Reply("client", Told(2)), disk_with(snapshot_at(3)))
    with pytest.raises(Violation, match="durability"):
        oracle.on_leave(2, 0, 1, Reply("client", Told(4)), disk_with(snapshot_at(3)))
    with pytest.raises(Violation, match="durability"):
        oracle.on_durable(1, 0, 1, (Put(BLOCKS, 7, FIVE[4]),), {})


def test_a_restart_without_its_durable_snapshot_is_a_violation() -> None:
    oracle = Durability()
    oracle.on_durable(1, 0, 1, (Put(SNAPSHOT, MANIFEST, snapshot_at(3)),), {})
    oracle.on_start(2, 0, 2, disk_with(snapshot_at(3)))
    with pytest.raises(Violation, match="height 3 is gone"):
        oracle.on_start(3, 0, 3, {})


def raft() -> RaftSafety:
    oracle = RaftSafety((0, 1, 2))
    for node in range(3):
        oracle.on_start(0, node, 1, {})
    return oracle


def test_one_height_has_one_state() -> None:
    oracle = raft()
    oracle.on_leave(1, 0, 1, Send(2, InstallSnapshot(1, snapshot_at(4))), {})
    oracle.on_install(2, 2, 1, install(snapshot_at(4)))
    with pytest.raises(Violation, match=r"snapshot: .*offered by node 1\.1 .*offered by node 0\.1"):
        oracle.on_leave(3, 1, 1, Send(2, InstallSnapshot(2, snapshot_at(4, state=b"o" * 32))), {})


def test_what_is_installed_has_the_same_chunks_everywhere() -> None:
    oracle = raft()
    oracle.on_install(2, 2, 1, install(snapshot_at(4), b"state"))
    with pytest.raises(Violation, match="other chunks"):
        oracle.on_install(3, 1, 1, install(snapshot_at(4), b"another"))


def test_a_snapshot_stands_for_the_entries_that_it_covers() -> None:
    oracle = raft()
    acknowledged = Send(0, AppendSuccess(1, 4, None, 0))
    oracle.on_leave(1, 2, 1, acknowledged, disk_with(snapshot_at(4)))
    with pytest.raises(Violation, match="durable log"):
        oracle.on_leave(1, 2, 1, acknowledged, disk_with(snapshot_at(3)))


def test_a_leader_need_not_hold_what_its_snapshot_covers() -> None:
    oracle = raft()
    for node in (0, 1):
        oracle.on_durable(1, node, 1, (), {BLOCKS: {block.height: block for block in FIVE}})
    for block in FIVE[:4]:
        oracle.on_commit(2, 0, 1, Commit(block.height, block, None))
    oracle.on_install(3, 2, 1, install(snapshot_at(4)))
    oracle.on_trace(4, 2, 1, Trace("raft.role", ("leader", 5)))
    with pytest.raises(Violation, match="leader completeness"):
        oracle.on_trace(4, 1, 1, Trace("raft.role", ("leader", 6)))
