"""A hostile bus: a slice of what ``tests/benchmarks/bench_hostile_bus.py`` does a million times."""

import asyncio

import pytest

from tests.node.hostile_bus import REASONS, besiege, storm
from tests.node.hostile_frames import KINDS

COUNT = 10_000
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def siege(tmp_path_factory):
    return asyncio.run(besiege(tmp_path_factory.mktemp("siege"), COUNT))


def test_every_kind_of_frame_was_tried(siege):
    assert sum(siege.sent.values()) == COUNT
    assert siege.sent.keys() == {*KINDS, "lie_by_a_member"}


def test_the_state_is_what_it_was(siege):
    """Height, head, root, view, pool, the core's every field, and what was written."""
    assert siege.after == siege.before


def test_a_member_that_lies_may_be_remembered_for_it_but_changes_nothing(siege):
    assert {**siege.lied_to, "core": ""} == {**siege.before, "core": ""}


def test_every_refusal_has_its_reason(siege):
    refused = siege.refused
    assert refused.keys() == set(REASONS) - {"cloned"}
    for kind, reason in (
        ("by_a_stranger", "unknown_sender"),
        ("by_the_revoked", "key_revoked"),
        ("by_another", "signature"),
        ("replayed", "replayed"),
        ("former_life", "replayed"),
        ("misplaced", "topic"),
        ("meant_for_another", "receiver"),
        ("of_another_network", "network"),
        ("of_another_version", "version"),
        ("spelled", "not_canonical"),
        ("oversized", "too_large"),
        ("deep", "malformed"),
        ("many_by_a_member", "message"),
    ):
        assert refused[reason] >= siege.sent[kind]
    assert sum(refused.values()) >= doomed(siege.sent)


def doomed(sent):
    """How many frames were no frames for us, whatever a member or a wallet may have put into its own."""
    inside = ("forged", "wallet", "lie_", "nonsense")
    return sum(count for kind, count in sent.items() if not any(word in kind for word in inside))


def test_there_is_one_line_for_each_reason(siege):
    assert len(siege.log) == len(siege.refused)
    assert not [line for line in siege.log if "\n" in line]


def test_memory_is_flat(siege):
    assert max(siege.resident) - siege.resident[0] < 8 * MIB


def test_the_node_takes_part_as_if_nothing_had_been(siege):
    assert siege.followed


@pytest.mark.xdist_group("processes")
async def test_the_same_holds_for_a_process_on_a_broker_that_it_shares_with_its_enemies(tmp_path):
    assault = await storm(tmp_path, 2000)
    assert assault.head == assault.expected
    assert sum(assault.refused.values()) >= doomed(assault.sent)
    assert len(assault.log) == len([reason for reason, count in assault.refused.items() if count])
    assert assault.resident[-1] - assault.resident[0] < 8 * MIB
