"""One run with a partition and an equivocating insurer, in virtual time, that the report's tests share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.shipped import find_scenario


@pytest.fixture(scope="session")
def eventful_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder; tests leave it as it is."""
    scenario = load_scenario(find_scenario("partition_and_equivocation"))
    result = run(scenario, view=NoView(), out=tmp_path_factory.mktemp("runs"))
    assert result.verdict == "pass"
    assert result.folder is not None
    return result.folder


@pytest.fixture
def eventful(eventful_run: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(eventful_run, tmp_path / "run"))
