import importlib.util
import sys

import pytest

from scenarios.language import load_scenario
from scenarios.shipped import shipped


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


def test_what_stories_are_refused_with_is_on_the_page_of_contracts(generator):
    page = generator.contracts_page()
    steps = [step for path in shipped().values() for step in load_scenario(path).story if step.do != "read"]
    told = {code for step in steps for code in step.expect.split("|")} - {"ok"}
    assert len(told) > 10
    assert sorted(code for code in told if f"`{code}`" not in page) == []


def test_refusals_of_what_an_action_calls_are_seen(generator):
    _, _, treaty = generator.contracts_page().partition("\n## treaty\n")
    row = next(line for line in treaty.splitlines() if line.startswith("| `cede` |"))
    assert "`booked_already`" in row  # by a function that it calls
    assert "`unknown_policy`" in row  # by finding none
    assert "`already_enrolled`" not in row
