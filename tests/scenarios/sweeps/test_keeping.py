import msgspec
import pytest

from scenarios.failures import FailureError
from scenarios.sweeps import keeping
from scenarios.sweeps.keeping import POINT_BYTES_MAX, SweepFolder
from scenarios.sweeps.playing import RunRow


@pytest.fixture
def plan(planned):
    return planned("{repeat: 3}")


@pytest.fixture
def kept(plan, tmp_path):
    """A folder with two of three runs, and their rows."""
    folder = SweepFolder(tmp_path / "sweep")
    assert folder.begin(plan, resume=False) == {}
    rows = {p.sha256: RunRow(point=p.sha256, outcome="pass", measures={"a.max": p.seed}) for p in plan.points[:2]}
    for row in rows.values():
        folder.keep(row)
    return folder.path, rows


def files(path):
    return sorted((path / "points").glob("*/*.json"))


def test_what_was_kept_comes_back(plan, kept):
    path, rows = kept
    assert SweepFolder(path).begin(plan, resume=True) == rows


def test_finished_runs_are_not_touched_unasked(plan, kept):
    path, _ = kept
    with pytest.raises(FailureError, match=r"holds 2 finished runs already; --resume goes on with them, --out DIR"):
        SweepFolder(path).begin(plan, resume=False)


def test_a_run_that_died_is_not_finished(plan, tmp_path):
    folder = SweepFolder(tmp_path / "sweep")
    folder.begin(plan, resume=False)
    folder.keep(RunRow(point=plan.points[0].sha256, outcome="crashed"))
    assert not files(folder.path)


def test_another_version_of_the_program_plays_anew(plan, kept, monkeypatch):
    path, _ = kept
    monkeypatch.setattr(keeping, "program_sha256", lambda: "another")
    folder = SweepFolder(path)
    assert folder.begin(plan, resume=True) == {}
    assert folder.stale == 2


def test_rows_of_another_sweep_are_left_alone(planned, kept):
    path, _ = kept
    assert SweepFolder(path).begin(planned("{repeat: 1}", "run.seed=99"), resume=True) == {}
    assert len(files(path)) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no row"),
        (b"{", "is no row"),
        (b'{"program": "x", "row": {"point": "' + b"0" * 64 + b'", "outcome": "won"}}', "is no row"),
        (
            b'{"program": "x", "row": {"point": "%s", "outcome": "pass", "measures": {"a.max": %d}}}'
            % (b"0" * 64, 10**400),
            "is no row",
        ),
        (b"[" * 100_000, "is no row"),
        (b" " * (POINT_BYTES_MAX + 1), "is larger than any row"),
    ],
)
def test_a_damaged_row_is_named_with_its_remedy(plan, kept, content, said):
    path, _ = kept
    file = files(path)[0]
    file.write_bytes(content)
    with pytest.raises(FailureError, match=rf"{file.name}: {said}.*remove it, and its run is played again"):
        SweepFolder(path).begin(plan, resume=True)


def test_a_row_under_anothers_name_is_named(plan, kept):
    path, _ = kept
    first, second = files(path)
    second.write_bytes(first.read_bytes())
    with pytest.raises(FailureError, match="is the row of another run"):
        SweepFolder(path).begin(plan, resume=True)
    assert msgspec.json.decode(first.read_bytes())["row"]["outcome"] == "pass"
