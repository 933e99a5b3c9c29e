"""The kill matrix is made in slices: what was searched once is read, not played again; and it tells what escaped."""

import sys

import msgspec
import pytest

from scenarios.adversary import bank
from scenarios.adversary.bank_page import page
from scenarios.adversary.play import Broken, play
from scenarios.adversary.search import Search
from scenarios.adversary.trial import draw_trial

NAME = "raft-term-not-durable"


@pytest.fixture
def played(monkeypatch):
    """Searches that are over at once: what is planted is found in the first run, but not by loss."""
    calls = []

    def check(plan, *, seed, runs, budget_s, resumed):  # noqa: ARG001
        calls.append((plan.bug, plan.strategy, seed, budget_s))
        broken = None if plan.bug is None or plan.strategy == "loss" else BROKEN
        cpu_s = budget_s if broken is None else 0.5
        return Search(plan=plan, first=seed, upcoming=seed + 3, cpu_s=cpu_s, broken=broken)

    monkeypatch.setattr(bank, "check", check)
    return calls


BROKEN = Broken(property="one vote", fact_a="a", fact_b="b", at_ns=1)


def rows(folder, seeds, budget_s=9.0):
    return bank.matrix(bank.tasks((NAME,), seeds=seeds, budget_s=budget_s, folder=folder), jobs=1)[0]


def test_a_slice_goes_on_where_the_last_one_stopped(tmp_path, played):
    first = rows(tmp_path, 1)
    assert played == [(NAME, "swarm", 0, 9.0), (NAME, "loss", 0, 5.0)], "loss has ten times the CPU"
    more = rows(tmp_path, 2)
    assert played[2:] == [(NAME, "swarm", bank.APART, 9.0), (NAME, "loss", bank.APART, 5.0)]
    assert more[NAME]["suited"].searches[0] == first[NAME]["suited"].searches[0]


def test_what_was_searched_for_too_short_is_searched_on(tmp_path, played):
    path, plan = tmp_path / "none.json", bank.plan_of(None, "raft")
    bank.kept(path, plan, seed=0, budget_s=2.0)
    bank.kept(path, plan, seed=0, budget_s=2.0)
    bank.kept(path, plan, seed=0, budget_s=5.0)
    assert [budget_s for *_, budget_s in played] == [2.0, 3.0]


def test_what_breaks_without_the_bug_too_caught_no_bug(monkeypatch, tmp_path):
    """A search of the program as it is, said to be one for a bug."""
    trial = msgspec.structs.replace(draw_trial("raft", 1, network="cores"), bug=NAME)
    plan = bank.plan_of(NAME, "raft")
    monkeypatch.setattr(
        bank, "check", lambda *_, **__: Search(plan=plan, first=0, upcoming=1, trial=trial, broken=BROKEN)
    )
    assert bank.kept(tmp_path / "sound.json", plan, seed=0, budget_s=1.0).broken == BROKEN
    monkeypatch.setattr(bank, "play", lambda trial: play(msgspec.structs.replace(trial, bug=NAME)))
    with pytest.raises(RuntimeError, match=f"seed 1 breaks .* without {NAME} too: "):
        bank.kept(tmp_path / "unsound.json", plan, seed=0, budget_s=1.0)
    assert not (tmp_path / "unsound.json").exists()


def test_loss_is_asked_from_three_seeds_alone(tmp_path, played):
    found = rows(tmp_path, 5)
    assert len(found[NAME]["suited"].searches) == 5
    assert sum(strategy == "loss" for _, strategy, *_ in played) == len(found[NAME]["loss"].searches) == 3


@pytest.fixture
def command(monkeypatch, tmp_path):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["bank", "--kept", str(tmp_path), *words])
        return bank.main()

    return run


def test_the_page_tells_of_every_search(tmp_path, played, command):
    file, soak = tmp_path / "page.md", tmp_path / "soak.json"
    soak.write_bytes(msgspec.json.encode(Search(plan=bank.plan_of(None, "raft"), first=0, upcoming=20_000)))
    assert command("--seeds", "2", "--page", str(file), "--soak", str(soak)) == 0
    text = file.read_text()
    assert f"| `{NAME}` | swarm | 2/2 | 3 (3) | 0.5 (0.5) | one vote 2 | 0/2 | - | - | - |" in text
    assert "| raft | nothing | 3 | 120.0 |" in text
    assert "| raft, soak | nothing | 20,000 |" in text
    assert (
        f"The program that played is `{bank.program_digest(*bank.bugs())}` (a digest of its files), {bank.commit()}."
        in text
    )
    assert len(played) == 4 * len(bank.bugs()) + 2


def test_what_escapes_is_told_and_fails(monkeypatch, capsys, command, played):
    monkeypatch.setattr(sys.modules[__name__], "BROKEN", None)
    assert command(NAME, "--seeds", "1", "--budget", "1") == 1
    assert f"escaped: {NAME}" in capsys.readouterr().out
    assert played


def test_two_processes_find_what_one_finds(tmp_path):
    todo = bank.tasks((NAME,), seeds=2, budget_s=5.0, folder=tmp_path / "two")
    suited = [task for task in todo if task.column == bank.SUITED]
    found = {task.seed: search.broken for task, search in bank.performed(suited, jobs=2)}
    alone = bank.caught(NAME, seed=1, budget_s=5.0)
    assert found[1] == alone.broken is not None


def test_a_page_without_loss_has_no_kills_of_it(tmp_path, played):
    text = page(rows(tmp_path, 1), {}, [], seeds=1, budget_s=9.0, program="p")
    assert "**1 of 1 bugs" in text
    assert played


def test_what_plays_a_bug_s_trials_is_its_own_module_and_no_other_bug_s():
    bugs = bank.bugs()
    raft, pbft = "raft-term-not-durable", "pbft-turns-lost-at-restart"
    here = [name for name in bugs if bugs[name].plant.__module__ == bugs[raft].plant.__module__]
    assert {bank.program_digest(name) for name in here} == {bank.program_digest(raft)}
    assert len({bank.program_digest(), bank.program_digest(raft), bank.program_digest(pbft)}) == 3


def test_a_program_that_nobody_keeps_under_version_control_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(bank, "_ROOT", tmp_path)
    assert bank.commit() == "not under version control here"
