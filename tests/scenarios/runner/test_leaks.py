"""The leak scan finds planted canaries, tells who may hold them, and notices that it would have found none."""

import sqlite3

import msgspec
import pytest

from scenarios.language.models.world import Canary
from scenarios.runner import leaks as room
from scenarios.runner.leaks import BUS, LeakScan, look_through

DIAGNOSIS = "chronic hepatitis B 慢性乙型肝炎"


@pytest.fixture
def scan():
    return LeakScan([Canary(id="diagnosis", value=DIAGNOSIS, holders=("hospital",))])


def plant_in_database(path, value):
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE records (value BLOB)")
    database.execute("INSERT INTO records VALUES (?)", (msgspec.msgpack.encode({"said": value}),))
    database.commit()
    database.close()


def test_a_canary_in_an_sqlite_file_is_found(scan, tmp_path):
    plant_in_database(tmp_path / "node.sqlite", DIAGNOSIS)
    look_through([scan], "insurer", tmp_path / "node.sqlite")
    assert scan.leaks() == ["`diagnosis` lies at insurer (node.sqlite)"]


def test_a_canary_that_a_databases_pages_cut_in_two_is_found(tmp_path):
    long = Canary(id="long", value="0123456789abcdef" * 12)
    for offset in range(0, 4096, 150):
        path = tmp_path / f"{offset}.sqlite"
        plant_in_database(path, "." * 9999 + long.value + "." * offset)
        if long.value.encode() not in path.read_bytes():
            break
    else:
        pytest.fail("no page cut the canary: this test tests nothing")
    scan = LeakScan([long])
    look_through([scan], "insurer", path)
    assert len(scan.leaks()) == 1


def test_a_broken_database_is_looked_through_as_far_as_it_reads(scan, tmp_path):
    (tmp_path / "node.sqlite").write_bytes(b"SQLite format 3\x00" + DIAGNOSIS.encode())
    look_through([scan], "insurer", tmp_path / "node.sqlite")
    assert len(scan.leaks()) == 1


def test_a_canary_in_a_log_is_found(scan, tmp_path):
    (tmp_path / "node.log").write_text(f"INFO query about {DIAGNOSIS}\n", encoding="utf-8")
    look_through([scan], "insurer", tmp_path / "node.log")
    assert scan.leaks() == ["`diagnosis` lies at insurer (node.log)"]


def test_a_canary_in_a_frame_is_found_even_at_its_own_party(scan):
    scan.look(BUS, b"\x93\x01" + DIAGNOSIS.encode() + b"\x00", "net/all/hospital/nodes")
    assert scan.leaks() == ["`diagnosis` lies at the bus (net/all/hospital/nodes)"]


@pytest.mark.parametrize("spell", [str.encode, lambda text: text.encode().hex().encode()])
def test_a_canary_is_found_as_text_and_as_hexadecimal(scan, spell):
    scan.look("insurer", b"..." + spell(DIAGNOSIS) + b"...", "a dump")
    assert len(scan.leaks()) == 1


def test_a_canary_inside_a_value_at_rest_is_found(scan):
    scan.look_at_value("insurer", ({"a": [1, (DIAGNOSIS,)]},), "vault/1")
    assert scan.leaks() == ["`diagnosis` lies at insurer (vault/1)"]


@pytest.mark.parametrize("offset", [0, 1, 10, 30, 40, 41, 42, 60])
def test_a_canary_across_two_reads_of_a_file_is_found(scan, tmp_path, monkeypatch, offset):
    monkeypatch.setattr(room, "_CHUNK_BYTES", 41)
    (tmp_path / "big").write_bytes(b"." * offset + DIAGNOSIS.encode() + b"." * 50)
    look_through([scan], "insurer", tmp_path / "big")
    assert len(scan.leaks()) == 1


def test_a_canary_at_its_party_is_no_leak(scan):
    scan.look_at_value("hospital", DIAGNOSIS, "vault/1")
    assert scan.leaks() == []
    assert scan.missing(["hospital", "insurer"]) == []


def test_a_canary_that_its_party_does_not_hold_is_missing(scan):
    assert scan.missing(["hospital", "insurer"]) == ["`diagnosis` is not at hospital"]


def test_a_party_without_a_node_cannot_miss_anything(scan):
    assert scan.missing(["insurer"]) == []


def test_part_of_a_canary_is_none(scan):
    scan.look("insurer", DIAGNOSIS.encode()[:-1], "a dump")
    assert scan.leaks() == []


def test_each_canary_is_told_once_a_place_where_it_was_first_seen(scan):
    for where in ("first", "second"):
        scan.look("insurer", DIAGNOSIS.encode(), where)
        scan.look("broker", DIAGNOSIS.encode(), where)
    assert scan.leaks() == ["`diagnosis` lies at broker (first)", "`diagnosis` lies at insurer (first)"]


def test_the_bytes_that_were_looked_through_are_counted(scan):
    scan.look("insurer", bytes(100), "a dump")
    scan.look("insurer", bytes(11), "a dump")
    assert scan.bytes_scanned == 111
