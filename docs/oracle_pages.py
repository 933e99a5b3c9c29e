"""The generated page on oracles: every property that runs are judged by, and the tests that show it broken."""
# ruff: noqa: INP001 - a script's helper beside the pages

from __future__ import annotations

import ast
import inspect
import re
import sys
from functools import cache
from pathlib import Path

from scenarios.adversary.catalogue import ORACLES, properties

ROOT = Path(__file__).parent.parent
TESTS = (ROOT / "tests" / "properties", ROOT / "tests" / "scenarios", ROOT / "tests" / "bugbank")

HEAD = """An oracle is told of every input, effect, durable record and crash of every node, and checks at the event
itself. A violation names its property and two facts that cannot both hold, each with the event that it came from;
`consortium check` and `consortium replay` print the chain of events that led to each. *Fires* names tests in which a
planted wrong event, node or history breaks the property; the same files show what comes close and is none. *Cost* is
that of a look at one event.

Not watched in a run, but tested for every input: a refused message leaves a core's state as it was
(`tests/consensus/test_peer_input.py`), every one-bit change of a proof fails (`tests/node/ledger/`), and the
checker of histories agrees with a brute force (`tests/scenarios/test_linearizability.py`). Not judged at all: how
many messages a node sends, and how much memory it takes. A faulty disk that changes what it holds (bit rot) is not
the oracles' business: the store's checksums find it."""


def oracles_page(note: str) -> str:
    """One table a group."""
    lines = ["# Oracles", "", note, "", HEAD]
    found = list(properties())
    for group in dict.fromkeys(group for group, _, _ in found):
        lines += ["", f"## {group}", "", *_oracles(group)]
        lines += ["| property | says | from | cost | fires |", "|-|-|-|-|-|"]
        for at, oracle, one in found:
            if at == group:
                fires = "; ".join(_link(test) for test in firing(one.name)[:2])
                lines.append(f"| **{one.name}**<br>{oracle} | {one.says} | {one.source} | {one.cost} | {fires} |")
    return "\n".join(lines) + "\n"


def _oracles(group: str) -> list[str]:
    """The group's oracles with the first sentence of each."""
    rows = []
    for oracle in ORACLES.get(group, ()):
        file = Path(sys.modules[oracle.__module__].__file__ or "").relative_to(ROOT)
        summary = " ".join((inspect.getdoc(oracle) or "").split("\n\n")[0].replace("``", "`").split())
        rows.append(f"- [`{oracle.__name__}`](../../{file}): {summary}")
    return [*rows, ""] if rows else []


def firing(name: str) -> list[tuple[Path, str]]:
    """(file, test) of the tests that expect a violation of this property: a text in them begins with its name."""
    begins = re.compile(rf"(^|\|){re.escape(name)}($|[:.|*(])")
    return [(path, test) for path, test, texts in _tests() if any(begins.search(text) for text in texts)]


@cache
def _tests() -> list[tuple[Path, str, tuple[str, ...]]]:
    """Every test that expects a violation, with the texts in it and in its parameters."""
    found = []
    for path in sorted(file for folder in TESTS for file in folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        tables = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and target.id.isupper()
        }
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                used = [tables[n.id] for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in tables]
                texts = tuple(text for part in (node, *used) for text in _texts(part))
                if _expects(node):
                    found.append((path, node.name, texts))
    return found


def _texts(node: ast.AST) -> list[str]:
    """The texts below ``node``; those that are patterns lose their backslashes."""
    constants = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return [text.replace("\\", "") for text in constants if isinstance(text, str)]


def _expects(node: ast.AST) -> bool:
    """Does it expect a violation, raised or told?"""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    attributes = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    return "Violation" in names or "broken" in names or "fnmatch_lines" in attributes or "property" in attributes


def _link(test: tuple[Path, str]) -> str:
    path, name = test
    words = name.removeprefix("test_").replace("_", " ")
    return f"[{words}](../../{path.relative_to(ROOT)})"
