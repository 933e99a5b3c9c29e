"""One suite over every store, against a plain image; then what only the durable one can suffer."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consensus.vocabulary import Cut, Drop, Put
from node.ledger.store import MemoryStore, SimulatedStore, SqliteStore, StoreError, apply_record, in_order

ROOT = Path(__file__).parents[3]


class PlainCodec:
    """Any msgpack value, whatever the space."""

    def encode(self, value):
        return msgspec.msgpack.encode(value)

    def decode(self, space, raw):  # noqa: ARG002 - part of the interface
        return msgspec.msgpack.decode(raw)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "node.db"


@pytest.fixture(params=["memory", "sqlite", "simulated"])
def store(request, path):
    makers = {"memory": MemoryStore, "sqlite": lambda: SqliteStore(path, PlainCodec()), "simulated": SimulatedStore}
    made = makers[request.param]()
    yield made
    made.close()


SPACES = st.sampled_from(["blocks", "votes"])
PUTS = st.builds(Put, SPACES, st.integers(-3, 12) | st.sampled_from(["term", "view"]), st.integers(0, 99))
RECORDS = PUTS | st.builds(Cut, SPACES, st.integers(-4, 13)) | st.builds(Drop, SPACES, st.integers(-4, 13))


@given(st.lists(st.lists(RECORDS, max_size=8), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)  # a busy disk
def test_any_appends_give_the_image_of_the_model(store, batches):
    for space in ("blocks", "votes"):  # the fixture outlives an example: start it empty
        store.append([Drop(space, 2**62), *(Put(space, key, 0) for key in ("term", "view"))])
    model = {space: {"term": 0, "view": 0} for space in ("blocks", "votes")}
    for batch in batches:
        store.append(batch)
        for record in batch:
            apply_record(model, record)
    image = store.load()
    assert image == in_order(model)
    assert [list(image[space]) for space in image] == [list(entries) for entries in in_order(model).values()]


def test_cut_and_drop_take_integers_only_and_their_bounds_are_exact(store):
    store.append([Put("log", key, key) for key in range(6)] + [Put("log", "vote", 7), Put("other", 3, 3)])
    store.append([Cut("log", 4), Drop("log", 2)])
    assert store.load() == {"log": {2: 2, 3: 3, "vote": 7}, "other": {3: 3}}


def test_records_of_one_append_apply_in_order(store):
    store.append([Put("log", 1, "a"), Cut("log", 1), Put("log", 1, "b"), Put("log", 1, "c")])
    assert store.load() == {"log": {1: "c"}}


def test_an_empty_store_has_an_empty_image(store):
    assert store.load() == {}
    store.append([])
    assert store.load() == {}


def test_a_closed_store_refuses_everything_but_closing(store):
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.append([Put("log", 1, 1)])
    with pytest.raises(StoreError, match="closed"):
        store.load()


def test_a_value_that_cannot_be_encoded_leaves_nothing_of_its_append(path):
    store = SqliteStore(path, PlainCodec())
    with pytest.raises(TypeError):
        store.append([Put("log", 1, 1), Put("log", 2, object())])
    with pytest.raises(StoreError):
        store.append([Put("log", 1, 1), Put("log", None, 2)])  # no key: refused by the database itself
    assert store.load() == {}
    store.append([Put("log", 3, 3)])
    assert store.load() == {"log": {3: 3}}
    store.close()


def test_what_was_appended_is_there_when_opened_again(path):
    store = SqliteStore(path, PlainCodec())
    store.append([Put("log", 1, b"x" * 100_000), Put("meta", "term", 3)])
    store.close()
    store = SqliteStore(path, PlainCodec())
    assert store.load() == {"log": {1: b"x" * 100_000}, "meta": {"term": 3}}
    store.close()


def test_it_syncs_before_it_answers(path):
    store = SqliteStore(path, PlainCodec())
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    store.close()


def test_two_cannot_open_one_store(path):
    store = SqliteStore(path, PlainCodec())
    with pytest.raises(StoreError, match=r"node\.db: in use by another process"):
        SqliteStore(path, PlainCodec())
    script = "import pathlib, sys; from node.ledger.store import SqliteStore as S; S(pathlib.Path(sys.argv[1]), None)"
    command = [sys.executable, "-c", script, str(path)]
    other = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert other.returncode == 1
    assert "in use by another process" in other.stderr
    store.append([Put("log", 1, 1)])
    store.close()
    SqliteStore(path, PlainCodec()).close()


WRITER = """
import sys
from pathlib import Path
import msgspec
from consensus.vocabulary import Put
from node.ledger.store import SqliteStore
class Codec:
    encode = staticmethod(msgspec.msgpack.encode)
store = SqliteStore(Path(sys.argv[1]), Codec())
for height in range(int(sys.argv[2]), 10**9):
    store.append([Put("blocks", height, height), Put("pairs", height, b"x" * 5000), Put("meta", "height", height)])
    print(height, flush=True)
