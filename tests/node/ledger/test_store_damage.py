"""What a crash or a bad disk leaves of a store: a torn tail is repaired, anything worse refused by file and byte."""

import random
import re
import shutil

import msgspec
import pytest

from consensus.vocabulary import Cut, Drop, Put
from node.ledger.store import SimulatedStore, SqliteStore, StoreError
from node.ledger.store.wal import HEADER_BYTES, torn_tail

APPENDS = 7


class Codec:
    encode = staticmethod(msgspec.msgpack.encode)

    def decode(self, space, raw):  # noqa: ARG002 - part of the interface
        return msgspec.msgpack.decode(raw)


def append_to(store, number):
    """One append like a node's: a block that spills over pages, a vote in place of the one before."""
    block = random.Random(number).randbytes(700 * (number % 3 + 1))
    store.append([Put("blocks", number, block), Put("votes", "vote", number), Drop("blocks", number - 4)])


@pytest.fixture(scope="module")
def crashed(tmp_path_factory):
    """(folder, log's length after each append, image after each append) of a node that was killed."""
    folder = tmp_path_factory.mktemp("crashed")
    path, log = folder / "live.db", folder / "live.db-wal"
    store = SqliteStore(path, Codec())
    lengths, images = [log.stat().st_size], [store.load()]
    for number in range(APPENDS):
        append_to(store, number)
        lengths.append(log.stat().st_size)
        images.append(store.load())
    shutil.copy(path, folder / "node.db")
    shutil.copy(log, folder / "node.db-wal")
    store.close()
    return folder, lengths, images


def opened(path):
    """(image, what was repaired), or the complaint."""
    try:
        store = SqliteStore(path, Codec())
    except StoreError as error:
        return str(error)
    try:
        return store.load(), store.repaired
    except StoreError as error:
        return str(error)
    finally:
        store.close()


@pytest.fixture
def damage(crashed, tmp_path):
    """Open the killed node's store with its log, or its database, changed."""
    folder, _, _ = crashed

    def open_changed(*, log=None, database=None):
        for leftover in tmp_path.glob("node.db*"):
            leftover.unlink()
        (tmp_path / "node.db").write_bytes((folder / "node.db").read_bytes() if database is None else database)
        (tmp_path / "node.db-wal").write_bytes((folder / "node.db-wal").read_bytes() if log is None else log)
        return opened(tmp_path / "node.db")

    return open_changed


def log_of(crashed):
    return (crashed[0] / "node.db-wal").read_bytes()


def test_a_killed_node_finds_everything_and_repairs_nothing(crashed, damage):
    assert damage() == (crashed[2][-1], "")


def test_a_log_cut_anywhere_gives_the_last_append_that_is_whole(crashed, damage):
    _, lengths, images = crashed
    whole = log_of(crashed)
    draws = random.Random(1)
    cuts = {*lengths, *(length + 1 for length in lengths[:-1]), *(length - 1 for length in lengths[1:])}
    cuts |= {draws.randrange(HEADER_BYTES + 1, len(whole)) for _ in range(40)}
    for cut in sorted(cuts):
        ends = [HEADER_BYTES, *lengths]  # the layout of the tables comes before the first append
        place, end = max((place, end) for place, end in enumerate(ends) if end <= cut)
        image, repaired = damage(log=whole[:cut])
        assert image == images[max(0, place - 1)], cut
        assert bool(repaired) == (cut > end), cut
        if repaired:
            assert f"dropped {cut - end} bytes from byte {end} on" in repaired


def test_any_byte_of_the_last_append_may_be_wrong(crashed, damage):
    _, lengths, images = crashed
    draws = random.Random(2)
    whole = log_of(crashed)
    for place in [lengths[-2], len(whole) - 1, *(draws.randrange(lengths[-2], len(whole)) for _ in range(40))]:
        image, repaired = damage(log=flipped(whole, place, draws))
        assert image == images[-2], place
        assert f"from byte {lengths[-2]} on" in repaired


def test_a_wrong_byte_before_the_last_append_is_refused_by_file_and_offset(crashed, damage, monkeypatch):
    monkeypatch.setattr("node.ledger.store.sqlite.LOOK_AGAIN_S", 0)
    _, lengths, _ = crashed
    draws = random.Random(3)
    whole = log_of(crashed)
    for place in [0, 20, HEADER_BYTES - 1, HEADER_BYTES, *(draws.randrange(lengths[-2]) for _ in range(60))]:
        complaint = damage(log=flipped(whole, place, draws))
        assert isinstance(complaint, str), place
        offset = int(re.search(r"node\.db-wal: damaged at byte (\d+): ", complaint)[1])
        assert offset <= place < offset + 4096 + 24
        assert "under a new number" in complaint


def test_a_log_that_somebody_else_is_writing_is_looked_at_again(crashed, tmp_path, monkeypatch):
    """It is damaged at the first look and whole at the second: no damage, and SQLite says whether it is in use."""
    path, whole = tmp_path / "node.db", log_of(crashed)
    shutil.copy(crashed[0] / "node.db", path)
    log = tmp_path / "node.db-wal"
    log.write_bytes(flipped(whole, 40, random.Random(0)))
    monkeypatch.setattr("time.sleep", lambda _: log.write_bytes(whole))
    assert opened(path) == (crashed[2][-1], "")


def test_frames_that_reached_the_disk_out_of_order_are_a_torn_tail(crashed, damage):
    _, lengths, images = crashed
    whole = log_of(crashed)
    image, repaired = damage(log=whole[: lengths[-2]] + bytes(4096 + 24) + whole[lengths[-2] + 4096 + 24 :])
    assert (image, bool(repaired)) == (images[-2], True)


