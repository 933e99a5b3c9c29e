"""The documentation as its readers find it: every page, its links, and what it tells people to type."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "configs/data/README.md")


def all_pages():
    return sorted([*(ROOT / name for name in TOP), *(ROOT / "docs").rglob("*.md")])


def pytest_generate_tests(metafunc):
    if "page" in metafunc.fixturenames:
        pages = all_pages()
        metafunc.parametrize("page", pages, ids=[str(page.relative_to(ROOT)) for page in pages])


@pytest.fixture
def root():
    return ROOT
