"""The state in chunks: whoever holds the right root can tell every wrong chunk, and gets the very same state."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.accounts import Account
from node.contracts.runtime import record_types
from node.ledger import state_chunks
from node.ledger.sparse_merkle import fold
from node.ledger.state_chunks import ChunkError, assemble, chunk_digest, chunks_of, manifest_of, state_root
from node.ledger.state_tree import StateTree

KINDS = record_types()
OLDER = (b"\x01" * 32, b"\x02" * 32)
_encode = msgspec.msgpack.encode


def state(count):
    entries = {("accounts", f"p{n}/cash"): Account(owner=f"p{n}", kind="cash", balance_fen=n) for n in range(count)}
    return StateTree.empty().update(entries)


def roots_of(tree):
    return b"".join((*OLDER, tree.root))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(state_chunks, "ENTRIES_WANTED", 4)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 9, 40, 300])
def test_a_state_taken_apart_and_put_together_is_the_same_state(count):
    tree = state(count)
    chunks = chunks_of(tree, roots_of(tree))
    again, roots = assemble(chunks, KINDS)
    assert (again.root, len(again)) == (tree.root, count)
    assert list(again.items("accounts")) == list(tree.items("accounts"))
    assert roots == [*OLDER, tree.root]


@pytest.mark.parametrize("count", [0, 1, 2, 9, 40, 300])
def test_a_manifest_lists_its_chunks_and_folds_to_the_state_root(count):
    tree = state(count)
    manifest = manifest_of(tree, roots_of(tree))
    assert [chunk_digest(chunk) for chunk in chunks_of(tree, roots_of(tree))] == list(manifest)
    assert state_root(manifest) == tree.root


def test_a_large_state_has_many_chunks_and_a_small_one_has_one():
    assert len(manifest_of(state(3), b"")) == 2
    assert len(manifest_of(state(300), b"")) > 16


def test_the_manifest_depends_on_the_state_alone_and_not_on_how_it_came_to_be():
    grown = state(60)
    for number in range(60, 100):
        record = Account(owner=f"p{number}", kind="cash", balance_fen=number)
        grown = grown.update({("accounts", f"p{number}/cash"): record})
    assert manifest_of(grown, b"") == manifest_of(state(100), b"")


def test_every_flipped_bit_of_a_chunk_s_head_shows():
    """Its kind and depth; of chunks of one entry too, whose hash is the same at every depth."""
    tree = state(100)
    for chunk in chunks_of(tree, roots_of(tree)):
        for bit in range(8 * 17):
            flipped = bytearray(chunk)
            flipped[bit // 8] ^= 1 << (bit % 8)
            assert chunk_digest(bytes(flipped)) != chunk_digest(chunk)


@given(st.integers(0, 40), st.data())
def test_every_flipped_bit_of_a_chunk_shows(place, data):
    tree = state(100)
    chunks = chunks_of(tree, roots_of(tree))
    chunk = chunks[place % len(chunks)]
    bit = data.draw(st.integers(0, 8 * len(chunk) - 1))
    flipped = bytearray(chunk)
    flipped[bit // 8] ^= 1 << (bit % 8)
    assert chunk_digest(bytes(flipped)) != chunk_digest(chunk)


@given(st.binary(max_size=200))
def test_a_digest_is_given_for_any_bytes(junk):
    assert len(chunk_digest(junk)) == 32


def entries(depth, *names):
    records = [(n, Account(owner=n, kind="cash", balance_fen=1)) for n in names]
    listed = [["accounts", f"{n}/cash", msgspec.msgpack.encode(record, order="sorted")] for n, record in records]
    return _encode(["state.entries", depth, listed])


@pytest.mark.parametrize("depth", [-1, 13, 300])
def test_a_depth_out_of_bounds_is_no_chunk(depth):
    assert chunk_digest(entries(depth, "ann")) != chunk_digest(entries(0, "ann"))


def test_entries_out_of_order_twice_or_of_several_subtrees_are_no_chunk():
    tree = state(9)
    known = set(manifest_of(tree, b""))
    names = [f"p{n}" for n in range(9)]
    for listed in (names, names[::-1], ["p1", "p1"]):
        for depth in range(3):
            assert chunk_digest(entries(depth, *listed)) not in known


@pytest.mark.parametrize("count", [0, 3, 5, 6])
def test_no_level_of_a_tree_has_such_a_number_of_subtrees(count):
    with pytest.raises(ValueError, match="no level"):
        fold([bytes(32)] * count)


def test_chunks_in_the_wrong_order_missing_or_unknown_are_no_state():
    tree = state(40)
    good = chunks_of(tree, roots_of(tree))
    for bad in ([], good[1:], good[:-1], [*good, good[0]], [good[1], good[0], *good[2:]], [*good[:2], b"junk"]):
        with pytest.raises(ChunkError):
            assemble(bad, KINDS)
    with pytest.raises(ChunkError, match="unknown namespace"):
        assemble(good, {})


def test_roots_that_end_with_another_are_no_state():
    tree = state(9)
    with pytest.raises(ChunkError, match="not the last one listed"):
        assemble(chunks_of(tree, b"\x07" * 32), KINDS)
