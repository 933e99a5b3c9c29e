from __future__ import annotations

from network.virtual.draws import STRIKES_PER_BLOCK, Stream, Strikes, mixed, words_of


def test_words_are_the_same_on_every_machine() -> None:
    assert list(Stream("golden").take(4)) == [2620887619, 2582036756, 3174356445, 82823889]


def test_words_depend_on_the_position_not_on_how_they_are_taken() -> None:
    whole = Stream("s").take(2000)
    stream = Stream("s")
    pieces = [word for size in (1, 511, 3, 700, 785) for word in stream.take(size)]
    assert pieces == list(whole)


def test_streams_of_different_names_differ() -> None:
    assert Stream("1/links/0/1").take(8) != Stream("1/links/1/1").take(8)


def test_single_words_are_those_of_a_slice() -> None:
    stream, other = Stream("s"), Stream("s")
    whole = list(stream.take(1300))
    assert [other.word() for _ in range(700)] + list(other.take(600)) == whole


def test_strikes_are_the_words_below_the_limit_whatever_the_pieces() -> None:
    limit = 1 << 24  # one in 256
    words = [word for block in range(24) for word in words_of(f"loss/{block}", STRIKES_PER_BLOCK)]
    struck = [(place, word) for place, word in enumerate(words) if word < limit]
    strikes = Strikes("loss", limit, 0)
    found, start = [], 0
    for size in (1, 5, 700, 3, 1200, 1, *[7] * 160):
        if start + size > strikes.clear:  # who asks may skip the rest
            found += strikes.within(start, start + size)
        start += size
    assert found == [item for item in struck if item[0] < start]
    assert len(found) > 5


def test_strikes_that_begin_later_are_those_that_would_have_come() -> None:
    early, late = Strikes("loss", 1 << 26, 0), Strikes("loss", 1 << 26, 1500)
    assert late.within(1500, 2500) == [item for item in early.within(0, 2500) if item[0] >= 1500] != []
    assert early.within(4000, 4100) == late.within(4000, 4100)


def test_below_stays_below_and_reaches_every_value() -> None:
    stream = Stream("s")
    assert {stream.below(3) for _ in range(100)} == {0, 1, 2}


def test_words_of_a_name_begin_the_same_however_many_are_taken() -> None:
    assert words_of("loss", 5) == words_of("loss", 9)[:5]
    assert words_of("loss", 5) != words_of("duplicate", 5)


def test_mixing_with_another_salt_gives_another_word() -> None:
    assert mixed(12345, 1) != mixed(12345, 2)
