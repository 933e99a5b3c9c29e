"""Quorum arithmetic against what the numbers are for, worked out by trying."""

import pytest

from consensus.quorum import byzantine_faults, byzantine_quorum, crash_faults, majority

SIZES = range(1, 41)


def least_overlap(n, q):
    """The fewest members that two quorums of q out of n share."""
    return max(0, 2 * q - n)


@pytest.mark.parametrize("n", SIZES)
def test_as_many_may_lie_as_leave_more_than_twice_that_many_honest(n):
    assert byzantine_faults(n) == max(f for f in range(n) if n >= 3 * f + 1)


@pytest.mark.parametrize("n", SIZES)
def test_a_byzantine_quorum_is_the_smallest_whose_overlaps_hold_an_honest_member(n):
    f = byzantine_faults(n)
    assert byzantine_quorum(n) == min(q for q in range(1, n + 1) if least_overlap(n, q) >= f + 1)


@pytest.mark.parametrize("n", SIZES)
def test_a_byzantine_quorum_is_there_though_every_liar_is_silent(n):
    assert byzantine_quorum(n) <= n - byzantine_faults(n)


@pytest.mark.parametrize("n", SIZES)
def test_a_majority_is_the_smallest_quorum_of_which_two_always_meet(n):
    assert majority(n) == min(q for q in range(1, n + 1) if least_overlap(n, q) >= 1)


@pytest.mark.parametrize("n", SIZES)
def test_as_many_may_crash_as_leave_a_majority(n):
    assert crash_faults(n) == max(f for f in range(n) if n - f >= majority(n))


@pytest.mark.parametrize("n", [n for n in SIZES if n % 3 == 1])
def test_where_n_is_3f_plus_1_the_quorum_is_the_papers(n):
    assert byzantine_quorum(n) == 2 * byzantine_faults(n) + 1


@pytest.mark.parametrize("n", [5, 6, 8, 9])
def test_elsewhere_the_papers_2f_plus_1_would_be_unsafe(n):
    f = byzantine_faults(n)
    assert least_overlap(n, 2 * f + 1) < f + 1


@pytest.mark.parametrize("arithmetic", [byzantine_faults, byzantine_quorum, crash_faults, majority])
@pytest.mark.parametrize("n", [0, -1])
def test_there_is_no_network_of_nobody(arithmetic, n):
    with pytest.raises(ValueError, match="at least one voting member"):
        arithmetic(n)
