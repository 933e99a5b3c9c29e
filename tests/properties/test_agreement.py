from __future__ import annotations

import pickle

import pytest

from consensus.chain import BLOCKS, CERTIFICATES, Block
from consensus.properties import Agreement, Violation
from consensus.vocabulary import Commit, Put
from tests.properties.blocks import GENESIS, block, certificate, chain


def commit(block_):
    return Commit(block_.height, block_, None)


def watched(*nodes: int, **settings) -> Agreement:
    oracle = Agreement(GENESIS, **settings)
    for node in nodes:
        oracle.on_start(0, node, 1, {})
    return oracle


def test_nodes_that_decide_the_same_chain_agree() -> None:
    oracle = watched(0, 1)
    for decided in chain(5):
        oracle.on_commit(1, 0, 1, commit(decided))
    for decided in chain(3):
        oracle.on_commit(2, 1, 1, commit(decided))
    assert oracle.height == 5
    assert oracle.heights == {0: 5, 1: 3}


def test_two_blocks_at_one_height_break_agreement_and_the_report_names_both() -> None:
    oracle = watched(0, 1)
    oracle.on_commit(10, 0, 1, commit(chain(1)[0]))
    with pytest.raises(
        Violation, match=r"agreement: height 1 is .*node 1\.1 at 20 ns; but it is .*node 0\.1 at 10 ns"
    ) as caught:
        oracle.on_commit(20, 1, 1, commit(chain(1, mark="x")[0]))
    assert caught.value.property == "agreement"


def test_a_gap_a_repetition_and_a_wrong_height_break_the_order() -> None:
    one, two, _ = chain(3)
    for wrong in (Commit(2, two, None), Commit(1, two, None)):
        with pytest.raises(Violation, match="order"):
            watched(0).on_commit(1, 0, 1, wrong)
    oracle = watched(0)
    oracle.on_commit(1, 0, 1, commit(one))
    with pytest.raises(Violation, match="it stood at height 1"):
        oracle.on_commit(1, 0, 1, commit(one))


def test_a_block_off_the_chain_breaks_the_order() -> None:
    with pytest.raises(Violation, match="on parent 6161"):
        watched(0).on_commit(1, 0, 1, commit(block(1, b"a" * 32)))


def test_a_restart_goes_on_above_what_its_disk_holds() -> None:
    one, two, three = chain(3)
    oracle = watched(0)
    for decided in (one, two):
        oracle.on_commit(1, 0, 1, commit(decided))
    oracle.on_start(5, 0, 2, {BLOCKS: {1: one}})
    oracle.on_commit(6, 0, 2, commit(two))
    oracle.on_commit(6, 0, 2, commit(three))
    assert oracle.heights[0] == 3


def test_a_disk_that_differs_from_what_was_decided_is_a_violation() -> None:
    oracle = watched(0)
    oracle.on_commit(1, 0, 1, commit(chain(1)[0]))
    with pytest.raises(Violation, match="on the disk"):
        oracle.on_start(5, 1, 2, {BLOCKS: {1: chain(1, mark="x")[0]}})
    with pytest.raises(Violation, match="nobody decided more than 1"):
        oracle.on_start(5, 1, 2, {BLOCKS: dict(enumerate(chain(2), 1))})


def test_where_one_vote_decides_a_crash_may_take_a_decision_back() -> None:
    oracle = watched(0, 1, sole=0)
    oracle.on_commit(1, 0, 1, commit(chain(1)[0]))
    oracle.on_start(2, 0, 2, {})
    oracle.on_commit(3, 0, 2, commit(chain(1, mark="x")[0]))
    with pytest.raises(Violation, match="agreement"):
        oracle.on_commit(4, 1, 1, commit(chain(1)[0]))


