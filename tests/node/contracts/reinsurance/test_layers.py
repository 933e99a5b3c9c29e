"""Goldens G3 (a tower) and G4c (its layers see the subject loss), and what every tower keeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.reinsurance.layers import Layer, retained, tower

MILLION_YUAN = 100_000_000  # fen


def million(amount: str) -> int:
    """ "33.68772" million yuan in fen, exactly."""
    whole, _, fraction = amount.partition(".")
    return int(whole) * MILLION_YUAN + int((fraction + "00000000")[:8])


LOW = Layer(limit=million("5"), attachment=million("5"))
HIGH = Layer(limit=million("10"), attachment=million("10"))


@pytest.mark.parametrize(
    ("loss", "recoveries", "net"),
    [("4", ("0", "0"), "4"), ("7", ("2", "0"), "5"), ("12", ("5", "2"), "5"), ("23", ("5", "10"), "8")],
)
def test_g3_per_risk_tower(loss, recoveries, net):
    assert tower(million(loss), (LOW, HIGH)) == tuple(map(million, recoveries))
    assert retained(million(loss), (LOW, HIGH)) == million(net)


@pytest.mark.parametrize(
    ("loss", "first", "second"),
    [("83.68772", "30", "33.68772"), ("100", "30", "50"), ("52.35591", "30", "2.35591")],
)
def test_g4c_layers_see_the_subject_loss_and_never_the_net_of_the_layer_below(loss, first, second):
    layers = (Layer(million("30"), million("20")), Layer(million("50"), million("50")))
    assert tower(million(loss), layers) == (million(first), million(second))


def test_overlapping_layers_are_our_own_mistake():
    with pytest.raises(ValueError, match="overlap"):
        retained(1, (Layer(10, 0), Layer(10, 9)))


@given(st.integers(min_value=0, max_value=10**12), st.lists(st.integers(1, 10**11), min_size=1, max_size=6))
def test_a_gapless_tower_leaves_the_retention_and_what_exceeds_the_top(loss, limits):
    layers, top = [], 1_000
    for limit in limits:
        layers.append(Layer(limit=limit, attachment=top))
        top += limit
    assert retained(loss, layers) == min(loss, 1_000) + max(loss - top, 0)
    assert all(0 <= got <= layer.limit for got, layer in zip(tower(loss, layers), layers, strict=True))
