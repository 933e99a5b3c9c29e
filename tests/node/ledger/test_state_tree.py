"""The state tree against a dictionary and a from-scratch recursive computation of its root."""

from hashlib import sha256

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.ledger import ordered_map, sparse_merkle
from node.ledger.ordered_map import OrderedMap
from node.ledger.state_tree import Proof, StateTree, encode_record, entry_path, verify_proof


class Note(msgspec.Struct, frozen=True):
    text: str
    amount_fen: int = 0


NAMES = st.sampled_from(["accounts", "claims", "policies"])
KEYS = st.text("abc", min_size=1, max_size=3)
RECORDS = st.builds(Note, text=st.text(max_size=5), amount_fen=st.integers(0, 2**40))
CHANGES = st.dictionaries(st.tuples(NAMES, KEYS), st.none() | RECORDS, max_size=12)


def model_root(entries):
    """The root by the words of the format document, with no code of the ledger."""

    def subtree(leaves, depth):
        if not leaves:
            return bytes(32)
        if len(leaves) == 1:
            ((path, value_hash),) = leaves
            return sha256(b"\x02" + path + value_hash).digest()
        sides = [[leaf for leaf in leaves if int.from_bytes(leaf[0], "big") >> (255 - depth) & 1 == b] for b in (0, 1)]
        return sha256(b"\x03" + subtree(sides[0], depth + 1) + subtree(sides[1], depth + 1)).digest()

    leaves = []
    for (namespace, key), note in entries.items():
        value = msgpack.packb({"amount_fen": note.amount_fen, "text": note.text})
        leaves.append((sha256(msgpack.packb([namespace, key])).digest(), sha256(value).digest()))
    return subtree(leaves, 0)


def grown(count, namespace="n"):
    return StateTree.empty().update({(namespace, f"k{i}"): Note("x", i) for i in range(count)})


def test_the_empty_tree_has_a_root_of_zeros_and_proves_absence():
    tree = StateTree.empty()
    assert tree.root == bytes(32)
    assert len(tree) == 0
    assert tree.get("a", "b") is None
    assert list(tree.items("a")) == []
    assert verify_proof(tree.root, "a", "b", None, tree.prove("a", "b"))


@given(st.lists(CHANGES, max_size=4))
def test_any_updates_agree_with_a_dictionary_and_the_recursive_model(batches):
    tree, model, history = StateTree.empty(), {}, []
    for batch in batches:
        history.append((tree, dict(model)))
        tree = tree.update(batch)
        for at, record in batch.items():
            model.pop(at, None) if record is None else model.update({at: record})
    history.append((tree, model))
    for old, entries in history:  # every earlier tree is still what it was
        assert old.root == model_root(entries)
        assert len(old) == len(entries)
        for namespace in ("accounts", "claims", "policies"):
            expected = sorted((key, record) for (name, key), record in entries.items() if name == namespace)
            assert list(old.items(namespace)) == expected
            for key, record in expected:
                assert old.get(namespace, key) == record


@given(CHANGES, st.randoms(use_true_random=False))
def test_the_root_does_not_depend_on_order_or_batching(changes, random):
    single = list(changes.items())
    random.shuffle(single)
    tree = StateTree.empty()
    for at, record in single:
        tree = tree.update({at: record})
    assert tree.root == StateTree.empty().update(changes).root


@given(CHANGES, st.tuples(NAMES, KEYS))
def test_presence_and_absence_are_proved_and_nothing_else_is(changes, at):
    tree = StateTree.empty().update(changes)
    record = changes.get(at)
    value = None if record is None else encode_record(record)
    proof = tree.prove(*at)
    assert verify_proof(tree.root, *at, value, proof)
    assert not verify_proof(tree.root, *at, b"another value", proof)
    assert value is None or not verify_proof(tree.root, *at, None, proof)
    assert not verify_proof(sha256(tree.root).digest(), *at, value, proof)


