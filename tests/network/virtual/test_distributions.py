from __future__ import annotations

from hashlib import sha256
from statistics import fmean, pstdev

import pytest

from network.virtual.distributions import TABLE_SIZE, Constant, Distribution, Lognormal, Normal, Uniform, quantiles

MS = 1_000_000
SHAPES: list[Distribution] = [
    Constant(5 * MS),
    Uniform(MS, 3 * MS),
    Normal(5 * MS, MS),
    Normal(MS, MS),
    Lognormal(40 * MS, 180 * MS),
]


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_tables_ascend_and_hold_no_negative_duration(shape: Distribution) -> None:
    table = quantiles(shape)
    assert len(table) == TABLE_SIZE
    assert list(table) == sorted(table)
    assert table[0] >= 0


def test_tables_are_the_same_integers_everywhere() -> None:
    texts = b"".join(",".join(map(str, quantiles(shape))).encode() for shape in SHAPES)
    assert sha256(texts).hexdigest() == "b33fdf8a92bf7de26e6de5a10885dec03e2d39cfe14c4e5f68b8253bd4ae3d40"


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


@pytest.mark.parametrize("bad", [Constant(-1), Uniform(2, 1), Normal(-1, 1), Lognormal(0, 1), Lognormal(2, 1)])
def test_what_describes_no_duration_is_refused(bad: Distribution) -> None:
    with pytest.raises(ValueError, match="not a distribution of durations"):
        quantiles(bad)
