"""Random treaties come to what an independent package makes of them; the bench does a thousand of each kind."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.benchmarks import treaty_oracles
from tests.benchmarks.treaty_oracles import KINDS, largest_difference


@pytest.mark.parametrize("kind", KINDS)
def test_recoveries_are_the_packages_to_the_rounding(kind):
    largest, figures = largest_difference(kind, treaties=50)
    assert figures >= 50
    assert largest <= KINDS[kind][1]


def test_a_recovery_that_is_a_fen_too_high_is_noticed(monkeypatch):
    def inflated(sections, year, found=treaty_oracles.work_out):
        worked = found(sections, year)
        return worked._replace(sections=tuple(one._replace(loss=one.loss + 1) for one in worked.sections))

    monkeypatch.setattr(treaty_oracles, "work_out", inflated)
    assert largest_difference("quota shares", treaties=50)[0] > Decimal("0.5")