def test_a_database_that_vanished_from_beside_its_log_is_refused(damage):
    assert "node.db: damaged at byte 0: it is empty, and its log is not" in damage(database=b"")


def test_what_a_log_of_an_earlier_round_left_behind_is_no_damage(tmp_path):
    path = tmp_path / "node.db"
    store = SqliteStore(path, Codec())
    for number in range(6):
        append_to(store, number)
    store._connection.execute("PRAGMA wal_checkpoint(RESTART)")
    append_to(store, 6)
    image = store.load()
    for name in ("node.db", "node.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / f"copy-{name}")
    store.close()
    assert torn_tail(tmp_path / "copy-node.db-wal") is None
    assert opened(tmp_path / "copy-node.db") == (image, "")


def test_a_checkpoint_that_a_power_cut_interrupted_is_made_again_from_the_log(crashed, damage, tmp_path):
    """Any of the sectors that it wrote may be old still, and the file as short as it was or as long as it would be."""
    whole = tmp_path / "whole.db"
    shutil.copy(crashed[0] / "node.db", whole)
    shutil.copy(crashed[0] / "node.db-wal", tmp_path / "whole.db-wal")
    old = whole.read_bytes()
    SqliteStore(whole, Codec()).close()
    new = whole.read_bytes()
    old += bytes(len(new) - len(old))
    draws = random.Random(5)
    for share in (0.1, 0.5, 0.9):
        for _ in range(6):
            sectors = range(0, len(new), 512)
            mixed = b"".join((new if draws.random() < share else old)[at : at + 512] for at in sectors)
            assert damage(database=mixed) == (crashed[2][-1], "")


def test_a_database_with_any_wrong_byte_or_cut_short_is_refused_or_whole(crashed, tmp_path):
    shutil.copy(crashed[0] / "node.db", tmp_path / "node.db")
    shutil.copy(crashed[0] / "node.db-wal", tmp_path / "node.db-wal")
    path = tmp_path / "node.db"
    SqliteStore(path, Codec()).close()  # everything is in the database now
    whole, expected = path.read_bytes(), crashed[2][-1]
    draws = random.Random(4)
    changed = [flipped(whole, draws.randrange(len(whole)), draws) for _ in range(60)]
    headers = [page + draws.randrange(60) for page in range(0, len(whole), 4096) for _ in "1234"]
    changed += [flipped(whole, place, draws) for place in headers]
    changed += [whole[: draws.randrange(1, len(whole))] for _ in range(10)]
    refused = 0
    for raw in changed:
        path.write_bytes(raw)
        found = opened(path)
        assert found == (expected, "") or re.search(r"node\.db: (damaged .*byte|laid out|a database of)", found)
        refused += isinstance(found, str)
        for leftover in tmp_path.glob("node.db-*"):
            leftover.unlink()
    assert refused > 20


def test_a_record_that_is_not_what_was_written_is_named_with_its_place(tmp_path):
    path = tmp_path / "node.db"
    store = SqliteStore(path, Codec())
    store.append([Put("blocks", 300, b"a block of some length"), Put("votes", "vote", b"for nobody in particular")])
    store.close()
    raw = path.read_bytes()
    place = raw.index(b"some length")
    path.write_bytes(raw.replace(b"some length", b"lame strength"[:11]))
    complaint = opened(path)
    offset = int(re.search(r"damaged at byte (\d+): the record at blocks/300 fails its checksum", complaint)[1])
    assert offset < place < offset + 40


# The simulated disk: the same promises, and what becomes of them where a fault is switched on.


def test_power_lost_in_the_middle_of_an_append_leaves_all_or_nothing_of_it():
    store = SimulatedStore()
    store.append([Put("votes", "vote", 1)])
    after = store.lose_power([Put("votes", "vote", 2), Put("blocks", 1, 1)])
    assert after.load() == {"votes": {"vote": 1}}
    again = after.lose_power([Put("votes", "vote", 2), Cut("blocks", 0)], survivors=1)
    assert again.load() == {"votes": {"vote": 2}}
    with pytest.raises(StoreError, match="closed"):
        store.load()


def test_a_disk_without_a_journal_keeps_half_an_append():
    after = SimulatedStore().lose_power([Put("votes", "vote", 2), Put("blocks", 1, 1)], torn=1)
    assert after.load() == {"votes": {"vote": 2}}


def test_a_disk_that_lies_about_syncs_loses_what_it_said_was_durable():
    store = SimulatedStore()
    store.append([Put("votes", "vote", 1)])
    store.lost_syncs = True
    store.append([Put("votes", "vote", 2)])
    assert store.load() == {"votes": {"vote": 2}}
    assert store.lose_power().load() == {"votes": {"vote": 1}}


def test_a_full_simulated_disk_is_said_and_keeps_nothing_of_the_write():
    store = SimulatedStore()
    store.full = True
    with pytest.raises(StoreError, match="full") as caught:
        store.append([Put("votes", "vote", 1)])
    assert caught.value.disk_full
    store.full = False
    store.append([Put("votes", "other", 1)])
    assert store.load() == {"votes": {"other": 1}}


def flipped(raw, place, draws):
    """``raw`` with one bit of the byte at ``place`` the other way round."""
    changed = bytearray(raw)
    changed[place] ^= 1 << draws.randrange(8)
    return bytes(changed)
