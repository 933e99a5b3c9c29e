import importlib.util
import sys

import pytest


@pytest.fixture
def generator(root):
    path = root / "docs" / "generate.py"
    spec = importlib.util.spec_from_file_location("docs_generate", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_generated_pages_are_current(generator, root):
    pages = generator.pages()
    committed = {path.name: path.read_text() for path in (root / "docs" / "reference").glob("*.md")}
    assert committed.keys() == pages.keys()
    stale = [name for name, text in pages.items() if committed[name] != text]
    assert not stale, "run: .venv/bin/python docs/generate.py"


def test_every_act_says_what_it_takes(generator):
    acts = generator.acts_page()
    assert "| `grant` | person, audience, purpose, fields, for (how long); matter (a claim) |" in acts


def test_every_key_of_the_language_has_a_meaning(generator):
    rows = [line for line in generator.scenario_page().splitlines() if line.startswith("| `")]
    silent = [row for row in rows if row.rstrip().endswith("|  |")]
    assert not silent
