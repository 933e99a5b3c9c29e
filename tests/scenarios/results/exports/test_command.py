"""``consortium extract``: what it writes where, and what it refuses."""

import gzip

import pytest

from scenarios.cli import invoke

pytestmark = pytest.mark.xdist_group("exports")  # one worker makes the runs


def extract(run, *options):
    return invoke(["extract", str(run), *options])


def test_tables_are_written_and_told_with_their_rows(told_run, tmp_path, capsys):
    assert extract(told_run, "--to", "csv", "--out", str(tmp_path), "--tables", "blocks, run") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blocks.csv", "run.csv"]
    assert "1 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("form", "beginning"),
    [("perfetto", b'{"displayTimeUnit"'), ("shiviz", b"(?<host>"), ("mermaid", b"sequenceDiagram")],
)
def test_a_picture_is_one_file_at_the_place_that_was_asked_for(told_run, tmp_path, form, beginning):
    out = tmp_path / "deep" / "picture"
    assert extract(told_run, "--to", form, "--out", str(out), "--window", "0s..300ms") == 0
    assert out.read_bytes().startswith(beginning)


def test_a_picture_is_compressed_where_its_name_says_so(told_run, tmp_path):
    plain, packed = tmp_path / "trace.json", tmp_path / "trace.json.gz"
    for out in (plain, packed):
        assert extract(told_run, "--to", "perfetto", "--out", str(out), "--window", "0s..300ms") == 0
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert packed.stat().st_size < plain.stat().st_size // 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "csv", "--window", "1s..2s"], "--window says nothing about --to csv"),
        (["--to", "shiviz", "--tables", "blocks"], "--tables says nothing about --to shiviz"),
        (["--to", "perfetto", "--messages", "3"], "--messages says nothing about --to perfetto"),
        (["--to", "csv", "--tables", "blocs"], "did you mean `blocks`"),
        (["--to", "mermaid", "--nodes", "nobody"], "there is no node 'nobody'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(told_run, tmp_path, capsys, options, message):
    assert extract(told_run, *options, "--out", str(tmp_path / "out")) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_run_s_is_told(tmp_path, capsys):
    assert extract(tmp_path, "--to", "csv") == 2
    assert "did the run end" in capsys.readouterr().err


def test_a_cut_off_trace_leaves_no_half_picture(troubled_run, tmp_path, capsys):
    run = tmp_path / "run"
    run.mkdir()
    for path in troubled_run.iterdir():
        if path.name != "events.jsonl.gz":
            (run / path.name).symlink_to(path)
    whole = (troubled_run / "events.jsonl.gz").read_bytes()
    (run / "events.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    assert extract(run, "--to", "shiviz", "--out", str(tmp_path / "log")) == 2
    assert "events.jsonl.gz: cannot be read" in capsys.readouterr().err
    (run / "events.jsonl.gz").write_bytes(gzip.compress(gzip.decompress(whole)[:-20]))
    assert extract(run, "--to", "shiviz", "--out", str(tmp_path / "log")) == 2
    assert "truncated" in capsys.readouterr().err
    assert not (tmp_path / "log").exists()
