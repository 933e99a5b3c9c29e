"""The state tree against a dictionary and a from-scratch recursive computation of its root."""

from hashlib import sha256

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.ledger import state_proof
from node.ledger.sparse_merkle import DEPTH_MAX, NOTHING, Leaf, update, walk
from node.ledger.state_proof import Proof
from node.ledger.state_tree import StateTree, encode_record, entry_path, verify_proof


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
    top = tree._node
    assert state_proof.inner_hash(top.left, top.right) == tree.root
    assert not state_proof.verify(tree.root, top.left, top.right, Proof((), None))


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


@given(st.lists(st.tuples(st.integers(0, 9), CHANGES), max_size=6))
@settings(max_examples=40)
def test_trees_that_fork_from_any_earlier_one_do_not_disturb_each_other(steps):
    made = [(StateTree.empty(), {})]
    for parent, batch in steps:
        tree, entries = made[parent % len(made)]
        after = entries | batch
        made.append((tree.update(batch), {at: record for at, record in after.items() if record is not None}))
    for tree, entries in made:
        assert tree.root == model_root(entries)
        listed = [((name, key), record) for name in tree.namespaces() for key, record in tree.items(name)]
        assert listed == sorted(entries.items(), key=lambda entry: entry[0])
        assert all(tree.get(*at) == record for at, record in entries.items())


def test_an_update_that_cannot_be_encoded_changes_nothing():
    tree = grown(9)
    with pytest.raises(TypeError):
        tree.update({("n", "k1"): Note("y"), ("m", "new"): Note("z"), ("n", "k2"): Note(object())})
    assert tree.get("n", "k1") == Note("x", 1)
    assert [key for key, _ in tree.items("n")] == [f"k{i}" for i in range(9)]
    assert tree.namespaces() == ("n",)
    assert tree.update({("n", "k1"): Note("y")}).get("n", "k1") == Note("y")


PREFIXES = st.sampled_from([b"", b"\x00" * 5, b"\xff" * 30, bytes(31)])
PATHS = st.builds(lambda prefix, rest: (prefix + rest)[:32], PREFIXES, st.binary(min_size=32, max_size=32))


@given(st.lists(st.dictionaries(PATHS, st.booleans(), max_size=6), max_size=4))
@settings(max_examples=40)
def test_paths_that_differ_late_share_their_way_down(batches):
    """Such as no hash would ever make: chains of halves with nothing beside them, down to the last bit."""
    root, present = NOTHING, {}
    for batch in batches:
        changes = []
        for path, stays in batch.items():
            if stays:
                present[path] = state_proof.leaf_hash(path, bytes(32))
                changes.append((path, Leaf(present[path], path, None)))
            elif present.pop(path, None) is not None:
                changes.append((path, None))
        root = update(root, changes)
    assert root.hash == path_root(sorted(present.items()), 0)
    for path in present:
        siblings, leaf = walk(root, path)
        assert leaf.path == path
        assert len(siblings) <= DEPTH_MAX
        assert state_proof.verify(root.hash, path, bytes(32), Proof(siblings, None))


def path_root(leaves, depth):
    if len(leaves) < 2:
        return leaves[0][1] if leaves else bytes(32)
    sides = [[leaf for leaf in leaves if state_proof.bit(leaf[0], depth) == side] for side in (0, 1)]
    return state_proof.inner_hash(path_root(sides[0], depth + 1), path_root(sides[1], depth + 1))
