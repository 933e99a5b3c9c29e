"""``consortium experiment``, as a user calls it."""

from __future__ import annotations

from typer.testing import CliRunner

from scenarios.cli import app


def test_an_experiment_is_printed_and_its_page_written(tmp_path):
    page = tmp_path / "elections.md"
    done = CliRunner().invoke(app, ["experiment", "raft_figure_16", "--trials", "1", "--page", str(page)])
    assert done.exit_code == 0, done.output
    assert "150-155" in done.output
    assert "(elections.svg)" in page.read_text()
    assert (tmp_path / "elections.svg").read_text().startswith("<svg")


def test_theory_is_printed_and_its_page_written(tmp_path):
    page = tmp_path / "theory.md"
    file = tmp_path / "theory.yaml"
    file.write_text(
        "kind: pbft-phases\nseed: 1\nconstant: 40 ms\nrandom: {dist: normal, mean: 250 ms, sd: 50 ms}\n"
        "sizes: [{nodes: 4, requests: 9, published: 720 ms}]\n"
    )
    done = CliRunner().invoke(app, ["experiment", str(file), "--trials", "2", "--page", str(page)])
    assert done.exit_code == 0, done.output
    assert "3 + 9 + 12" in done.output
    assert "| 4 | 3 d | 5 d | 3 + 9 + 12 | yes |" in page.read_text()


def test_a_file_that_is_no_experiment_is_refused(tmp_path):
    file = tmp_path / "other.yaml"
    file.write_text("kind: bread\n")
    done = CliRunner().invoke(app, ["experiment", str(file)])
    assert done.exit_code == 2
    assert "elections" in done.output
