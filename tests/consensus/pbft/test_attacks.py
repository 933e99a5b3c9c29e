"""Attacks on the seams: between views, between epochs, and on whoever helps. Each is answered by a rule of its own."""

from __future__ import annotations

import pytest

from consensus.pbft.messages import CommitVote, NewView, ViewChange
from tests.consensus.pbft.cluster import Cluster
from tests.consensus.pbft.test_view_change import change_view, isinstance_of

SIZES = [4, 5, 7]


def answers(cluster, numbers):
    """From which heights these nodes would answer a read."""
    return [cluster.core(number).read(cluster.now, 1)[0].height for number in numbers]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("n", SIZES)
def test_a_read_after_a_view_change_sees_what_one_replica_has_decided(n, restart):
    """One replica decided a block, and a client may have its word and a liar's; the others only sent their COMMITs."""
    cluster = Cluster(n)
    cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote) or f.to == n - 1)
    assert cluster.heights() == [0] * (n - 1) + [1]
    cluster.drop()
    others = range(n - 1)
    change_view(cluster, *others)
    for number in others if restart else ():
        cluster.crash(number)
        cluster.restart(number)
    assert answers(cluster, others) == [1] * (n - 1)
    cluster.deliver(isinstance_of(ViewChange, NewView))
    assert cluster.heights() == [0] * (n - 1) + [1]
    assert cluster.views()[0] == 1
    assert answers(cluster, others) == [1] * (n - 1)
