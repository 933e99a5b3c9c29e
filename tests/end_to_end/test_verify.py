"""`consortium verify` on a real run's folder: no byte of an exported ledger can be another one."""

from __future__ import annotations

import json
import random
import shutil

import pytest

from consensus.chain import commit_bytes
from node.ledger.genesis import decode_genesis
from node.membership import KeyRing
from scenarios.cli import invoke
from tests.end_to_end.program import Results, consortium, latest

pytestmark = pytest.mark.timeout(120)

NODE = "hospital"
SMALL = (
    *("--set", "workload.0.population=4", "--set", "members={insurer: {}, hospital: {}, bureau: {}, reinsurer: {}}"),
    *("--set", "run.seed=5"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("verify")
    done = consortium("run", "real_spending", "--ui", "none", *SMALL, cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    return latest(place, "real_spending").path


@pytest.fixture
def ledger(folder):
    """The bytes of one ledger, put back as they were afterwards."""
    path = folder / "ledger" / f"{NODE}.jsonl"
    raw = path.read_bytes()
    yield raw
    path.write_bytes(raw)


@pytest.fixture
def refused(folder, capsys):
    """Writes other bytes in a file's place; the one fault that `consortium verify` must find, as it tells it."""

    def look(name: str, content: bytes) -> str:
        (folder / name).write_bytes(content)
        assert invoke(["verify", str(folder)]) == 1
        told = capsys.readouterr()
        faults = [line for line in told.err.splitlines() if line.startswith("FAULT ")]
        assert told.err.splitlines()[-1] == f"{folder}: not sound"
        assert len(faults) == 1, told.err
        assert "Traceback" not in told.err
        return faults[0]

    return look


def sample(raw: bytes) -> list[int]:
    """Positions all over the file: each kind of byte, and some drawn blindly."""
    draw = random.Random(2023)
    marks = [b'"height":', b'"parent":"', b'"hash":"', b'"signatures":[[', b'"state":"', b'"round":', b"},", b'"],']
    found = [raw.index(mark, draw.randrange(len(raw) // 2)) + len(mark) for mark in marks for _ in range(3)]
    return sorted({0, len(raw) - 2, len(raw) - 1, *found, *(draw.randrange(len(raw)) for _ in range(20))})


def test_a_flipped_bit_anywhere_is_found_in_its_file(folder, ledger, refused):
    draw = random.Random(7)
    name = f"ledger/{NODE}.jsonl"
    for position in sample(ledger):
        changed = bytearray(ledger)
        changed[position] ^= 1 << draw.randrange(8)
        line = 1 + ledger.count(b"\n", 0, position)
        fault = refused(name, bytes(changed))
        where = fault.partition(f"{folder}/{name}:")[2]
        assert where, fault
        # A hash or a signature that does not fit is told where it stands, or at the line after, which names it.
        assert int(where.partition(":")[0]) in (line, line + 1), (position, fault)


def changed_lines(raw: bytes) -> dict[str, tuple[int, bytes]]:
    """By what was done to it: the number of the line (from 1) and the file. None changes what the JSON says."""
    lines = raw.splitlines(keepends=True)
    at = len(lines) // 2
    line = lines[at]

    def put(new: bytes) -> tuple[int, bytes]:
        assert new != line
        return at + 1, b"".join([*lines[:at], new, *lines[at + 1 :]])

    head, _, digits = line.partition(b'"parent":"')
    parsed = json.loads(line)
    return {
        "a space": put(line.replace(b":", b": ", 1)),
        "a space at the end": put(line[:-1] + b" \n"),
        "upper-case hex": put(head + b'"parent":"' + digits[:64].upper() + digits[64:]),
        "a leading zero": put(line.replace(b'"height":', b'"height":0', 1)),
        "a plus sign": put(line.replace(b'"height":', b'"height":+', 1)),
        "keys in another order": put(
            json.dumps(dict(reversed(parsed.items())), separators=(",", ":")).encode() + b"\n"
        ),
        "an unknown key": put(line.replace(b'{"header"', b'{"note":1,"header"', 1)),
        "a key twice": put(line.replace(b'"version":1,', b'"version":1,"version":1,', 1)),
        "an escaped letter": put(line.replace(b'"header"', b'"\\u0068eader"', 1)),
        "a carriage return": put(line[:-1] + b"\r\n"),
        "an empty line": put(line + b"\n"),
        "the line twice": put(line + line),
        "a mark of byte order": (1, b"\xef\xbb\xbf" + raw),
    }


def test_one_line_says_one_thing_in_one_way(ledger, refused):
    for what, (number, content) in changed_lines(ledger).items():
        fault = refused(f"ledger/{NODE}.jsonl", content)
        place = int(fault.partition(".jsonl:")[2].partition(":")[0])
        assert place in (number, number + 1), (what, fault)


def test_a_missing_newline_and_a_missing_last_block_are_found(ledger, refused):
    lines = ledger.count(b"\n")
    assert f".jsonl:{lines}: " in refused(f"ledger/{NODE}.jsonl", ledger[:-1])
    shorter = ledger[: ledger.rindex(b"\n", 0, -1) + 1]
    assert "the manifest says" in refused(f"ledger/{NODE}.jsonl", shorter)
    assert f"ledger/{NODE}.jsonl" in refused(f"ledger/{NODE}.jsonl", b"")


def test_a_spare_signature_is_one_too_many_even_if_it_is_true(folder, ledger, refused):
    lines = ledger.splitlines(keepends=True)
    block = json.loads(lines[1])
    certificate = block["certificate"]
    signers = {number for number, _ in certificate["signatures"]}
    spare = next(number for number in range(4) if number not in signers)
    signer = f"node.{members_in_order(ledger)[spare]}"
    data = commit_bytes(certificate["round"], certificate["height"], bytes.fromhex(certificate["hash"]))
    signature = KeyRing.derive(Results(folder).manifest["seed"], [signer]).sign(signer)(data)
    certificate["signatures"] = sorted([*certificate["signatures"], [spare, signature.hex()]])
    lines[1] = json.dumps(block, separators=(",", ":")).encode() + b"\n"
    fault = refused(f"ledger/{NODE}.jsonl", b"".join(lines))
    assert f"ledger/{NODE}.jsonl:2: " in fault
    assert "signature" in fault


def test_a_tampered_business_state_or_manifest_is_found(folder, refused, capsys):
    business = (folder / "state" / "business.jsonl").read_bytes()
    lines = business.splitlines(keepends=True)
    for content in (b"".join(lines[1:]), business.replace(b"1", b"2", 1), business[:-1]):
        assert "business.jsonl" in refused("state/business.jsonl", content)
    (folder / "state" / "business.jsonl").write_bytes(business)
    manifest = (folder / "manifest.json").read_bytes()
    head = Results(folder).manifest["head"][NODE]
    other = head[:-1] + ("0" if head[-1] != "0" else "1")
    at = manifest.index(head.encode(), manifest.index(NODE.encode(), manifest.index(b'"head"')))
    fault = refused("manifest.json", manifest[:at] + other.encode() + manifest[at + 64 :])
    assert f"{NODE}: " in fault
    assert f"the manifest says {other}" in fault
    (folder / "manifest.json").write_bytes(manifest)
    assert invoke(["verify", str(folder)]) == 0
    assert capsys.readouterr().err == ""


def test_a_folder_without_a_ledger_is_not_sound(folder, capsys, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(folder, copy)
    (copy / "ledger" / f"{NODE}.jsonl").unlink()
    assert invoke(["verify", str(copy)]) == 1
    assert f"FAULT {NODE}: {copy}/ledger/{NODE}.jsonl" in capsys.readouterr().err


def members_in_order(ledger: bytes) -> list[str]:
    """The members' names by number, as the genesis has them."""
    genesis = decode_genesis(bytes.fromhex(json.loads(ledger.splitlines()[0])["transactions"][0]))
    return [member.name for member in genesis.members]
