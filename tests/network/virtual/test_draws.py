from __future__ import annotations

from network.virtual.draws import Stream, happens, mixed


def test_words_are_the_same_on_every_machine() -> None:
    assert list(Stream("golden").take(4)) == [2620887619, 2582036756, 3174356445, 82823889]


def test_words_depend_on_the_position_not_on_how_they_are_taken() -> None:
    whole = Stream("s").take(2000)
    stream = Stream("s")
    pieces = [word for size in (1, 511, 3, 700, 785) for word in stream.take(size)]
    assert pieces == list(whole)


def test_streams_of_different_names_differ() -> None:
    assert Stream("1/links/0/1").take(8) != Stream("1/links/1/1").take(8)


def test_below_stays_below_and_reaches_every_value() -> None:
    stream = Stream("s")
    assert {stream.below(3) for _ in range(100)} == {0, 1, 2}


def test_chances_are_parts_per_million() -> None:
    words = Stream("chance").take(200_000)
    for ppm in (0, 10_000, 300_000, 1_000_000):
        rate = sum(happens(word, 7, ppm) for word in words) * 1_000_000 / len(words)
        assert abs(rate - ppm) <= 5_000


def test_what_befalls_a_message_does_not_depend_on_its_latency() -> None:
    words = Stream("independent").take(200_000)
    slow = [word for word in words if word >> 31]
    assert abs(sum(happens(word, 7, 300_000) for word in slow) / len(slow) - 0.3) < 0.01


def test_mixing_with_another_salt_gives_another_word() -> None:
    assert mixed(12345, 1) != mixed(12345, 2)
