"""The page of oracles is complete: what can be violated is listed, and what is listed is broken by some test."""

import ast
import sys

import pytest

from scenarios.adversary.catalogue import ORACLES, properties

UNLISTED = {
    "determinism",  # said of a failure that does not fail again, by the command
    "one change",  # said of a chain that no application would build, by what tells members from blocks
}
ROOMS = ("consensus/properties", "scenarios/adversary", "scenarios/linearizability.py")


@pytest.fixture
def pages(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "docs"))
    import oracle_pages  # noqa: PLC0415 - a script beside the pages

    yield oracle_pages
    del sys.modules["oracle_pages"]


def violated(path):
    """The properties that a file's violations name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Violation":
            yield ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else None


def test_what_can_be_violated_is_listed(root):
    listed = {property_.name for _, _, property_ in properties()} | UNLISTED
    files = [
        file for room in ROOMS for file in ([root / room] if room.endswith(".py") else (root / room).rglob("*.py"))
    ]
    said = {name for file in files for name in violated(file)} - {None}
    assert said - listed == set()
    assert len(said) > 50


def test_what_is_listed_is_broken_by_a_test(pages):
    unbroken = [f"{oracle}: {one.name}" for _, oracle, one in properties() if not pages.firing(one.name)]
    assert unbroken == []


def test_every_oracle_says_what_it_watches():
    assert all(oracle.properties for group in ORACLES.values() for oracle in group)
