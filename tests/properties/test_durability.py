from __future__ import annotations

import msgspec
import pytest

from consensus.chain import BLOCKS
from consensus.properties import Durability, Violation
from consensus.vocabulary import Cut, Drop, Put, Reply, Send
from tests.properties.blocks import chain


class Receipt(msgspec.Struct, frozen=True):
    height: int


def stored(oracle: Durability, node: int, *blocks) -> None:
    for block in blocks:
        oracle.on_durable(1, node, 1, (Put(BLOCKS, block.height, block),), {})


def test_blocks_stored_height_by_height_and_found_again_are_fine() -> None:
    oracle, blocks = Durability(), chain(3)
    stored(oracle, 0, *blocks)
    oracle.on_start(2, 0, 2, {BLOCKS: {block.height: block for block in blocks}})
    assert oracle.heads[0][0] == 3


@pytest.mark.parametrize(
    "record", [Cut(BLOCKS, 2), Drop(BLOCKS, 2), Put(BLOCKS, 1, chain(1)[0]), Put(BLOCKS, 4, chain(4)[3])]
)
def test_taking_back_overwriting_or_skipping_blocks_is_a_violation(record) -> None:
    oracle = Durability()
    stored(oracle, 0, *chain(2))
    with pytest.raises(Violation, match="durability"):
        oracle.on_durable(2, 0, 1, (record,), {})


@pytest.mark.parametrize("found", [{}, {BLOCKS: {1: chain(1)[0]}}, {BLOCKS: dict(enumerate(chain(2, mark="x"), 1))}])
def test_a_restart_that_lost_or_changed_a_durable_block_is_a_violation(found) -> None:
    oracle = Durability()
    stored(oracle, 0, *chain(2))
    with pytest.raises(Violation, match=r"height 2 is gone or changed at the restart of node 0\.2"):
        oracle.on_start(5, 0, 2, found)


def test_other_spaces_are_the_protocol_s_own_business() -> None:
    oracle = Durability()
    oracle.on_durable(1, 0, 1, (Put("raft.log", 7, "x"), Cut("raft.log", 3), Drop("raft.log", 1)), {})
    assert oracle.heads == {}


def test_a_reply_leaves_only_when_its_height_is_durable() -> None:
    oracle, (one, two) = Durability(), chain(2)
    stored(oracle, 0, one)
    oracle.on_leave(1, 0, 1, Reply("c", Receipt(1)), {BLOCKS: {1: one}})
    oracle.on_leave(1, 0, 1, Send(1, Receipt(2)), {BLOCKS: {1: one}})
    assert oracle.acknowledged == 1
    with pytest.raises(Violation, match="tells c of height 2"):
        oracle.on_leave(1, 0, 1, Reply("c", Receipt(two.height)), {BLOCKS: {1: one}})
