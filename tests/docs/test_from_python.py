"""What the guide says of use from Python is run as it stands there."""

import re
from itertools import count

import pytest

from tests.docs.conftest import ROOT

PAGE = ROOT / "docs" / "guide" / "10-from-python.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_page_shows_something():
    assert len(BLOCKS) == 3


@pytest.mark.parametrize("block", BLOCKS, ids=map(str, count(1)))
def test_a_block_of_the_page_runs(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile("import scenarios\n" + block, str(PAGE), "exec"), {})  # noqa: S102 -- our own page
    assert not list(tmp_path.iterdir())
