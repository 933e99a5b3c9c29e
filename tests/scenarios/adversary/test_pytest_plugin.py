"""The plug-in as someone else's suite uses it: run by pytester, in a folder of its own."""

import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from scenarios.adversary import read_failure
from scenarios.pytest_plugin import _share

pytest_plugins = ["pytester"]

SUITE = """
    import pytest

    @pytest.mark.adversary(runs=3)
    def test_sound(adversary):
        assert adversary.check("raft", network="cores").runs == 3

    @pytest.mark.adversary(runs=5, seed=7)
    def test_broken(adversary):
        adversary.check("raft", network="cores", bug="raft-term-not-durable")
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(SUITE)
    return lambda *options: pytester.runpytest_subprocess(
        "-p", "scenarios.pytest_plugin", "--strict-markers", "-W", "error", *options
    )


def test_a_violation_fails_the_test_with_its_report_and_leaves_a_failure_that_replays(suite, pytester):
    result = suite("--junit-xml=out.xml", "--adversary-failures=found")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*breaks `durable vote`*", "*the last exchanges:*", "*consortium replay *found*"])
    (path,) = (pytester.path / "found").glob("*.json")
    assert read_failure(path).trial.bug == "raft-term-not-durable"
    properties = {
        (case.get("name"), item.get("name")): item.get("value")
        for case in ET.parse(pytester.path / "out.xml").iter("testcase")  # noqa: S314 - our own file
        for item in case.iter("property")
    }
    assert properties["test_sound", "adversary_runs"] == "3"
    assert properties["test_broken", "adversary_failure"] == str(path)
    assert properties["test_broken", "adversary_replay"] == f"consortium replay {path}"


def test_the_command_line_overrides_the_marker(suite):
    result = suite("--adversary-runs=1", "-k", "sound")
    result.stdout.fnmatch_lines(["*assert 1 == 3*"])


def test_a_marker_that_is_wrong_is_told(pytester, suite):
    pytester.makepyfile(
        test_wrong="""
        import pytest

        @pytest.mark.adversary(rnus=3)
        def test_wrong(adversary): ...
        """
    )
    result = suite("-k", "wrong")
    result.stdout.fnmatch_lines(["*takes runs, seed, budget_s, jobs, shards; not rnus*"])


OWN_SUITE = Path(__file__).parents[3] / "docs" / "examples" / "own_suite"


def test_a_protocol_an_oracle_and_a_contract_of_one_s_own(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(OWN_SUITE.parents[2]))
    for file in OWN_SUITE.glob("*.py"):
        shutil.copy(file, pytester.path)
    options = ("-p", "scenarios.pytest_plugin", "--strict-markers", "-W", "error")
    result = pytester.runpytest_subprocess(*options)
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*deputy: seed 0 breaks `one proposer`*",
            "*proposed it*",
            "*pytest 'test_own.py::test_deputy' --adversary-replay=*failures/deputy-0.json*",
            "*careless-tally: story 0 breaks `invariant`*",
            "*the shortest story, 2 calls:*",
            "*tell it again: --adversary-seed=0 --adversary-runs=1*",
        ]
    )
    again = pytester.runpytest_subprocess(*options, "-k", "deputy", "--adversary-replay=failures/deputy-0.json")
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["*it fails as before, event for event*"])


def test_shards_are_tests_of_their_own_spread_over_workers(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile("""
        import pytest

        @pytest.mark.adversary(runs=5, seed=100, shards=2)
        def test_sound(adversary):
            adversary.check("solo", network="cores")
    """)
    result = pytester.runpytest_subprocess(
        "-p", "scenarios.pytest_plugin", "-p", "xdist", "-n", "2", "--junit-xml=out.xml", "-v"
    )
    result.assert_outcomes(passed=2)
    told = {}
    for case in ET.parse(pytester.path / "out.xml").iter("testcase"):  # noqa: S314 - our own file
        told[case.get("name")] = {item.get("name"): item.get("value") for item in case.iter("property")}
    assert told == {
        "test_sound[shard0]": {"adversary_runs": "2", "adversary_first_seed": "100"},
        "test_sound[shard1]": {"adversary_runs": "3", "adversary_first_seed": "102"},
    }


@pytest.mark.parametrize("shards", [2, 3, 7])
def test_all_shards_together_play_every_seed_once(shards):
    settings = {"runs": 5, "seed": 40, "budget_s": 21.0, "jobs": 1}
    parts = [_share(settings, shard, shards) for shard in range(shards)]
    seeds = [seed for part in parts for seed in range(part["seed"], part["seed"] + part["runs"])]
    assert seeds == list(range(40, 45))
    assert sum(part["budget_s"] for part in parts) == pytest.approx(21.0)
