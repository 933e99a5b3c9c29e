from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenarios.results import ManifestError, read_manifest
from scenarios.results.verify import verify_run


def faults(folder: Path) -> list[str]:
    return [finding.text for finding in verify_run(folder).findings if not finding.sound]


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_finished_run_is_sound_and_every_ledger_is_named(finished_run: Path) -> None:
    report = verify_run(finished_run)
    assert report.sound
    told = "\n".join(finding.text for finding in report.findings)
    for node in json.loads((finished_run / "manifest.json").read_text())["height"]:
        assert f"{node}: sound; " in told
    assert "8 ledgers are one chain" in told
    assert "business state: sound" in told


@pytest.mark.parametrize("place", [0, 0.3, 0.5, 0.77, 0.999])
def test_any_changed_byte_of_a_ledger_is_found_with_file_and_line(folder: Path, place: float) -> None:
    path = folder / "ledger" / "hospital-2.jsonl"
    raw = bytearray(path.read_bytes())
    at = int(len(raw) * place)
    raw[at] ^= 1
    path.write_bytes(raw)
    line = raw[:at].count(b"\n") + 1
    (fault, *_) = faults(folder)
    assert fault.startswith(f"hospital-2: {path}:")
    assert f":{line}:" in fault or f":{line + 1}:" in fault


def test_a_ledger_cut_short_is_not_what_the_manifest_says(folder: Path) -> None:
    path = folder / "ledger" / "broker.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    certified = max(n for n, line in enumerate(lines[:-1]) if b'"certificate":null' not in line)
    path.write_bytes(b"".join(lines[: certified + 1]))
    (fault,) = faults(folder)
    assert fault.startswith("broker: ")
    assert "height is" in fault


def test_a_missing_and_a_strange_ledger_are_told(folder: Path) -> None:
    (folder / "ledger" / "bureau.jsonl").rename(folder / "ledger" / "stranger.jsonl")
    missing, strange = faults(folder)
    assert missing.startswith("bureau: ")
    assert "cannot be read" in missing
    assert strange == "ledger/stranger.jsonl: of a node that the manifest does not name"


def test_a_changed_business_state_is_found(folder: Path) -> None:
    path = folder / "state" / "business.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    (fault,) = faults(folder)
    assert fault.startswith("business state: ")
    assert "root is" in fault


def test_a_business_state_changed_with_its_root_is_found_by_execution(folder: Path) -> None:
    path = folder / "state" / "business.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    root = faults(folder)[0].split("root is ")[1].split(",")[0]
    edit(folder / "manifest.json", business_root=root)
    (fault,) = faults(folder)
    assert "executing the ledger of" in fault


def test_a_changed_scenario_is_found(folder: Path) -> None:
    path = folder / "scenario.yaml"
    path.write_bytes(path.read_bytes() + b"# harmless?\n")
    (fault,) = faults(folder)
    assert "is not the one that was run" in fault


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("height", {"insurer-1": 3}, "height is"),
        ("state_root", {}, "the manifest says None"),
        ("head", {"insurer-1": "00" * 32}, "head is"),
        ("protocol", "pbft", "protocol is raft"),
    ],
)
def test_a_manifest_that_says_otherwise_is_found(folder: Path, key: str, value: object, said: str) -> None:
    edit(folder / "manifest.json", **{key: value})
    assert any(said in fault for fault in faults(folder))


def test_a_manifest_that_is_none_is_told(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"format": 1')
    (fault,) = faults(folder)
    assert "is no manifest" in fault
    edit_to_future = '{"format": 99}'
    (folder / "manifest.json").write_text(edit_to_future)
    assert "is no manifest" in faults(folder)[0]


def test_no_run_at_all_is_another_matter(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no manifest"):
        verify_run(tmp_path)
    with pytest.raises(ManifestError, match="did the run end"):
        read_manifest(tmp_path / "manifest.json")
