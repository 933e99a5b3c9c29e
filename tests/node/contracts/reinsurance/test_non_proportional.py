"""A stop loss to the fen about its attachment."""

from __future__ import annotations

import pytest

from node.contracts.reinsurance.stop_loss import StopLoss

WHOLE = StopLoss(limit=400_000, attachment=800_000, placed=1_000_000)


def test_the_cover_starts_one_fen_above_its_attachment():
    assert [WHOLE.recovery(1_000, loss) for loss in (799, 800, 801, 1_200, 1_201)] == [0, 0, 1, 400, 400]


@pytest.mark.parametrize(("premium", "loss"), [(-1, 0), (0, -1)])
def test_a_negative_year_is_our_own_mistake(premium, loss):
    with pytest.raises(ValueError, match="negative"):
        WHOLE.recovery(premium, loss)
