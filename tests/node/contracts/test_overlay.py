"""Reading a tree and the writes upon it as one: the same as a dictionary, at a cost that no block changes."""

from typing import ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import Arguments, Context, Contract, Record, catalogue, execute_block
from node.contracts.fields import Labels
from node.contracts.overlay import Overlay, walk
from node.ledger.state_tree import StateTree
from tests.node.contracts.network import Network


class Word(Record, frozen=True):
    namespace: ClassVar[str] = "words"

    text: str


keys = st.text("abc", min_size=1, max_size=3)
writes = st.lists(st.tuples(keys, st.one_of(st.none(), st.text("xyz", max_size=2).map(Word))), max_size=12)


@settings(max_examples=50, deadline=None)
@given(writes, writes, writes, st.text("abc", max_size=2), st.booleans())
def test_a_walk_sees_what_a_dictionary_would_hold(base, block, own, prefix, walked_before):
    model = dict(base)
    tree = StateTree.empty().update({("words", key): record for key, record in model.items() if record is not None})
    below, above = Overlay(), Overlay()
    for overlay, entries in ((below, block), (above, own)):
        if walked_before:
            list(walk(tree, (above, below), "words", ""))
            list(walk(tree, (above, below), "other", ""))
        for key, record in entries:
            overlay["words", key] = record
            overlay["other", key] = Word("elsewhere")
            model[key] = record
    expected = [(key, model[key]) for key in sorted(model) if model[key] is not None and key.startswith(prefix)]
    assert list(walk(tree, (above, below), "words", prefix)) == expected
    below.update(above)
    assert list(walk(tree, (Overlay(), below), "words", prefix)) == expected
    assert list(walk(tree.update(below), (), "words", prefix)) == expected


def test_what_is_written_ahead_of_a_walk_is_met_and_what_is_behind_is_not():
    overlay, seen = Overlay(), []
    overlay["words", "b"] = Word("")
    for key, _ in walk(StateTree.empty(), (overlay,), "words", ""):
        seen.append(key)
        if key == "b":
            overlay["words", "a"] = overlay["words", "c"] = Word("")
    assert seen == ["b", "c"]


class WordsArgs(Arguments, frozen=True):
    add: Labels
    drop: Labels


diary = Contract("diary", records=(Word,))


@diary.action()
def write(ctx: Context, args: WordsArgs):
    for key in args.add:
        ctx.put(key, Word(ctx.client))
    for key in args.drop:
        ctx.delete(Word, key)
    walked = [key for key, _ in ctx.items(Word)]
    return {"walked": walked, "spent": ctx._operations}


labels = st.lists(st.sampled_from("abcdef"), max_size=3).map(tuple)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(labels, labels), min_size=1, max_size=8), st.integers(1, 8))
def test_what_a_transaction_sees_and_pays_does_not_depend_on_how_blocks_are_cut(steps, cut):
    network = Network(catalogue(diary))
    transactions = [network.transaction("ann", "diary.write", WordsArgs(*step)) for step in steps]
    tree, outcomes = network.tree, []
    for start in range(0, len(transactions), cut):
        execution = execute_block(tree, network.directory, transactions[start : start + cut], network.contracts)
        tree, outcomes = execution.tree, outcomes + list(execution.outcomes)
    whole = execute_block(network.tree, network.directory, transactions, network.contracts)
    assert outcomes == list(whole.outcomes)
    assert tree.root == whole.tree.root