def test_a_proof_is_refused_when_any_part_of_it_is_changed():
    tree = grown(300)
    absent = next(f"z{i}" for i in range(99) if tree.prove("n", f"z{i}").other is not None)
    for key, value in (("k7", encode_record(Note("x", 7))), (absent, None)):
        proof = tree.prove("n", key)
        assert verify_proof(tree.root, "n", key, value, proof)
        for index, sibling in enumerate(proof.siblings):
            wrong = bytes([sibling[0] ^ 1]) + sibling[1:]
            siblings = (*proof.siblings[:index], wrong, *proof.siblings[index + 1 :])
            assert not verify_proof(tree.root, "n", key, value, Proof(siblings, proof.other))
        assert not verify_proof(tree.root, "n", key, value, Proof(proof.siblings[:-1], proof.other))
        assert not verify_proof(tree.root, "n", key, value, Proof((*proof.siblings, bytes(32)), proof.other))
        assert not verify_proof(tree.root, "n", key, value, Proof((*proof.siblings, b"short"), proof.other))
        assert not verify_proof(tree.root, "n", key, value, Proof(proof.siblings, (bytes(32), bytes(32))))
        assert not verify_proof(tree.root, "n", key, value, Proof((bytes(32),) * 257, proof.other))


def test_an_entry_cannot_be_proved_absent_by_its_own_leaf_or_by_a_leaf_off_its_path():
    tree = grown(300)
    present = tree.prove("n", "k7")
    own = (entry_path("n", "k7"), sha256(encode_record(Note("x", 7))).digest())
    assert not verify_proof(tree.root, "n", "k7", None, Proof(present.siblings, own))
    elsewhere = (entry_path("n", "k8"), sha256(encode_record(Note("x", 8))).digest())
    assert not verify_proof(tree.root, "n", "k7", None, Proof(tree.prove("n", "k8").siblings, elsewhere))


def test_an_inner_node_cannot_pass_for_a_leaf():
    tree = grown(2)
    assert isinstance(tree._node, sparse_merkle.Inner)
    left, right = tree._node.left.hash, tree._node.right.hash
    assert not sparse_merkle.verify(tree.root, left, right, Proof((), None))


def test_an_update_that_changes_nothing_shares_everything():
    tree = grown(50)
    same = tree.update({("n", "k3"): Note("x", 3), ("n", "absent"): None})
    assert same._node is tree._node
    assert len(same) == 50


def test_removing_everything_gives_the_empty_root():
    tree = grown(100)
    assert tree.update({("n", f"k{i}"): None for i in range(100)}).root == bytes(32)


def test_a_proof_stays_small():
    tree = grown(5000)
    assert len(msgspec.msgpack.encode(tree.prove("n", "k1"))) < 2048


def test_items_by_prefix():
    tree = StateTree.empty().update({("n", key): Note(key) for key in ("a", "b", "b/1", "b/2", "c")})
    assert [key for key, _ in tree.items("n", "b/")] == ["b/1", "b/2"]
    assert [key for key, _ in tree.items("n", "z")] == []
    assert tree.namespaces() == ("n",)


@given(st.lists(st.dictionaries(st.text("ab", max_size=6), st.none() | st.integers(), max_size=30), max_size=8))
@settings(max_examples=60)
def test_the_ordered_map_splits_and_empties_its_chunks(batches):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered_map, "CHUNK_KEYS_MAX", 4)
        entries, model = OrderedMap(), {}
        for batch in batches:
            entries = entries.update(sorted(batch.items(), key=lambda change: change[0]))
            model.update(batch)
        model = {key: value for key, value in model.items() if value is not None}
        assert list(entries.items()) == sorted(model.items())
        assert len(entries) == len(model)
        assert all(1 <= len(chunk.keys) <= 4 for chunk in entries._chunks)
        assert entries._firsts == [chunk.keys[0] for chunk in entries._chunks]
        assert all(entries.get(key) == value for key, value in model.items())
        assert entries.get("zzz") is None
        for prefix in ("a", "ab", "bb"):
            expected = [item for item in sorted(model.items()) if item[0].startswith(prefix)]
            assert list(entries.items(prefix)) == expected
