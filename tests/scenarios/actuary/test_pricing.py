"""Prices of layers: golden numbers, published numbers, and simulation against the numerical result."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.actuary.aggregate import Layer, Risk, compound
from scenarios.actuary.features import (
    above_deductible,
    outside_corridor,
    profit_commission,
    sliding_commission,
    swing_premium,
    within_limit,
)
from scenarios.actuary.pricing import Cover, exact, simulated
from scenarios.actuary.severity import Gamma, Lognormal, Pareto, parse_severity

RISK = Risk(0.5, Gamma(2, 15))
COVER = Cover(Layer(30, 20), reinstatements=2)
GOLDEN = (5.162441, 4.406504)
"""E[recovery] and technical premium, on which two packages agree (gemact 1.3.0, aggregate 0.30.1)."""


def test_a_layer_with_two_reinstatements_costs_what_two_packages_say():
    price = exact(RISK, COVER, step=1 / 32)
    assert (round(price.recovery.value, 6), round(price.premium.value, 6)) == GOLDEN
    assert price.recovery.standard_error == 0


def test_simulation_comes_within_its_stated_error():
    price = simulated(RISK, COVER, 400_000, seed=11)
    for found, golden in zip((price.recovery, price.premium), GOLDEN, strict=True):
        low, high = found.interval
        assert low < golden < high
        assert 0 < found.standard_error < 0.02


def test_the_stated_error_is_the_error():
    """Of sixty simulations the 95 % interval misses the truth seldom, and the errors are as large as stated."""
    prices = [simulated(RISK, COVER, 4_000, seed) for seed in range(60)]
    errors = [(price.premium.value - GOLDEN[1]) / price.premium.standard_error for price in prices]
    assert 0.7 < np.std(errors) < 1.3
    assert sum(abs(error) > 1.96 for error in errors) <= 8


@pytest.mark.parametrize("losses", [0.0, 0.01, 3.0, 400.0])
def test_few_losses_and_many_fit_onto_the_lattice(losses):
    """Where the year's total is never limited, its mean is the losses' times their mean in the layer."""
    cover = Cover(Layer(30, 20), reinstatements=10_000, rate=0)
    price = exact(Risk(losses, Gamma(2, 15)), cover)
    assert price.recovery.value == pytest.approx(losses * cover.layer.mean(Gamma(2, 15)), rel=1e-3)
    assert price.premium.value == price.recovery.value


def test_the_same_seed_is_the_same_price():
    assert simulated(RISK, COVER, 1_000, 3) == simulated(RISK, COVER, 1_000, 3)
    assert simulated(RISK, COVER, 1_000, 3) != simulated(RISK, COVER, 1_000, 4)


def excess(losses_and_shapes, layer, step):
    """A year of layer losses: (expected layer loss, Pareto shape) of each class."""
    risks = []
    for loss, shape in losses_and_shapes:
        severity = Pareto(layer.attachment, shape)
        risks.append(Risk(loss / layer.mean(severity), severity))
    return compound(risks, layer, step=step, size=1 << 16)


def bear_and_nemlick():
    """Their six treaties, Poisson: by name the rate in per cent as printed in Table I (PCAS 77, 1990), and ours."""
    first = excess([(360, 0.9), (90, 0.95)], Layer(160, 40), 0.25)
    second = excess([(200, 1.5), (280, 1.3), (420, 1.1)], Layer(700, 300), 0.5)
    third = excess([(144, 1.1), (171, 1.1), (35, 1.1)], Layer(400, 100), 0.25)
    three_years = excess([(600, 1.5), (840, 1.3), (1260, 1.1)], Layer(700, 300), 0.5)
    sixth = excess([(2500, 1.05)], Layer(900, 100), 0.5)
    slide = [(0.35, 0.40), (0.55, 0.25), (0.65, 0.20)]
    return {
        "aggregate deductible": (1.58, first.expected(lambda s: above_deductible(s, 360)) / 0.75 / 12_000),
        "limited reinstatement": (19.89, second.expected(lambda s: within_limit(s, 2_800)) * 0.8 / 0.6 / 6_000),
        "loss corridor": (3.67, third.expected(lambda s: outside_corridor(s, 350, 350)) / 0.7 / 10_000),
        "retro rating": (5.20, first.expected(lambda s: swing_premium(s, 1 / 0.75, 360, 1_200)) / 12_000),
        "profit commission": (8.24, three_years.expected(lambda s: profit_commission(s * 0.8 / 4_500, 0.25, 0.2))),
        "sliding scale": (30.31, sixth.expected(lambda s: sliding_commission(s / 5_000, slide))),
    }


@pytest.mark.parametrize(("name", "printed", "found"), [(n, p, f) for n, (p, f) in bear_and_nemlick().items()])
def test_all_six_published_rates_come_out_to_the_printed_digits(name, printed, found):
    assert round(100 * found, 2) == printed, name


@given(shape=st.floats(0.3, 5), scale=st.floats(0.5, 50), bound=st.floats(0, 200))
@settings(max_examples=10, deadline=None)
def test_a_limited_mean_is_the_integral_of_what_survives(shape, scale, bound):
    """E[min(X, x)] by another way: the mean of many quantiles, cut at x."""
    from scipy.stats import gamma  # noqa: PLC0415 - only here

    quantiles = gamma.ppf((np.arange(4_000) + 0.5) / 4_000, shape, scale=scale)
    found = Gamma(shape, scale).limited(np.array([bound]))[0]
    assert found == pytest.approx(np.minimum(quantiles, bound).mean(), rel=2e-3, abs=1e-3)


@pytest.mark.parametrize("severity", [Gamma(2, 15), Pareto(10, 1.5), Lognormal(20, 1.2)])
def test_what_is_drawn_has_the_limited_means_that_are_worked_out(severity):
    drawn = severity.draw(np.random.Generator(np.random.PCG64(5)), 200_000)
    bounds = np.array([0.0, 5.0, 20.0, 100.0])
    means = [np.minimum(drawn, bound).mean() for bound in bounds]
    assert severity.limited(bounds) == pytest.approx(means, rel=0.01)


@pytest.mark.parametrize("attachment", [0.0, 5.0, 30.0])
def test_the_layers_of_a_tower_add_up_to_the_whole(attachment):
    layers = [Layer(20, attachment), Layer(30, attachment + 20), Layer(50, attachment + 50)]
    parts = sum(layer.mean(RISK.severity) for layer in layers)
    assert parts == pytest.approx(Layer(100, attachment).mean(RISK.severity))


def test_a_year_without_mixing_is_as_variable_as_poisson_and_with_it_more():
    plain, mixed = (compound([RISK], Layer(30, 20), step=0.25, size=1 << 14, mixing=m) for m in (0.0, 0.5))
    assert plain.mean == pytest.approx(mixed.mean, rel=1e-3)
    squares = [one.expected(np.square) - one.mean**2 for one in (plain, mixed)]
    assert squares[1] == pytest.approx(squares[0] + 0.5 * plain.mean**2, rel=1e-2)


def test_a_lattice_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match="are too few"):
        compound([Risk(50, Gamma(2, 15))], Layer(30, 20), step=0.25, size=1 << 10)
    with pytest.raises(ValueError, match="do not reach"):
        compound([RISK], Layer(3_000, 20), step=0.25, size=1 << 10)
    for limit, attachment in ((0, 5), (-1, 5), (10, -1), (float("inf"), 0)):
        with pytest.raises(ValueError, match="is no layer"):
            Layer(limit, attachment)
    with pytest.raises(ValueError, match="two years"):
        simulated(RISK, COVER, 1, 1)


@pytest.mark.parametrize("text", ["", "gamma", "gamma 2", "gamma two 3", "weibull 1 2", "pareto -1 2", "gamma 1 inf"])
def test_what_is_no_severity_is_refused(text):
    with pytest.raises(ValueError, match="`"):
        parse_severity(text)
