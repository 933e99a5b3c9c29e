"""Goldens G6 (stop loss), G16 (minimum and deposit premium) and G10 (swing rate)."""

from __future__ import annotations

import pytest

from node.contracts.reinsurance.premium import MinimumAndDeposit, SwingRate
from node.contracts.reinsurance.stop_loss import StopLoss

YUAN = 100  # fen
COVER = StopLoss(limit=400_000, attachment=800_000, placed=900_000)


@pytest.mark.parametrize(("ratio_percent", "recovery"), [(70, 0), (95, 1_350_000), (130, 3_600_000)])
def test_g6_stop_loss(ratio_percent, recovery):
    income = 10_000_000 * YUAN
    assert COVER.recovery(income, income * ratio_percent // 100) == recovery * YUAN


@pytest.mark.parametrize(("ratio_percent", "recovery"), [(70, 0), (95, 1_500_000), (130, 4_000_000)])
def test_g6_wholly_placed(ratio_percent, recovery):
    income = 10_000_000 * YUAN
    whole = StopLoss(limit=400_000, attachment=800_000, placed=1_000_000)
    assert whole.recovery(income, income * ratio_percent // 100) == recovery * YUAN


def test_the_cover_starts_one_fen_above_its_attachment():
    whole = StopLoss(limit=400_000, attachment=800_000, placed=1_000_000)
    assert [whole.recovery(1_000, loss) for loss in (799, 800, 801, 1_200, 1_201)] == [0, 0, 1, 400, 400]


@pytest.mark.parametrize(("premium", "loss"), [(-1, 0), (0, -1)])
def test_a_negative_year_is_our_own_mistake(premium, loss):
    with pytest.raises(ValueError, match="negative"):
        COVER.recovery(premium, loss)


@pytest.mark.parametrize(("income", "premium"), [(7_000_000, 80_000), (9_000_000, 90_000)])
def test_g16_minimum_and_deposit(income, premium):
    assert MinimumAndDeposit(deposit=80_000 * YUAN, rate=10_000).adjusted(income * YUAN) == premium * YUAN


@pytest.mark.parametrize(("loss", "premium"), [(200, 360), (450, 600), (1_500, 1_200)])
def test_g10_swing_rate(loss, premium):
    rate = SwingRate(percent=75, minimum=30_000, maximum=100_000)
    assert rate.premium(12_000 * YUAN, loss * YUAN) == premium * YUAN