"""


def test_kill_dash_nine_loses_nothing_acknowledged_and_halves_no_append(path):
    start = 0
    for acknowledgements in (1, 40, 130):
        command = [sys.executable, "-c", WRITER, str(path), str(start)]
        writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
        with writer:
            acknowledged = [int(writer.stdout.readline()) for _ in range(acknowledgements)]
            os.kill(writer.pid, signal.SIGKILL)
            acknowledged += [int(line) for line in writer.stdout.read().splitlines()]
        store = SqliteStore(path, PlainCodec())
        image = store.load()
        store.close()
        last = image["meta"]["height"]
        assert last in (acknowledged[-1], acknowledged[-1] + 1)
        assert list(image["blocks"]) == list(image["pairs"]) == list(range(last + 1))
        start = last + 1


def test_a_full_disk_is_said_and_loses_nothing(path):
    store = SqliteStore(path, PlainCodec())
    store.append([Put("log", 1, 1)])
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match=r"node\.db: the disk is full") as caught:
        store.append([Put("log", 2, 2), Put("log", 3, b"x" * 100_000)])
    assert caught.value.disk_full
    assert store.load() == {"log": {1: 1}}
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.append([Put("log", 2, 2), Put("log", 3, b"x" * 100_000)])
    assert list(store.load()["log"]) == [1, 2, 3]
    store.close()


def filled(path):
    store = SqliteStore(path, PlainCodec())
    for height in range(50):
        store.append([Put("blocks", height, bytes([height]) * 2000)])
    store.close()


@pytest.mark.parametrize("damage", [b"this is no database, whatever its name says\n" * 50, b"SQLite format 3\0" * 400])
def test_a_file_that_is_no_database_is_refused(path, damage):
    path.write_bytes(damage)
    with pytest.raises(StoreError, match=r"node\.db: damaged at byte 0: no database"):
        SqliteStore(path, PlainCodec())
    assert path.read_bytes() == damage


def test_a_database_of_another_program_is_refused(path):
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE records (anything)")
    other.close()
    with pytest.raises(StoreError, match="of another program"):
        SqliteStore(path, PlainCodec())


def test_a_store_of_a_later_layout_is_refused(path):
    filled(path)
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 2")
    other.close()
    with pytest.raises(StoreError, match="laid out in version 2"):
        SqliteStore(path, PlainCodec())


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(StoreError, match=r"absent/node\.db: cannot be opened"):
        SqliteStore(tmp_path / "absent" / "node.db", PlainCodec())


def complaint_about(path, expected):
    """What opening and loading says; None where it finds exactly ``expected``."""
    store = None
    try:
        store = SqliteStore(path, PlainCodec())
        assert store.load() == expected
    except StoreError as error:
        return str(error)
    finally:
        if store is not None:
            store.close()
    return None


def test_a_flipped_bit_anywhere_is_refused_or_harmless(path, tmp_path):
    filled(path)
    whole = path.read_bytes()
    expected = {"blocks": {height: bytes([height]) * 2000 for height in range(50)}}
    refused = 0
    for offset in range(0, len(whole), 997):
        copy = tmp_path / "copy.db"
        shutil.copy(path, copy)
        damaged = bytearray(whole)
        damaged[offset] ^= 0x10
        copy.write_bytes(damaged)
        complaint = complaint_about(copy, expected)
        assert complaint is None or "copy.db" in complaint
        refused += complaint is not None
        for leftover in tmp_path.glob("copy.db*"):
            leftover.unlink()
    assert refused > 50


def test_a_record_that_the_codec_does_not_know_is_refused(path):
    filled(path)

    class Strict(PlainCodec):
        def decode(self, space, raw):
            raise ValueError(f"no {space} of {len(raw)} bytes")

    store = SqliteStore(path, Strict())
    with pytest.raises(StoreError, match=r"blocks/0 cannot be read: no blocks of"):
        store.load()
    store.close()


SECRET = b"\xa5a value that has to go\x5a" * 40  # some cells of a page, so that pages are rebalanced


def traces(path):
    """How many files of a store hold a piece of the secret."""
    return sum(SECRET[:24] in file.read_bytes() for file in sorted(path.parent.iterdir()))


def erased_one_by_one(store, path):
    """Every tenth value is overwritten by a note; the traces left after the last, with the store still open."""
    for key in range(60):
        store.append(
            [Put("custody", f"r/{key}", SECRET if key % 10 == 0 else bytes(900)), Put("blocks", key, bytes(99))]
        )
    assert traces(path) > 0
    for key in range(0, 60, 10):
        store.append([Put("custody", f"r/{key}", b"gone")])
    return traces(path)


def test_what_is_overwritten_in_a_space_that_erases_leaves_no_trace_in_any_file(path):
    store = SqliteStore(path, PlainCodec(), erasing=frozenset({"custody"}))
    assert erased_one_by_one(store, path) == 0
    store.close()
    assert traces(path) == 0


def test_elsewhere_it_does_and_so_the_test_above_can_fail(path):
    store = SqliteStore(path, PlainCodec())
    assert erased_one_by_one(store, path) > 0
    store.close()


def test_what_a_crash_kept_from_being_forgotten_is_forgotten_at_the_next_start(path, tmp_path):
    store = SqliteStore(path, PlainCodec())
    store.append([Put("custody", "r/1", SECRET)])
    store.append([Put("custody", "r/1", b"gone")])
    copy = tmp_path / "copy" / path.name
    copy.parent.mkdir()
    for file in sorted(path.parent.glob(f"{path.name}*")):  # as a kill leaves them: the log is not taken in
        (copy.parent / file.name).write_bytes(file.read_bytes())
    store.close()
    assert traces(copy) > 0
    SqliteStore(copy, PlainCodec(), erasing=frozenset({"custody"})).close()
    assert traces(copy) == 0
