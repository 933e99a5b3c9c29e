"""Settings and their contradictions."""

from __future__ import annotations

import pytest

from consensus.raft.options import RaftOptions, options_of


def test_nothing_means_the_defaults():
    assert options_of(None) == RaftOptions()


def test_a_mapping_is_validated():
    assert options_of({"window": 3}).window == 3
    for wrong in ({"windows": 3}, {"window": "many"}, {"window": 0}, 7):
        with pytest.raises(ValueError, match=r"raft options|at least 1|Expected"):
            options_of(wrong)


def test_timeouts_must_leave_room():
    with pytest.raises(ValueError, match="heartbeat_ns"):
        RaftOptions(heartbeat_ns=600_000_000)
    with pytest.raises(ValueError, match="must exceed"):
        RaftOptions(election_timeout_max_ns=600_000_000)
