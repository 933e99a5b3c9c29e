"""What every tower of layers keeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.reinsurance.layers import Layer, retained, tower


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
