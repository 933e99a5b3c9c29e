import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from network.replay import WINDOW_WIDTH, ReplayWindow


def test_a_double_is_dropped_and_counted():
    window = ReplayWindow()
    assert window.accept("a", 1, 7)
    assert not window.accept("a", 1, 7)
    assert window.counters.duplicates == 1
    assert window.counters.accepted == 1


def test_order_does_not_matter_within_the_window():
    window = ReplayWindow(16)
    assert [window.accept("a", 1, sequence) for sequence in (20, 5, 19, 6, 20, 5)] == [True] * 4 + [False] * 2


def test_what_fell_out_of_the_window_counts_as_seen():
    window = ReplayWindow(16)
    assert window.accept("a", 1, 100)
    assert window.accept("a", 1, 85)
    assert not window.accept("a", 1, 84)
    assert window.counters.too_old == 1


def test_a_new_incarnation_begins_afresh_and_ends_the_old_one():
    window = ReplayWindow()
    assert window.accept("a", 1, 1000)
    assert window.accept("a", 2, 0)
    assert not window.accept("a", 1, 1001)
    assert not window.accept("a", 2, 0)
    assert window.counters.old_incarnations == 1
    assert window.counters.dropped == 2


def test_senders_do_not_touch_each_other():
    window = ReplayWindow()
    assert window.accept("a", 9, 5)
    assert window.accept("b", 1, 5)


def test_a_sender_that_left_is_forgotten():
    window = ReplayWindow()
    assert window.accept("a", 1, 5)
    window.forget("a")
    window.forget("a")
    assert window.accept("a", 1, 5)


steps = st.lists(st.integers(-40, 80), max_size=120)


@pytest.mark.parametrize("width", [8, 16, 64])
@given(steps=steps)
def test_equals_a_window_that_remembers_everything(width, steps):
    window, seen, newest = ReplayWindow(width), set(), -1
    for step in steps:
        sequence = max(0, newest + step)
        new = sequence > newest - width and sequence not in seen
        assert window.accept("a", 1, sequence) is new
        if new:
            seen.add(sequence)
            newest = max(newest, sequence)


def test_memory_stays_flat_whatever_is_sent():
    window = ReplayWindow()
    for sequence in (0, 1, 2**40, 2**62, 2**63 - 1):
        assert window.accept("a", 1, sequence)
        assert sys.getsizeof(window._seen["a"].ring) < WINDOW_WIDTH // 8 + 200


@pytest.mark.parametrize("width", [0, -8, 12])
def test_a_width_that_is_no_multiple_of_eight_is_refused(width):
    with pytest.raises(ValueError, match="multiple"):
        ReplayWindow(width)


def test_of_a_sender_that_says_little_little_is_kept():
    window = ReplayWindow()
    for sender in range(1000):
        assert window.accept(f"wallet.{sender}", 1, 0)
    assert max(len(seen.ring) for seen in window._seen.values()) <= 64


def test_a_frame_is_new_until_it_is_accepted():
    window = ReplayWindow()
    assert [window.is_new("a", 1, 7) for _ in range(3)] == [True] * 3
    assert window.accept("a", 1, 7)
    assert not window.is_new("a", 1, 7)
    assert not window._seen.keys() - {"a"}


def test_another_frame_of_the_same_number_contradicts_the_first():
    window = ReplayWindow()
    window.accept("a", 1, 7, b"first...")
    assert window.contradicts("a", 1, 7, b"second..")
    assert not window.contradicts("a", 1, 7, b"first...")
    assert not window.contradicts("a", 1, 8, b"second..")
    assert not window.contradicts("a", 2, 7, b"second..")
    assert not window.contradicts("b", 1, 7, b"second..")


def test_only_the_last_frames_can_be_contradicted():
    window = ReplayWindow()
    for sequence in range(200):
        window.accept("a", 1, sequence, b"first...")
    assert not window.contradicts("a", 1, 100, b"second..")
    assert window.contradicts("a", 1, 199, b"second..")
    assert len(window._seen["a"].marks) == 64
