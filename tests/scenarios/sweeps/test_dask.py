import os

import dask as dask_itself
import distributed
import pytest

from scenarios.failures import FailureError
from scenarios.sweeps import dask
from scenarios.sweeps.playing import RunRow
from scenarios.sweeps.sweeping import Means, begin, sweep

pytestmark = pytest.mark.timeout(180)  # processes begin slowly on a busy machine


@pytest.fixture(scope="module")
def address():
    """A cluster of two workers, each a process with one thread."""
    options = {"dashboard_address": ":0", "threads_per_worker": 1, "n_workers": 2}
    once = dask_itself.config.set({"distributed.scheduler.allowed-failures": 0})
    with once, distributed.LocalCluster(**options, processes=True, silence_logs=50) as cluster:
        yield cluster.scheduler_address


def test_a_cluster_makes_the_very_same_tables(planned, address, tmp_path):
    plan = planned("{repeat: 2, matrix: {consensus.protocol: [solo, raft]}}")
    sweep(begin(plan, tmp_path / "here"), Means())
    sweep(begin(plan, tmp_path / "there"), Means(scheduler=address))
    for name in ("runs.csv", "summary.csv"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_a_run_that_takes_its_worker_with_it_loses_no_other(planned, address, monkeypatch):
    def deadly(point):
        if point.seed == 6:
            os._exit(9)
        return RunRow(point=point.sha256, outcome="pass")

    monkeypatch.setattr(dask, "play", deadly)
    table = sweep(begin(planned("{repeat: 3}"), None), Means(scheduler=address))
    assert [row.outcome for _, row in table.runs] == ["pass", "crashed", "pass"]
    assert "died" in table.runs[1][1].why


def test_a_worker_with_another_program_is_refused(planned, address, monkeypatch):
    monkeypatch.setattr(dask, "_ours", lambda: "another")
    with pytest.raises(FailureError, match="has another version of this program; install the same there"):
        sweep(begin(planned("{repeat: 1}"), None), Means(scheduler=address))


def test_a_scheduler_that_nobody_answers_for_is_told(planned, monkeypatch):
    monkeypatch.setattr(dask, "PATIENCE_S", 1)
    with pytest.raises(FailureError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        sweep(begin(planned("{repeat: 1}"), None), Means(scheduler="tcp://127.0.0.1:9"))


def test_without_dask_the_remedy_is_told(planned, monkeypatch):
    def missing(_name):
        raise ImportError

    monkeypatch.setattr(dask, "import_module", missing)
    with pytest.raises(FailureError, match=r"pip install 'consortium-sim\[dask\]'"):
        sweep(begin(planned("{repeat: 1}"), None), Means(scheduler="tcp://127.0.0.1:9"))
