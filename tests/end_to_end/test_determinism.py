"""The virtual world again and again: the same scenario and seed are the same run, to the last byte."""

from __future__ import annotations

import pytest

from tests.end_to_end.program import consortium, latest

pytestmark = pytest.mark.timeout(120)

FAULTS = "faults=[{at: 1 s, crash: leader, restart_after: 2 s}, {at: 2 s, loss: 20%, for: 5 s}]"
SMALL = ("--set", "workload.0.population=30", "--set", "network.default.duplicate=5%", "--set", FAULTS)
FIXED = (
    "event_sha256",
    "state_root",
    "head",
    "height",
    "business_root",
    "virtual_ns",
    "expectations",
    "scenario_sha256",
)


def virtual(place, seed: int, hash_seed: str):
    place.mkdir()
    words = ("run", "real_spending", "--mode", "virtual", "--seed", str(seed), "--ui", "none", *SMALL)
    done = consortium(*words, cwd=place, PYTHONHASHSEED=hash_seed)
    assert (done.returncode, done.stderr) == (0, "")
    return latest(place, "real_spending")


def test_one_seed_is_one_run_under_any_hash_seed_and_another_seed_another(tmp_path):
    first, again, other = (
        virtual(tmp_path / name, seed, hash_seed)
        for name, seed, hash_seed in (("a", 3, "0"), ("b", 3, "271828"), ("c", 4, "0"))
    )
    for key in FIXED:
        assert first.manifest[key] == again.manifest[key], key
    same = ["history.jsonl", "metrics.json", "metrics.csv", "scenario.yaml", "state/business.jsonl"]
    for name in [*same, *(f"ledger/{node}.jsonl" for node in first.nodes)]:
        assert (first.path / name).read_bytes() == (again.path / name).read_bytes(), name
    for key in ("event_sha256", "head", "state_root"):
        assert first.manifest[key] != other.manifest[key], key
