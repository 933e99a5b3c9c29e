"""Broken scenarios and what is said of them, word for word. ``UPDATE_GOLDEN=1 pytest`` rewrites; read the diff."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scenarios.language import ScenarioInvalid, load_scenario
from scenarios.language.composing import KEYS_MAX
from scenarios.language.reading import BYTES_MAX

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.yaml"))


def said_of(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(path.parent)
    with pytest.raises(ScenarioInvalid) as refused:
        load_scenario(path.name)
    return str(refused.value) + "\n"


@pytest.mark.parametrize("case", CASES)
def test_the_message_is_the_golden_one(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = said_of(GOLDEN / f"{case}.yaml", monkeypatch)
    golden = GOLDEN / f"{case}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")


def test_there_are_at_least_twelve_cases_and_none_is_stale() -> None:
    assert len(CASES) >= 12
    assert sorted(path.stem for path in GOLDEN.glob("*.txt")) == CASES


def test_a_missing_file_is_named_with_a_suggestion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "claims.yaml").write_text("version: 1\n")
    assert (
        said_of(tmp_path / "claim.yaml", monkeypatch)
        == "claim.yaml: there is no such file; did you mean `claims.yaml`?\n"
    )


def test_a_folder_is_no_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    assert said_of(tmp_path / "folder", monkeypatch) == "folder: is a folder; name a scenario file (*.yaml)\n"


def test_a_binary_file_is_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yaml").write_bytes(b"version: 1\n\xff\xfe\x00\x01")
    assert said_of(tmp_path / "a.yaml", monkeypatch) == "a.yaml: is no text in UTF-8 (byte 11)\n"


def test_two_mebibytes_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yaml").write_bytes(b"# " + b"x" * (2 * BYTES_MAX))
    assert (
        said_of(tmp_path / "a.yaml", monkeypatch) == "a.yaml: is larger than 1024 KiB, the most a scenario may have\n"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("many keys", "".join(f"k{n}: {n}\n" for n in range(100_000))),
        ("deep list", "[" * 200_000),
        ("deep mapping", "".join(" " * n + "a:\n" for n in range(1_200))),
        ("long line of aliases", "x-a: &a [1]\nb: [" + "*a, " * 200_000 + "]"),
    ],
)
def test_hostile_texts_are_refused(name: str, text: str, tmp_path: Path) -> None:
    """In how long: test_hostile.py, in a process of its own."""
    path = tmp_path / "a.yaml"
    path.write_text(text[: BYTES_MAX - 1])
    with pytest.raises(ScenarioInvalid) as refused:
        load_scenario(path)
    assert len(refused.value.problems) < 10, name
    assert any(str(KEYS_MAX) in str(p) or "levels" in str(p) for p in refused.value.problems), str(refused.value)
