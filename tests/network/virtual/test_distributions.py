from __future__ import annotations

from hashlib import sha256
from math import log
from statistics import fmean, pstdev

import pytest

from network.virtual.distributions import (
    TABLE_SIZE,
    Constant,
    Distribution,
    Empirical,
    Exponential,
    Lognormal,
    Normal,
    Pareto,
    Uniform,
    quantiles,
)

MS = 1_000_000
SHAPES: list[Distribution] = [
    Constant(5 * MS),
    Uniform(MS, 3 * MS),
    Normal(5 * MS, MS),
    Normal(MS, MS),
    Lognormal(40 * MS, 180 * MS),
    Pareto(10 * MS, 100 * MS),
    Empirical((MS, 2 * MS, 2 * MS, 70 * MS)),
]


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_tables_ascend_and_hold_no_negative_duration(shape: Distribution) -> None:
    table = quantiles(shape)
    assert len(table) == TABLE_SIZE
    assert list(table) == sorted(table)
    assert table[0] >= 0


def test_tables_are_the_same_integers_everywhere() -> None:
    texts = b"".join(",".join(map(str, quantiles(shape))).encode() for shape in SHAPES)
    assert sha256(texts).hexdigest() == "1895495e3233f1d86186d6d48d2004fcaf337f5830c1ea7e906cf57336e6906c"


def test_uniform_reaches_both_ends() -> None:
    table = quantiles(Uniform(10, 12))
    assert {table[i] for i in range(TABLE_SIZE)} == {10, 11, 12}
    assert abs(table.index(11) - TABLE_SIZE / 3) < 1


def test_normal_has_its_mean_and_deviation() -> None:
    table = quantiles(Normal(5 * MS, MS))
    assert abs(fmean(table) - 5 * MS) < 100
    assert abs(pstdev(table) - MS) < MS / 1000
    assert abs(table[TABLE_SIZE * 975 // 1000] - (5 + 1.959964) * MS) < 1000


def test_the_normal_tail_is_exact() -> None:
    assert abs(quantiles(Normal(0, 1_000_000_000))[-1] - 4_324_919_000) < 2_000_000


def test_lognormal_goes_through_its_median_and_its_99th_percentile() -> None:
    table = quantiles(Lognormal(40 * MS, 180 * MS))
    assert abs(table[TABLE_SIZE // 2] - 40 * MS) < MS // 100
    assert abs(table[TABLE_SIZE * 99 // 100] - 180 * MS) < MS // 10


def test_pareto_is_the_closed_formula_at_every_entry() -> None:
    table = quantiles(Pareto(10 * MS, 100 * MS))  # a tenfold 99th percentile: alpha is 2
    for i, value in enumerate(table):
        exact = 10 * MS / (1 - (i + 0.5) / TABLE_SIZE) ** 0.5
        assert abs(value - exact) <= 1 + exact / 2000, i
    assert table[-1] > 3600 * MS  # the heavy tail: 36 times the 99th percentile


def test_the_exponential_distribution_is_the_closed_formula_at_every_entry() -> None:
    table = quantiles(Exponential(1000 * MS))
    for i, value in enumerate(table):
        exact = -1000 * MS * log(1 - (i + 0.5) / TABLE_SIZE)
        assert abs(value - exact) <= 1 + exact / 2000, i
    assert abs(fmean(table) - 1000 * MS) < 1000
    assert list(table) == sorted(table)
    assert sha256(",".join(map(str, table)).encode()).hexdigest()[:16] == "a3f1a6b114219f5a"


def test_pareto_without_a_spread_is_constant() -> None:
    assert set(quantiles(Pareto(MS, MS))) == {MS}


def test_measured_samples_come_back_each_as_often_as_it_was_measured() -> None:
    table = quantiles(Empirical((1, 2, 2, 7)))
    assert [list(table).count(value) for value in (1, 2, 7)] == [TABLE_SIZE // 4, TABLE_SIZE // 2, TABLE_SIZE // 4]
    assert set(quantiles(Empirical((5,)))) == {5}
    thirds = quantiles(Empirical((1, 2, 3)))
    assert max(abs(list(thirds).count(value) - TABLE_SIZE / 3) for value in (1, 2, 3)) < 1


@pytest.mark.parametrize(
    "bad",
    [
        Constant(-1),
        Uniform(2, 1),
        Normal(-1, 1),
        Lognormal(0, 1),
        Lognormal(2, 1),
        Pareto(0, 1),
        Pareto(2, 1),
        Pareto(1, 1001),
        Exponential(-1),
        Empirical(()),
        Empirical((-1, 2)),
        Empirical((2, 1)),
    ],
)
def test_what_describes_no_duration_is_refused(bad: Distribution) -> None:
    with pytest.raises(ValueError, match="not a distribution of durations"):
        quantiles(bad)
