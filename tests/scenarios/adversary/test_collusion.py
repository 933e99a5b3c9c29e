"""Colluding voters: safe up to the arithmetic, two blocks at one height from it on, and the certificates say who."""

from pathlib import Path

import pytest

from consensus.protocols import protocol
from scenarios.adversary.collusion import collude, first_unsafe, usurp
from scenarios.experiments import collusion
from scenarios.language import ScenarioInvalid
from scenarios.shipped import find_experiment

PAGE = Path(__file__).parents[3] / "docs" / "fidelity" / "colluding-nodes.md"


@pytest.mark.parametrize(("nodes", "unsafe"), [(4, 2), (5, 3), (6, 2), (7, 3), (10, 4)])
def test_under_pbft_it_takes_two_quorums_without_an_honest_voter_in_common(nodes, unsafe):
    assert first_unsafe("pbft", nodes) == unsafe > protocol("pbft").faults(nodes)
    for colluders in range(unsafe):
        safe = collude("pbft", nodes, colluders)
        assert (safe.forked, safe.signed_both) == (0, ())
        assert min(safe.decided) == 0, "two halves went on without each other"
    apart = collude("pbft", nodes, unsafe)
    assert apart.forked > 0
    assert min(apart.decided) > 0
    assert apart.signed_both == apart.colluders == tuple(range(unsafe))


@pytest.mark.parametrize("nodes", [3, 5])
def test_under_raft_one_is_enough_and_needs_no_votes(nodes):
    assert collude("raft", nodes, 0).forked == 0
    assert collude("raft", nodes, 1).signed_both == (0,)
    told = usurp(nodes)
    assert (told.forked, told.signed_both, told.innocent) == (1, (), ())


def test_it_is_the_same_every_time_and_nobody_is_left_to_deceive_among_fewer():
    assert collude("pbft", 4, 2, seed=5) == collude("pbft", 4, 2, seed=5)
    for wrong in (lambda: collude("pbft", 4, 3), lambda: collude("pbft", 4, -1), lambda: usurp(2)):
        with pytest.raises(ValueError, match="to tell different things"):
            wrong()


def test_the_experiment_finds_what_arithmetic_says_and_its_page_is_the_shipped_one():
    rows = collusion.measure(collusion.load_collusion(find_experiment("colluding_nodes")))
    assert all(row.first == row.arithmetic for row in rows)
    command = "consortium experiment colluding_nodes --page docs/fidelity/colluding-nodes.md"
    assert collusion.page(rows, command) == PAGE.read_text(encoding="utf-8")


def test_an_experiment_that_is_none_is_refused(tmp_path):
    path = tmp_path / "none.yaml"
    path.write_text("kind: collusion\nseed: 1\nnetworks: [{protocol: paxos, nodes: [4]}]\n", encoding="utf-8")
    with pytest.raises(ScenarioInvalid, match="protocol"):
        collusion.load_collusion(path)
