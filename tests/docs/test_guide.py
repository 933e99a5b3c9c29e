"""What the guide shows was run; here it runs again, in virtual time."""

import re
import runpy

import pytest

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.shipped import shipped


def _blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


@pytest.fixture
def consent(root, tmp_path):
    """The scenario that the second page writes, as a reader saves it."""
    (text,) = _blocks(root / "docs/guide/2-write-a-scenario.md", "yaml")
    path = tmp_path / "consent.yaml"
    path.write_text(text)
    return path


def _verdicts(path, tmp_path, *overrides):
    result = run(load_scenario(path, list(overrides)), view=NoView(), out=tmp_path / "runs")
    return result.verdict, {item.name: item.verdict for item in result.finished.expectations}


def test_the_scenario_of_the_second_page_passes(consent, tmp_path):
    verdict, _ = _verdicts(consent, tmp_path)
    assert verdict == "pass"


def test_the_market_of_the_eleventh_page_passes_and_its_transcript_is_of_it(root, tmp_path):
    page = root / "docs/guide/11-a-market-under-load.md"
    (text,) = _blocks(page, "yaml")
    path = tmp_path / "market.yaml"
    path.write_text(text)
    result = run(load_scenario(path), view=NoView(), out=tmp_path / "runs")
    assert result.verdict == "pass"
    shown = re.findall(r"^  PASS +(.*)$", page.read_text(), re.MULTILINE)
    told = [f"{item.name}: {item.detail}" if item.detail else item.name for item in result.finished.expectations]
    assert len(shown) == 12
    assert [line for line in shown if line not in told] == []


def test_it_passes_with_the_settings_of_its_last_section(consent, root, tmp_path):
    page = (root / "docs/guide/2-write-a-scenario.md").read_text()
    settings = re.findall(r"--set (consensus\.[a-z_.]+=\w+)", page)
    assert len(settings) == 2
    verdict, _ = _verdicts(consent, tmp_path, *settings)
    assert verdict == "pass"


def test_it_passes_with_the_faults_of_the_third_page(consent, root, tmp_path):
    faults, *_ = _blocks(root / "docs/guide/3-break-things.md", "yaml")
    consent.write_text(consent.read_text() + faults)
    verdict, _ = _verdicts(consent, tmp_path)
    assert verdict == "pass"


def test_the_network_of_the_third_page_is_one(consent, root):
    network = next(block for block in _blocks(root / "docs/guide/3-break-things.md", "yaml") if "network:" in block)
    consent.write_text(consent.read_text() + network)
    assert load_scenario(consent).network.default.loss == 50_000


def test_the_liars_of_the_third_page_are_the_shipped_scenario_s(root):
    lies = next(block for block in _blocks(root / "docs/guide/3-break-things.md", "yaml") if "byzantine" in block)
    told = shipped()["two_liars"].read_text()
    assert all(line in told for line in lies.splitlines()[1:])


def test_the_reads_of_the_third_page_are_the_shipped_scenario_s(root):
    *_, reads = _blocks(root / "docs/guide/3-break-things.md", "yaml")
    (flow,) = re.findall(r"flow: transfers.*spread: .*(?=})", reads)
    said = dict(part.split(": ") for part in flow.split(", "))
    overrides = [f"workload.0.{name}={value}" for name, value in said.items()]
    told, shown = (
        load_scenario(shipped()["reads_while_leaders_fall"]),
        load_scenario(shipped()["reads_while_leaders_fall"], overrides),
    )
    assert told.workload == shown.workload


def test_without_a_quorum_it_fails_as_the_third_page_says(consent, tmp_path):
    faults = "faults=[{at: 0 s, crash: hospital-1}, {at: 0 s, crash: hospital-2}]"
    verdict, verdicts = _verdicts(consent, tmp_path, faults, "run.duration=30s")
    assert (verdict, verdicts["durability"], verdicts["drained"]) == ("fail", "pass", "fail")


def test_what_the_second_page_suggests_does_as_it_says(consent, tmp_path):
    text = consent.read_text()
    text = re.sub(r"^  - \{id: revoke,.*\n", "", text, flags=re.MULTILINE)
    consent.write_text(text.replace("for: 30 days", "for: 1 h").replace("voucher_revoked", "voucher_expired"))
    verdict, _ = _verdicts(consent, tmp_path)
    assert verdict == "pass"


@pytest.mark.parametrize("name", ["README.md", "docs/guide/2-write-a-scenario.md", "docs/guide/3-break-things.md"])
def test_transcripts_tell_what_scenarios_tell(name, root, consent):
    """Each line of an organisation in a transcript is a step's title with the outcome that the step wants."""
    stories = [load_scenario(path).story for path in (*shipped().values(), consent)]
    told = {(step.who, step.title, step.expect) for story in stories for step in story}
    line_of = re.compile(r"^   \d:\d\d\.\d  (\S+) +(\S.*?) +(ok|refused: \S+)$", re.MULTILINE)
    shown = line_of.findall((root / name).read_text())
    assert shown
    odd = [found for found in shown if (found[0], found[1], found[2].removeprefix("refused: ")) not in told]
    assert not odd


def test_the_core_of_the_sixth_page_is_stepped_by_hand(root, capsys):
    runpy.run_path(str(root / "docs/examples/raft_by_hand.py"))
    started, fired, answered, status = capsys.readouterr().out.splitlines()
    assert "SetTimer(name='raft.election'" in started
    assert "Broadcast(message=PreVote(term=2, last_index=1, last_term=1)" in fired
    assert "Send(to=1, message=PreVoteReply(term=1, granted=False))" in answered  # whose log is shorter
    assert "role='pre-candidate'" in status
