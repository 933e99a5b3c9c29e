import os

import msgspec
import pytest

from scenarios.sweeps.executing import in_processes, in_this_process
from scenarios.sweeps.planning import Point

pytestmark = pytest.mark.timeout(180)  # processes begin slowly on a busy machine


class Deadly(Point, frozen=True, kw_only=True):
    """Takes the process with it that is given it."""

    def __reduce__(self):
        return os._exit, (9,)


@pytest.fixture
def points(planned):
    """Three that are over at once, since they are refused."""
    planned = planned("{repeat: 3}").points
    return [msgspec.structs.replace(point, invalid="made up") for point in planned]


def test_a_run_that_takes_its_process_with_it_loses_no_other(points):
    points[1] = Deadly(**msgspec.structs.asdict(points[1]))
    rows = {one.point.seed: one.row for one in in_processes(points, 1)}
    outcomes = ["crashed" if point is points[1] else "invalid" for point in points]
    assert [rows[point.seed].outcome for point in points] == outcomes
    assert "died" in rows[points[1].seed].why


def test_nothing_to_play_is_nothing():
    assert not list(in_this_process(()))
    assert not list(in_processes((), 1))
