"""The search for violations, the file it keeps, and the replay of it."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from consensus.properties import Observer, Violation
from consensus.vocabulary import MILLISECOND, SECOND
from network.virtual import BitRot, Crash, SlowDisk, TornWrite
from scenarios import adversary
from scenarios.adversary import (
    Failure,
    FailureError,
    Plan,
    Search,
    check,
    command,
    draw_trial,
    failure_of,
    keep,
    keep_search,
    play,
    read_failure,
    read_search,
)
from scenarios.adversary.bugs import bug_names, bugs
from scenarios.adversary.coverage import covered, missing_marks, possible_pairs
from scenarios.adversary.failure import told as failure_line
from scenarios.adversary.failure import unchanged
from scenarios.adversary.plans import FAULTS_MAX, KINDS_MIN, STRATEGIES
from scenarios.adversary.search import suited
from scenarios.adversary.shrink import Shrunk
from scenarios.cli import invoke
from scenarios.dashboard.check_progress import CheckProgress

CORES = Plan(protocol="raft", network="cores")
BUG = "raft-term-not-durable"


class NoFifthBlock(Observer):
    """A property that every run breaks: nobody may decide height 5."""

    def on_commit(self, now, node, _incarnation, commit):
        if commit.height == 5:
            raise Violation("no fifth block", f"node {node} at {now} ns decides height 5", "nobody may")


TWINS = ("raft", "twins")
"""Twins lie, and Raft tolerates no lie."""


@pytest.fixture(scope="module")
def failure():
    """One that a planted bug made, as it was drawn."""
    search = check(msgspec.structs.replace(CORES, bug=BUG), runs=20)
    return failure_of(search.trial)


def test_the_face_of_the_room():
    assert all(hasattr(adversary, name) for name in adversary.__all__)


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_a_sound_protocol_passes_and_what_was_met_is_counted(protocol):
    search = check(Plan(protocol=protocol, network="replicas"), runs=4)
    assert (search.runs, search.broken) == (4, None)
    assert search.counts["delivered"] > 0
    assert search.counts["told acknowledged"] == 4 * 200
    assert sum(name.startswith("fault ") for name in search.counts) >= KINDS_MIN
    reached, possible = covered(protocol, search.reached)
    assert possible / 4 < reached <= possible


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_unless_it_is_said_a_seed_draws_what_is_played(protocol):
    drawn = [Plan(protocol=protocol).trial(seed).network for seed in range(400)]
    assert 30 < drawn.count("replicas") < 75
    assert drawn.count("replicas") + drawn.count("cores") == 400
    assert {Plan(protocol=protocol, network="replicas").trial(seed).network for seed in range(20)} == {"replicas"}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_a_search_of_cores_meets_everything_that_should_sometimes_happen(protocol):
    search = check(Plan(protocol=protocol, network="cores"), seed=4, runs=16)
    assert search.broken is None
    disks = play(_with_bad_disks(draw_trial(protocol, 4, network="cores", nodes=4, liars=0)))
    assert disks.broken is None
    assert missing_marks(protocol, disks.counts + Counter(search.counts) + Counter(search.reached)) == ()


def _with_bad_disks(trial):
    """Slow disks under nodes that crash, so that writes are torn, and cannot be read at once."""
    plan = [Crash(at_ns=at * SECOND // 4, for_ns=SECOND // 8, node=at % 4) for at in range(1, 15)]
    for node in range(4):
        plan.append(SlowDisk(at_ns=1, for_ns=4 * SECOND, node=node, extra_ns=100 * MILLISECOND))
        plan.append(TornWrite(at_ns=1, for_ns=4 * SECOND, node=node))
    plan.append(BitRot(at_ns=SECOND, for_ns=SECOND, node=2))
    return msgspec.structs.replace(trial, case=msgspec.structs.replace(trial.case, plan=tuple(plan)), ambush=False)


def test_pairs_that_no_protocol_has_do_not_count_as_reached():
    assert covered("raft", {"leader <- Nonsense": 3}) == (0, len(possible_pairs("raft")))
    assert covered("raft", {"follower <- PreVote": 1, "leader <- PreVote": 0})[0] == 1


@pytest.mark.parametrize(
    ("protocol", "strategy"),
    [(protocol, strategy) for protocol in ("raft", "pbft") for strategy in STRATEGIES if (protocol, strategy) != TWINS],
)
def test_drawn_trials_are_data_and_as_large_as_is_asked(protocol, strategy):
    for seed in range(40):
        trial = draw_trial(protocol, seed, strategy=strategy)
        assert trial == draw_trial(protocol, seed, strategy=strategy)
        assert msgspec.json.decode(msgspec.json.encode(trial), type=type(trial)) == trial
        assert len(trial.case.plan) <= FAULTS_MAX + 4
        assert trial.operations >= 200
        if strategy == "swarm":
            assert len({type(fault) for fault in trial.case.plan}) >= KINDS_MIN
        after = [fault for fault in trial.case.plan if fault.at_ns >= trial.case.heal_ns]
        assert all(fault.for_ns is None for fault in after)


def test_where_no_lie_is_tolerated_nobody_has_a_twin():
    with pytest.raises(ValueError, match="raft tolerates no lie"):
        draw_trial("raft", 0, strategy="twins")


def test_the_size_of_a_network_can_be_fixed():
    trial = draw_trial("pbft", 3, nodes=6)
    assert trial.case.voters == tuple(range(6))


def test_a_budget_of_nothing_plays_nothing():
    assert check(CORES, runs=3, budget_s=0).runs == 0


def test_several_processes_find_what_one_finds():
    plan = msgspec.structs.replace(CORES, bug=BUG)
    alone, together = check(plan, runs=20), check(plan, runs=20, jobs=2)
    assert (alone.broken, alone.trial, alone.runs) == (together.broken, together.trial, together.runs)
    assert alone.counts == together.counts


PARENT = """
from scenarios.workers import workers
if __name__ == "__main__":
    pool = workers(1)
    pool.submit(print, "at work", flush=True).result()
    input()
