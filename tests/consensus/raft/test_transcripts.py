"""Every golden transcript of Raft says what the core does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.consensus import golden
from tests.consensus.raft.stage import Stage

FOLDER = Path(__file__).parent.parent / "transcripts" / "raft"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_transcript(path, request):
    golden.check(path, Stage().execute, rewrite=request.config.getoption("--rewrite-transcripts"))


def test_a_changed_transcript_is_noticed(tmp_path):
    path = tmp_path / "one.txt"
    path.write_text("> nodes 3\n> show\n  S1 leader\n")
    with pytest.raises(pytest.fail.Exception, match=r"one.txt:3: after > show"):
        golden.check(path, Stage().execute, rewrite=False)
    golden.check(path, Stage().execute, rewrite=True)
    golden.check(path, Stage().execute, rewrite=False)


def test_a_line_that_is_nothing_is_an_error():
    with pytest.raises(ValueError, match="neither a command"):
        golden.parse("hello\n")
