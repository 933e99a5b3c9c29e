"""The notebooks of docs/ run from the top against fresh results; what is stored in them is small and neutral."""

import re

import pytest

import scenarios

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

STORED_BYTES_MAX = 64 << 10


@pytest.fixture(params=["results.ipynb"])
def notebook(request, root):
    return root / "docs" / "notebooks" / request.param


def test_every_notebook_is_tested(root):
    assert [path.name for path in (root / "docs" / "notebooks").glob("*.ipynb")] == ["results.ipynb"]


def test_what_is_stored_is_small_and_from_one_pass_without_errors(notebook):
    text = notebook.read_text()
    assert len(text) <= STORED_BYTES_MAX
    assert not re.search(r'(?:^|[\s"\'(])(?:/[a-z]+/|[A-Z]:\\\\)', text), "a path of somebody's machine"
    stored = nbformat.reads(text, as_version=4)
    nbformat.validate(stored)
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not any(output.output_type in {"error", "stream"} for cell in code for output in cell.outputs)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A run and a sweep as the notebook asks for, smaller."""
    out = tmp_path_factory.mktemp("results")
    run = scenarios.run(
        "reads_while_leaders_fall", out=out, trace=True, **{"workload.0.transfers": 30, "workload.0.reads": 10}
    )
    matrix = {"consensus.protocol": ["raft"], "members.insurer.count": [1]}
    scenarios.sweep("protocols_and_sizes", out=out / "sweep", sweep={"repeat": 2, "matrix": matrix})
    return {"RUN": str(run.folder), "SWEEP": str(out / "sweep")}


@pytest.mark.timeout(180)  # a kernel starts, and pandas and matplotlib are slow to load
def test_it_runs_from_the_top(notebook, results, tmp_path, monkeypatch, root):
    stored = nbformat.reads(notebook.read_text(), as_version=4)
    parameters = next(cell for cell in stored.cells if "parameters" in cell.metadata.get("tags", ()))
    assert set(re.findall(r"^(\w+) =", parameters.source, re.MULTILINE)) == set(results)
    parameters.source = "\n".join(f"{name} = {value!r}" for name, value in results.items())
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.delenv("MPLBACKEND", raising=False)
    nbclient.NotebookClient(stored, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = {cell.id: [output["data"] for output in cell.get("outputs", ())] for cell in stored.cells}
    for figure in ("latency-figure", "sweep-figure"):
        assert any(len(data.get("image/png", "")) > 5_000 for data in shown[figure])
    assert "'received'" in shown["fates"][0]["text/plain"]
    assert shown["money-check"][0]["text/plain"] == "(0, True)"
