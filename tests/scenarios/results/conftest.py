"""One small run in virtual time that the tests of its folder share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.shipped import find_scenario


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scenario = load_scenario(find_scenario("one_claim"))
    result = run(scenario, mode="virtual", protocol="raft", view=NoView(), out=tmp_path_factory.mktemp("runs"))
    assert result.verdict == "pass"
    return result.folder


@pytest.fixture
def folder(finished_run: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(finished_run, tmp_path / "run"))