def test_a_crash_may_take_back_what_one_node_alone_decided_and_had_not_on_its_disk() -> None:
    oracle = watched(0, 1)
    oracle.on_commit(1, 0, 1, commit(chain(1)[0]))
    oracle.on_crash(2, 0, 1)
    oracle.on_commit(3, 1, 1, commit(chain(1, mark="x")[0]))
    with pytest.raises(Violation, match="agreement"):
        oracle.on_start(4, 0, 2, {BLOCKS: {1: chain(1)[0]}})


def test_where_one_vote_decides_a_crash_takes_back_nothing_that_is_on_its_disk() -> None:
    (decided,) = chain(1)
    oracle = watched(0, 1, sole=0)
    oracle.on_commit(1, 0, 1, commit(decided))
    oracle.on_durable(1, 0, 1, (Put(BLOCKS, 1, decided),), {})
    oracle.on_crash(2, 0, 1)
    oracle.on_start(3, 0, 2, {BLOCKS: {1: decided}})
    assert oracle.height == 1


@pytest.mark.parametrize("durable", [True, False], ids=["on a disk", "known to another node"])
def test_a_crash_takes_back_nothing_else(durable: bool) -> None:
    (decided,) = chain(1)
    oracle = watched(0, 1, 2)
    oracle.on_commit(1, 0, 1, commit(decided))
    if durable:
        oracle.on_durable(1, 0, 1, (Put(BLOCKS, 1, decided),), {})
    else:
        oracle.on_commit(1, 2, 1, commit(decided))
    oracle.on_crash(2, 0, 1)
    with pytest.raises(Violation, match="agreement"):
        oracle.on_commit(3, 1, 1, commit(chain(1, mark="x")[0]))


def test_nothing_is_asked_of_liars() -> None:
    oracle = watched(0, 1, liars=frozenset({1}))
    oracle.on_commit(1, 0, 1, commit(chain(1)[0]))
    oracle.on_commit(1, 1, 1, commit(block(9, b"a" * 32)))
    assert oracle.height == 1


def test_a_violation_survives_pickling() -> None:
    violation = pickle.loads(pickle.dumps(Violation("p", "a", "b")))  # noqa: S301 (our own)
    assert (violation.property, violation.fact_a, violation.fact_b) == ("p", "a", "b")
    assert str(violation) == "p: a; but b"


def with_body(decided, *transactions):
    return Block(decided.header, transactions)


def test_one_header_has_one_body_wherever_it_is_decided_or_kept() -> None:
    one = chain(1)[0]
    oracle = watched(0, 1)
    oracle.on_commit(10, 0, 1, commit(with_body(one, b"a")))
    oracle.on_commit(20, 1, 1, commit(with_body(one, b"a")))
    oracle.on_durable(30, 1, 1, (Put(BLOCKS, 1, with_body(one, b"a")), Put("other", 1, None)), {})
    with pytest.raises(Violation, match=r"agreement: .* under its header, made durable by node 1\.1 at 40 ns"):
        oracle.on_durable(40, 1, 1, (Put(BLOCKS, 1, with_body(one, b"b")),), {})
    with pytest.raises(Violation, match="it has 1 others, decided by node 0"):
        watched_at_height_one(oracle).on_commit(50, 2, 1, commit(with_body(one)))


def watched_at_height_one(oracle: Agreement) -> Agreement:
    oracle.on_start(45, 2, 1, {})
    return oracle


def test_a_disk_keeps_what_was_decided_and_its_certificate() -> None:
    one = chain(1)[0]
    oracle = watched(0)
    oracle.on_commit(10, 0, 1, commit(one))
    oracle.on_durable(11, 0, 1, (Put(CERTIFICATES, 1, certificate(one, (0, 1, 2))),), {})
    for space, wrong in (
        (BLOCKS, chain(1, mark="x")[0]),
        (CERTIFICATES, certificate(chain(1, mark="x")[0], (0, 1, 2))),
    ):
        with pytest.raises(Violation, match="made durable by node"):
            oracle.on_durable(12, 0, 1, (Put(space, 1, wrong),), {})