"""


def test_no_process_outlives_a_search_that_is_killed(tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    command = [sys.executable, str(tmp_path / "parent.py")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(  # noqa: S603 - our own program
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout.readline() == "at work\n"
        parent.kill()
        assert parent.communicate(timeout=20) == ("", None)  # the end comes when nobody has its output open any more


def test_a_search_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "soak" / "raft.json"
    assert read_search(path, CORES) is None
    keep_search(check(CORES, seed=7, runs=2), path)
    kept = read_search(path, CORES)
    assert isinstance(kept, Search)
    went_on = check(CORES, runs=5, resumed=kept)
    assert (went_on.first, went_on.runs) == (7, 5)
    assert went_on.counts == check(CORES, seed=7, runs=5).counts
    with pytest.raises(FailureError, match="another search"):
        read_search(path, Plan(protocol="pbft"))


def test_a_failure_plays_again_event_for_event(failure, tmp_path):
    kept = read_failure(keep(failure, tmp_path))
    assert kept == failure
    assert failure_of(kept.trial) == kept


class Raises(Observer):
    def on_commit(self, _now, _node, _incarnation, _commit):
        raise IndexError("beyond the end")


def test_what_a_node_raises_is_a_finding():
    broken = play(draw_trial("raft", 1, network="cores"), observers=(Raises(),)).broken
    assert broken.property == "never raises"
    assert "IndexError: beyond the end" in broken.fact_a


def test_a_watcher_may_come_along():
    played = play(draw_trial("solo", 1), observers=(NoFifthBlock(),))
    assert played.broken.property == "no fifth block"
    assert played.broken.at_ns > 0


def test_the_command_shrinks_and_tells_and_replays(tmp_path, capsys):
    said = ["check", "--protocol", "raft", "--network", "cores", "--bug", BUG, "--out", str(tmp_path)]
    assert invoke(said) == 1
    told = capsys.readouterr().err
    (path,) = tmp_path.glob("*.json")
    kept = read_failure(path)
    broken, again = kept.broken.property, f"consortium replay {path}"
    for wanted in (broken, "found with", "still broken with", "the last exchanges", again):
        assert wanted in told
    assert len(kept.trial.case.plan) < len(kept.found.case.plan)
    assert kept.event_sha256 in told
    picture = path.with_suffix(".svg").read_text()
    assert picture.startswith("<svg")
    assert kept.broken.property in picture
    assert invoke(["replay", str(path)]) == 1
    again = capsys.readouterr().err
    assert "the very same run" in again
    for item in kept.found.case.plan:
        assert failure_line(item) in again, "the plan before is told too"


def test_a_failure_that_no_longer_fails_is_told(failure, tmp_path, capsys):
    mended = msgspec.structs.replace(failure, trial=msgspec.structs.replace(failure.trial, bug=None))
    assert invoke(["replay", str(keep(mended, tmp_path))]) == 0
    assert "holds now" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["check", "--protocol", "raft", "--bug", "raft-term-not-durabel"],
            f"did you mean `{BUG}`?; `consortium bugs`",
        ),
        (["check", "--protocol", "pbft", "--bug", BUG], f"`{BUG}` is a bug of raft, not of pbft"),
        (["check", "--protocol", "raft", "--liars", "1"], "raft tolerates no lie"),
        (["check", "--protocol", "raft", "--twins"], "--twins is for pbft"),
        (["check", "--protocol", "pbft", "--nodes", "4", "--liars", "5"], "5 of 4 nodes cannot lie"),
        (["check", "--protocol", "rfat"], "did you mean `raft`?"),
        (["bugs", "--protocol", "rfat"], "did you mean `raft`?"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_a_few_words(words, said, capsys):
    assert invoke(words) == 2
    told = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert said in told
    assert len(told) < 300


def test_a_planted_bug_is_searched_for_as_suits_it_unless_told_otherwise():
    needy = next(bug for bug in bugs().values() if bug.needs == "replicas")
    assert suited(Plan(protocol=needy.protocol, bug=needy.name)).network == "replicas"
    assert suited(Plan(protocol="raft", bug=BUG)) == Plan(protocol="raft", bug=BUG, network="cores", liars=0)
    asked = Plan(protocol="raft", bug=BUG, network="replicas", nodes=4, strategy="churn", liars=0)
    assert suited(asked) == asked
    assert suited(Plan(protocol="raft")) == Plan(protocol="raft")


def test_the_bugs_are_listed_with_their_sources(capsys):
    assert invoke(["bugs", "--protocol", "raft"]) == 0
    listed = capsys.readouterr().out
    for name in bug_names("raft"):
        assert f"{name}  (raft; {bugs()[name].source})" in listed
        assert bugs()[name].summary in listed
    assert "(pbft;" not in listed


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_an_edited_file_that_breaks_nothing_tells_nothing(failure, tmp_path, capsys):
    path = keep(failure, tmp_path)
    assert unchanged(path)
    edit(path, lambda content: content["trial"].update(bug=None))
    assert not unchanged(path)
    assert invoke(["replay", str(path)]) == 2
    told = capsys.readouterr()
    assert "was edited after it was kept" in told.err
    assert "holds now" not in told.out + told.err


def test_an_edited_file_that_breaks_something_is_another_run(failure, tmp_path, capsys):
    path = keep(failure, tmp_path)
    edit(path, lambda content: content["trial"]["case"].update(seed=1))
    assert invoke(["replay", str(path)]) == 1
    told = capsys.readouterr().err
    assert "the file was edited" in told
    assert "another run than the one kept" in told


def test_a_run_that_the_program_no_longer_plays_so_is_told(failure, tmp_path, capsys):
    path = keep(msgspec.structs.replace(failure, event_sha256="0" * 64), tmp_path)
    assert invoke(["replay", str(path)]) == 1
    assert "the program has changed since" in capsys.readouterr().err


@pytest.fixture
def handlers():
    """What the command line does about signals is undone afterwards."""
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for name, handler in before.items():
        signal.signal(name, handler)


def _ctrl_c():
    raise KeyboardInterrupt


def _terminated():
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL, "it would end this very process"
    signal.raise_signal(signal.SIGTERM)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("interrupt", [_ctrl_c, _terminated])
def test_an_interrupted_search_tells_what_it_did_and_goes_on(interrupt, tmp_path, capsys, monkeypatch):
    kept = tmp_path / "search.json"
    words = ["check", "--protocol", "raft", "--network", "cores", "--runs", "4", "--resume", str(kept)]

    def interrupted(_progress, search):
        if search.runs == 2:
            interrupt()

    with monkeypatch.context() as patched:
        patched.setattr(CheckProgress, "show", interrupted)
        assert invoke(words) == 3
    told = capsys.readouterr()
    assert "2 runs from seed 0, no violation" in told.out
    assert f"goes on from {kept}" in told.err
    assert read_search(kept, CORES).runs == 2
    assert invoke(words) == 0
    assert "4 runs from seed 0" in capsys.readouterr().out
    assert invoke([*words, "--seed", "9"]) == 2
    assert "give --seed 0" in capsys.readouterr().err
    assert invoke([*words, "--strategy", "churn"]) == 2
    assert "strategy is swarm there, churn here" in capsys.readouterr().err


def test_losing_patience_while_a_failure_is_made_small_keeps_it_as_it_is(tmp_path, capsys, monkeypatch):
    def impatient(trial, broken, progress):
        half = msgspec.structs.replace(trial, operations=trial.operations // 2)
        progress(Shrunk(trial=half, found=trial, broken=broken))
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "shrink", impatient)
    assert invoke(["check", "--protocol", "raft", "--network", "cores", "--bug", BUG, "--out", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "interrupted: this is how small it was by then" in told
    (path,) = tmp_path.glob("*.json")
    kept = read_failure(path)
    assert (kept.found.operations, kept.trial.operations) == (200, 100)


def test_a_search_that_cannot_be_kept_does_not_begin(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert invoke(["check", "--protocol", "raft", "--resume", str(tmp_path / "file" / "kept.json")]) == 2
    assert "runs from seed" not in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": 1}', "\x00"])
def test_a_file_that_is_no_failure_is_refused_in_one_line(content, tmp_path, capsys):
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(FailureError):
        read_failure(path)
    assert invoke(["replay", str(path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_failure_of_another_format_is_refused(failure, tmp_path):
    path = keep(msgspec.structs.replace(failure, format=99), tmp_path)
    with pytest.raises(FailureError, match="format 99"):
        read_failure(path)
    assert isinstance(failure, Failure)
