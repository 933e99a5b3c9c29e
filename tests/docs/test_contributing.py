"""The new contract of CONTRIBUTING.md, made as its text says, in a copy of the program."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("configs", "consensus", "network", "node", "scenarios")
LINES_MAX = 100


def _blocks():
    text = ROOT.joinpath("CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## Add a contract")[2].partition("\n## ")[0]
    (contract,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    (scenario,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    return contract, scenario


def test_contract_and_scenario_are_under_a_hundred_lines():
    assert sum(len(block.splitlines()) for block in _blocks()) < LINES_MAX


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("program")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    contract, scenario = _blocks()
    (folder / "node/contracts/appointments.py").write_text(contract, encoding="utf-8")
    catalogue = folder / "node/contracts/catalogue.py"
    listed = catalogue.read_text(encoding="utf-8")
    listed = listed.replace("    accounts,\n", "    accounts,\n    appointments,\n", 1)
    listed = listed.replace("    accounts.contract,\n", "    accounts.contract,\n    appointments.contract,\n", 1)
    catalogue.write_text(listed, encoding="utf-8")
    (folder / "appointments.yaml").write_text(scenario, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("protocol", "mode"), [("raft", "virtual"), ("pbft", "virtual"), ("pbft", "processes")])
def test_it_passes(program, protocol, mode):
    call = "import sys; sys.argv[0] = 'consortium'; from scenarios.cli import main; main()"
    asked = [sys.executable, "-c", call, "run", "appointments.yaml", "--mode", mode, "--protocol", protocol]
    done = subprocess.run(  # noqa: S603 - the program, asked as in the text
        asked,
        cwd=program,
        env={**os.environ, "PYTHONPATH": str(program)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "verdict: PASS" in done.stdout
