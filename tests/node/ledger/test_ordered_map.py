"""The ordered map and its keys against a dictionary, in every version at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.ledger import ordered_map, sorted_keys
from node.ledger.ordered_map import OrderedMap
from node.ledger.sorted_keys import SortedKeys

KEYS = st.text("ab", max_size=6)
CHANGES = st.dictionaries(KEYS, st.none() | st.integers(), max_size=9)
BATCHES = st.lists(st.dictionaries(KEYS, st.none(), max_size=30), max_size=8)


def plainly(_key, _old, new):
    return new


@pytest.fixture(autouse=True)
def small_chunks_and_short_ways(monkeypatch):
    monkeypatch.setattr(sorted_keys, "CHUNK_KEYS_MAX", 4)
    monkeypatch.setattr(ordered_map, "STEPS_MAX", 2)


@given(BATCHES)
@settings(max_examples=40)
def test_keys_split_and_empty_their_chunks(batches):
    keys, model = SortedKeys(), set()
    for batch in batches:
        keys = keys.update([(key, key not in model) for key in sorted(batch)])
        model ^= set(batch)
    assert list(keys.starting()) == sorted(model)
    assert all(1 <= len(chunk) <= 4 for chunk in keys._chunks)
    for prefix in ("a", "ab", "bb", "c"):
        assert list(keys.starting(prefix)) == [key for key in sorted(model) if key.startswith(prefix)]


@given(
    st.lists(st.tuples(st.integers(0, 20), st.dictionaries(KEYS, st.none() | st.integers(), max_size=9)), max_size=20)
)
@settings(max_examples=40)
def test_every_version_stays_what_it_was_whichever_is_read_or_updated_next(steps):
    made = [(OrderedMap(), {})]
    for parent, batch in steps:
        entries, model = made[parent % len(made)]
        after = {key: value for key, value in (model | batch).items() if value is not None}
        made.append((entries.update(batch.items(), plainly), after))
        read, known = made[parent * 7 % len(made)]
        assert [read.get(key) for key in batch] == [known.get(key) for key in batch]
    for entries, model in made:
        assert list(entries.items()) == sorted(model.items())
        assert len(entries) == len(model)
        assert entries.get("zzz") is None


def test_a_long_way_to_the_newest_version_is_made_short_once():
    first = OrderedMap().update([("a", 0)], plainly)
    entries = first
    for number in range(1, 9):
        entries = entries.update([("a", number), (f"b{number}", number)], plainly)
    assert first.get("b1") is None
    assert first.get("unknown") is None
    assert first._version.newer is entries._version
    assert first.get("a") == 0
    assert first.get("b8") is None
    assert first.update([("a", 7)], plainly).get("b8") is None  # the table moves straight to the old version
    assert entries.get("b8") == 8


def test_what_raises_half_way_leaves_the_map_as_it_was():
    def refuses(key, _old, new):
        if key == "c":
            raise ValueError(key)
        return new

    entries = OrderedMap().update([("a", 1)], plainly)
    with pytest.raises(ValueError, match="c"):
        entries.update([("a", 2), ("b", 2), ("c", 2)], refuses)
    assert list(entries.items()) == [("a", 1)]


def test_an_update_that_changes_nothing_gives_the_same_map():
    entries = OrderedMap().update([("a", 1)], plainly)
    assert entries.update([("a", 1), ("b", None)], plainly) is entries
