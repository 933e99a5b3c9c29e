"""Who ever held what: followed through the virtual world, and found in stores and on the bus of real processes.

Two meters that have nothing in common but what they look for come to the same matrix, cell by cell.
"""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.program import QUICK, consortium, latest

pytestmark = pytest.mark.timeout(150)

LATER = ("--set", "story.revoke.wait=200 days")
"""Two seconds of the quick clock in which what was answered travels between the nodes, before it is taken back."""


def rows(results):
    return json.loads((results.path / "leakage.json").read_text())["rows"]


def told(tmp_path, mode, *options):
    done = consortium("run", "privacy_collection", "--mode", mode, "--ui", "none", *options, cwd=tmp_path / mode)
    assert (done.returncode, done.stderr) == (0, "")
    return latest(tmp_path / mode, "privacy_collection")


def test_both_worlds_come_to_the_same_matrix_of_the_main_scenario(one_claim):
    virtual, processes = (one_claim(mode, "pbft") for mode in ("virtual", "processes"))
    assert rows(virtual) == rows(processes)
    held = {cell for row in rows(virtual) for cell in row["cells"].values()}
    assert held == {"plain", "ciphertext"}


def test_and_of_a_collection_that_is_purged_and_of_one_whose_time_is_up(tmp_path):
    for mode in ("virtual", "processes"):
        (tmp_path / mode).mkdir()
    virtual, processes = told(tmp_path, "virtual", *LATER), told(tmp_path, "processes", *LATER, *QUICK)
    assert rows(virtual) == rows(processes)
    purged = {row["step"]: row["cells"]["insurer"] for row in rows(processes)}
    assert (purged["answer"], purged["bureau-answers"]) == ("purged", "purged")
    assert virtual.manifest["business_root"] == processes.manifest["business_root"]


def test_a_listener_learns_who_talks_to_whom(one_claim):
    leakage = json.loads((one_claim("processes", "pbft").path / "leakage.json").read_text())
    talk = {(item["sender"], item["receiver"]): item["messages"] for item in leakage["talk"]}
    assert talk["wallet.patient-1", "insurer-1"] > 0  # her wallet's home is the insurer's node
    assert talk["insurer-1", "all"] > 0
    assert not any(sender == "wallet.regulator" and receiver == "hospital-1" for sender, receiver in talk)
