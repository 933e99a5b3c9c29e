"""The main scenario, told in every world, under every protocol, over every bus: one story, one business state."""

from __future__ import annotations

import csv
import json
import re

import pytest

from scenarios.cli import invoke
from tests.end_to_end.program import Results

pytestmark = pytest.mark.timeout(150)

PROTOCOLS = ("pbft", "raft", "solo")
KEYS = {
    *("scenario", "scenario_sha256", "protocol", "seed", "mode", "bus", "argv", "versions", "git", "started"),
    *("finished", "virtual_ns", "run_ns", "verdict", "expectations", "event_sha256", "height", "head", "state_root"),
    *("business_root", "format"),
}
ORGANISATIONS = [
    *("insurer-1", "insurer-2", "hospital-1", "hospital-2", "bureau", "reinsurer", "broker", "regulator"),
]
HASH = re.compile(r"[0-9a-f]{64}")


@pytest.fixture(scope="session")
def business_root(one_claim):
    """What the business comes to, whoever carries it."""
    return one_claim("virtual", "pbft").manifest["business_root"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("mode", ["virtual", "processes"])
def test_the_story_passes_and_comes_to_the_same(one_claim, business_root, capsys, mode, protocol):
    run = one_claim(mode, protocol)
    assert run.manifest["bus"] == (None if mode == "virtual" else "embedded")
    holds(run, mode, protocol, business_root)
    sound(run, capsys)


@pytest.mark.mosquitto
def test_so_it_does_over_a_private_mosquitto(one_claim, business_root, capsys):
    run = one_claim("processes", "pbft", "mosquitto")
    assert run.manifest["bus"] == "mosquitto"
    holds(run, "processes", "pbft", business_root)
    sound(run, capsys)


@pytest.mark.mosquitto
def test_and_over_a_broker_of_the_users_own(one_claim, users_mosquitto, business_root, capsys):
    run = one_claim("processes", "pbft", users_mosquitto)
    assert run.manifest["bus"] == users_mosquitto
    holds(run, "processes", "pbft", business_root)
    sound(run, capsys)


def holds(run: Results, mode: str, protocol: str, business_root: str) -> None:
    """The folder holds what it should, and all of it agrees."""
    manifest = run.manifest
    assert set(manifest) >= KEYS
    assert (manifest["verdict"], manifest["mode"], manifest["protocol"]) == ("pass", mode, protocol)
    assert manifest["run_ns"] > 0
    assert (manifest["virtual_ns"] is None, manifest["event_sha256"] is None) == (mode == "processes",) * 2
    assert {found["verdict"] for found in manifest["expectations"]} <= {"pass", "warn"}
    for key in ("height", "head", "state_root"):
        assert sorted(manifest[key]) == sorted(ORGANISATIONS)
        assert len(set(manifest[key].values())) == 1, key
    assert manifest["business_root"] == business_root
    assert HASH.fullmatch(business_root)
    history_holds(run)
    files_hold(run, mode)


def history_holds(run: Results) -> None:
    """Every operation was answered, in one order of time."""
    history = run.history
    assert len(history) > 50
    for line in history:
        assert set(line) == {"client", "op", "key", "in", "out", "call", "return", "status"}
        assert line["op"] == "transact"
        assert line["status"] == ("ok" if line["out"]["code"] == "ok" else "fail")
        assert 0 <= line["call"] <= line["return"]
        assert HASH.fullmatch(line["out"]["receipt"])
    assert [line["call"] for line in history] == sorted(line["call"] for line in history)
    assert len({line["key"] for line in history}) == len(history)


def files_hold(run: Results, mode: str) -> None:
    """Ledgers line by line, the business state, the measures, and in processes mode what each node keeps."""
    for node in ORGANISATIONS:
        blocks = run.ledger(node)
        assert [block["header"]["height"] for block in blocks] == list(range(run.manifest["height"][node] + 1))
        assert blocks[-1]["hash"] == run.manifest["head"][node]
        kept = run.path / "nodes" / node
        assert kept.is_dir() == (mode == "processes")
        if mode == "processes":
            assert (kept / "node.log").is_file()
            assert (kept / "node.sqlite").read_bytes().startswith(b"SQLite format 3\0")
            assert (kept / "node.json").stat().st_mode & 0o077 == 0  # secrets are the owner's alone
    state = [json.loads(line) for line in (run.path / "state" / "business.jsonl").read_text().splitlines()]
    assert len(state) > 50
    summary = json.loads((run.path / "metrics.json").read_text())
    assert summary["commit_latency"]["count"] == len(run.history)
    assert {"mean", "p50", "p90", "p99", "max"} <= set(summary["commit_latency"])
    with (run.path / "metrics.csv").open() as table:
        assert {row["measure"] for row in csv.DictReader(table)} == set(summary)
    assert (run.path / "scenario.yaml").is_file()


def sound(run: Results, capsys: pytest.CaptureFixture[str]) -> None:
    """`consortium verify` finds nothing wrong."""
    assert invoke(["verify", str(run.path)]) == 0
    told = capsys.readouterr()
    assert told.out.endswith(": sound\n")
    assert told.err == ""
