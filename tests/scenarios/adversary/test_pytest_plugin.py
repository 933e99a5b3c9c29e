"""The plug-in as someone else's suite uses it: run by pytester, in a folder of its own."""

import xml.etree.ElementTree as ET

import pytest

from scenarios.adversary import read_failure

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
    result.stdout.fnmatch_lines(["*takes runs, seed, budget_s, jobs; not rnus*"])
