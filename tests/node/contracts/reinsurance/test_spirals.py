"""Nets of retrocession covers: what all bear is the loss, as the least fixed point, whatever their order."""

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from node.contracts.reinsurance import Layer
from node.contracts.reinsurance.spirals import Retrocover, bear, most_ceded

WHOLE = 1_000_000
NAMES = ("a", "b", "c", "d")
MILLION = 1_000_000_00  # fen
ROUNDS = 3_000


@st.composite
def nets(draw):
    """Covers between any two, in layers; without a layer only down the alphabet, so that none goes round for ever."""
    covers = []
    for _ in range(draw(st.integers(0, 7))):
        cedent, taker = draw(st.permutations(NAMES))[:2]
        share = draw(st.sampled_from((WHOLE, 600_000, 400_000, 333_333)) | st.integers(1, WHOLE))
        if cedent < taker and draw(st.booleans()):
            layer = None
        else:
            layer = Layer(limit=draw(st.integers(0, 200)), attachment=draw(st.integers(0, 100)))
        cover = Retrocover(cedent, taker, share, layer)
        if most_ceded([*(other for other in covers if other.cedent == cedent), cover]) <= WHOLE:
            covers.append(cover)
    direct = draw(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 300), min_size=1))
    return direct, covers


def settled(direct, covers):
    borne = bear(direct, covers, ROUNDS)
    assume(borne is not None)
    return borne


def gross_of(direct, covers, ceded, name):
    """What a company has to bear before its own covers, in words of one line."""
    return direct.get(name, 0) + sum(fen for fen, cover in zip(ceded, covers, strict=True) if cover.taker == name)


@settings(deadline=None, max_examples=40)
@given(nets())
def test_what_all_bear_is_the_loss_and_nobody_bears_less_than_nothing(drawn):
    direct, covers = drawn
    borne = settled(direct, covers)
    assert sum(borne.net.values()) == sum(direct.values())
    assert min(borne.net.values()) >= 0


@settings(deadline=None, max_examples=40)
@given(nets())
def test_every_cover_cedes_its_share_of_what_its_cedent_bears_to_within_a_fen(drawn):
    direct, covers = drawn
    borne = settled(direct, covers)
    for cover, fen in zip(covers, borne.ceded, strict=True):
        gross = gross_of(direct, covers, borne.ceded, cover.cedent)
        assert gross == borne.gross[cover.cedent]
        low, high = (0, gross) if cover.layer is None else (cover.layer.attachment, cover.layer.limit)
        due = Fraction(max(0, min(gross - low, high)) * cover.share, WHOLE)
        assert 0 <= due - fen < 1


@settings(deadline=None, max_examples=40)
@given(nets(), st.randoms(use_true_random=False))
def test_the_order_of_covers_plays_no_part(drawn, random):
    direct, covers = drawn
    borne = settled(direct, covers)
    mixed = list(covers)
    random.shuffle(mixed)
    again = settled(dict(reversed(direct.items())), mixed)
    assert (again.gross, again.net) == (borne.gross, borne.net)
    assert list(again.gross) == sorted(again.gross)


@settings(deadline=None, max_examples=40)
@given(nets())
def test_no_other_solution_is_smaller(drawn):
    direct, covers = drawn
    borne = settled(direct, covers)
    ceded = [10**6] * len(covers)  # more than any can cede: from above one comes down to the greatest solution
    for _ in range(ROUNDS):
        before = list(ceded)
        ceded = [cover.ceded(gross_of(direct, covers, before, cover.cedent)) for cover in covers]
        if ceded == before:
            break
    else:
        assume(False)
    assert all(least <= other for least, other in zip(borne.ceded, ceded, strict=True))


@settings(deadline=None, max_examples=40)
@given(nets(), st.sampled_from(NAMES), st.integers(1, 50))
def test_a_larger_loss_is_no_smaller_for_anybody(drawn, name, more):
    direct, covers = drawn
    less, most = settled(direct, covers), settled({**direct, name: direct.get(name, 0) + more}, covers)
    assert all(most.gross[company] >= fen for company, fen in less.gross.items())


def test_a_chain():
    layer = Layer(limit=3 * MILLION, attachment=MILLION)
    covers = [
        Retrocover("c", "r", 400_000),
        Retrocover("r", "s", 600_000, layer),
        Retrocover("r", "t", 400_000, layer),
        Retrocover("t", "u", 500_000),
    ]
    borne = bear({"c": 12 * MILLION}, covers, 500)
    tenths = {"c": 72, "r": 18, "s": 18, "t": 6, "u": 6}
    assert borne.net == {name: parts * MILLION // 10 for name, parts in tenths.items()}


def test_a_spiral_comes_to_rest_in_three_rounds():
    layer = Layer(limit=50, attachment=10)
    covers = [Retrocover("a", "b", WHOLE, layer), Retrocover("b", "a", WHOLE, layer)]
    borne = bear({"a": 40}, covers, 500)
    assert (borne.gross, borne.net, borne.rounds) == ({"a": 80, "b": 50}, {"a": 30, "b": 10}, 3)


def test_a_spiral_without_a_retention_is_given_up():
    layer = Layer(limit=1_000, attachment=0)
    covers = [Retrocover("a", "b", WHOLE, layer), Retrocover("b", "a", WHOLE, layer)]
    assert bear({"a": 1}, covers, 500) is None
    assert bear({"a": 1}, covers, 1_500).net == {"a": 1, "b": 0}


@pytest.mark.parametrize(
    ("covers", "most"),
    [
        ([Retrocover("a", "b", 400_000), Retrocover("a", "c", 600_000)], WHOLE),
        ([Retrocover("a", "b", 400_000), Retrocover("a", "c", 600_001, Layer(1, 10**9))], WHOLE + 1),
        ([Retrocover("a", "b", WHOLE, Layer(10, 0)), Retrocover("a", "c", WHOLE, Layer(10, 10))], WHOLE),
        ([Retrocover("a", "b", WHOLE, Layer(11, 0)), Retrocover("a", "c", WHOLE, Layer(10, 10))], 2 * WHOLE),
        ([Retrocover("a", "b", WHOLE, Layer(0, 5))], 0),
    ],
)
def test_the_most_that_covers_cede_of_one_fen(covers, most):
    assert most_ceded(covers) == most
