"""The three failures that the documentation shows: each replays to the event that it says, and so does its picture."""

import pytest

from scenarios.adversary import read_failure
from scenarios.adversary.bugs import bugs
from scenarios.adversary.diagram import as_svg, record
from scenarios.cli import invoke

NAMES = ("pbft-view-change-drops-prepared", "raft-commits-older-term", "raft-stale-append-truncates")


def test_there_are_three_and_each_has_its_picture(root):
    found = sorted(path.name for path in (root / "docs/examples/failures").iterdir())
    assert found == sorted(f"{name}.{kind}" for name in NAMES for kind in ("json", "svg"))


@pytest.mark.parametrize("name", NAMES)
def test_a_failure_replays_to_the_event_that_the_page_tells(name, root, capsys):
    path = root / f"docs/examples/failures/{name}.json"
    kept, page = read_failure(path), (root / "docs/reference/shrunk.md").read_text()
    assert kept.trial.bug == name in bugs()
    assert invoke(["replay", str(path)]) == 1
    told = capsys.readouterr().err
    assert told.rstrip().endswith("the very same run"), "run: .venv/bin/python docs/generate.py"
    assert f"event hash {kept.event_sha256}" in told
    assert page.count(kept.event_sha256) == 2, "once as it was found, once as it was replayed"
    assert len(kept.trial.case.plan) < len(kept.found.case.plan)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_what_the_run_shows(name, root):
    kept = read_failure(root / f"docs/examples/failures/{name}.json")
    assert as_svg(record(kept.trial, kept.broken)) == (root / f"docs/examples/failures/{name}.svg").read_text()
