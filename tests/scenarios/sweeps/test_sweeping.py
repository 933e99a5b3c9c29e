import multiprocessing
from pathlib import Path

import pytest

from scenarios.failures import FailureError
from scenarios.sweeps.sweeping import Means, begin, sweep
from tests.scenarios.sweeps.conftest import PARTLY_INVALID

pytestmark = pytest.mark.timeout(180)  # processes begin slowly on a busy machine

TABLES = ("runs.csv", "summary.csv", "differences.csv")
SWEEP = "{repeat: 3, pair: {slow: {consensus.protocol: raft}, quick: {consensus.protocol: solo}}}"


def tables(path: Path) -> dict[str, bytes]:
    return {name: (path / name).read_bytes() for name in TABLES}


@pytest.fixture
def plan(planned):
    return planned(SWEEP)


@pytest.fixture
def whole(plan, tmp_path):
    """The tables of a sweep that was played one run after the other."""
    sweep(begin(plan, tmp_path / "whole"), Means())
    return tables(tmp_path / "whole")


def test_processes_make_the_very_same_tables_and_end_when_they_are_interrupted(plan, whole, tmp_path):
    seen, before = [], set(multiprocessing.active_children())

    def impatient(_finished):
        seen.append(len(set(multiprocessing.active_children()) - before))
        if len(seen) == 4:
            raise KeyboardInterrupt

    out = tmp_path / "parallel"
    assert len(sweep(begin(plan, out), Means(jobs=2), told=impatient)) == 4
    assert set(seen) == {2}
    assert not set(multiprocessing.active_children()) - before
    sweep(begin(plan, out, resume=True), Means())
    assert tables(out) == whole
    assert whole["runs.csv"].count(b",pass,") == 6


def test_a_sweep_that_was_interrupted_goes_on_and_ends_with_the_very_same_tables(plan, whole, tmp_path):
    played = []

    def impatient(finished):
        played.append(finished.point)
        if len(played) == 2:
            raise KeyboardInterrupt

    out = tmp_path / "twice"
    sweeping = begin(plan, out)
    table = sweep(sweeping, Means(), told=impatient)
    assert sweeping.interrupted
    assert len(table) == 2
    assert (out / "runs.csv").read_bytes().count(b"\n") == 3
    with pytest.raises(FailureError, match="--resume"):
        begin(plan, out)
    resumed = begin(plan, out, resume=True)
    assert resumed.resumed == 2
    sweep(resumed, Means(), told=lambda finished: played.append(finished.point))
    assert tuple(played) == plan.points
    assert tables(out) == whole


def test_one_bad_run_loses_no_other(planned, tmp_path):
    table = sweep(begin(planned(*PARTLY_INVALID), tmp_path / "out"), Means())
    assert [row.outcome for _, row in table.runs] == ["pass", "invalid"]
    assert table.complete


def test_nothing_is_written_where_nothing_was_asked_for(planned, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    table = sweep(begin(planned("{repeat: 1}"), None), Means())
    assert table.outcomes() == {"pass": 1}
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before] == [tmp_path / "tiny.yaml"]
