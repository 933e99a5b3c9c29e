from __future__ import annotations

from network.virtual.draws import Stream, mixed, words_of


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


def test_words_of_a_name_begin_the_same_however_many_are_taken() -> None:
    assert words_of("loss", 5) == words_of("loss", 9)[:5]
    assert words_of("loss", 5) != words_of("duplicate", 5)


def test_mixing_with_another_salt_gives_another_word() -> None:
    assert mixed(12345, 1) != mixed(12345, 2)
