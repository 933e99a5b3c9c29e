"""What pages tell people to type must be there: make targets, commands, options, shipped scenarios."""

import re

import pytest
import typer.main

from scenarios.cli import app
from scenarios.shipped import shipped
from tests.docs.conftest import all_pages

_CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def _typed(page):
    return [
        line.removeprefix("$ ").split(" #")[0].strip()
        for block in _CONSOLE.findall(page.read_text())
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


ALL_TYPED = sorted({line for page in all_pages() for line in _typed(page)})


def test_pages_do_tell_people_what_to_type():
    assert len(ALL_TYPED) > 20


@pytest.mark.parametrize("line", [line for line in ALL_TYPED if "make " in line])
def test_make_targets_exist(line, root):
    makefile = (root / "Makefile").read_text()
    for target in re.findall(r"\bmake ([a-z]+)", line):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("line", [line for line in ALL_TYPED if line.startswith("consortium ")])
def test_commands_and_options_exist(line):
    words = re.sub(r"'[^']*'", "VALUE", line.split(" | ")[0].split(" > ")[0]).split()
    command = typer.main.get_command(app).commands[words[1]]
    if hasattr(command, "commands"):
        command = command.commands[words[2]]
    known = {option for parameter in command.params for option in parameter.opts}
    assert [word for word in words[2:] if word.startswith("--") and word not in known] == []
    if words[1] in {"run", "demo"}:
        scenario = words[2]
        assert scenario in shipped() or scenario.endswith(".yaml")


def test_the_readme_says_how_to_test(root):
    assert "\n$ make test\n" in (root / "README.md").read_text()
