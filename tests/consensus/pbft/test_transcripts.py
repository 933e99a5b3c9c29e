"""Every golden transcript of PBFT says what the core does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.consensus import golden
from tests.consensus.pbft.stage import Stage

FOLDER = Path(__file__).parent.parent / "transcripts" / "pbft"
PATHS = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_transcript(path, request):
    golden.check(path, Stage().execute, rewrite=request.config.getoption("--rewrite-transcripts"))


def test_there_are_enough_of_them():
    assert len(PATHS) >= 25
