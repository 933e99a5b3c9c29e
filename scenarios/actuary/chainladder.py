"""Chain-ladder and Mack 链梯法 by the package ``chainladder``: what is incurred and not reported, with its error.

The chain works the same estimate out in whole numbers (:mod:`node.contracts.reserving`); this one is another's code,
gives the error of each origin period, and interpolates the last variance log-linearly if asked to. It comes with the
extra ``actuary``.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Literal, NamedTuple

from scenarios.actuary.triangles import ActuaryError

Sigma = Literal["mack", "log-linear"]
"""How the last column's variance is come by: as in Mack 1993, or from a straight line through the logarithms."""

EXTRA = "estimates come with an extra: pip install 'consortium-sim[actuary]'"


class Row(NamedTuple):
    """One origin period, or all of them; amounts are floats of the triangle's unit."""

    known: float
    ultimate: float
    ibnr: float
    standard_error: float


class Estimate(NamedTuple):
    """What chain-ladder makes of a triangle."""

    factors: tuple[float, ...]
    rows: tuple[Row, ...]
    total: Row


def estimate(rows: Sequence[Sequence[int]], sigma: Sigma = "mack") -> Estimate:
    """Chain-ladder with Mack's standard errors of a cumulative triangle, oldest origin first.

    ActuaryError: the extra is not installed, or the triangle has fewer than three periods or a row of another length.
    """
    if len(rows) < 3 or any(len(row) != len(rows) - place for place, row in enumerate(rows)):
        needs = "chain-ladder takes three at least (shorter ones: `--period`), each row one shorter"
        raise ActuaryError(f"periods: {len(rows)}; {needs}")
    try:
        chainladder: Any = import_module("chainladder")  # slow, and an extra
        pandas: Any = import_module("pandas")
    except ImportError:
        raise ActuaryError(EXTRA) from None
    told = [
        {"origin": _year(origin), "valuation": _year(origin + development), "fen": float(amount)}
        for origin, row in enumerate(rows)
        for development, amount in enumerate(row)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package is behind pandas' newest deprecations
        triangle = chainladder.Triangle(
            pandas.DataFrame(told), origin="origin", development="valuation", columns="fen", cumulative=True
        )
        fitted = chainladder.MackChainladder().fit(
            chainladder.Development(sigma_interpolation=sigma).fit_transform(triangle)
        )
        return _read(fitted, rows)


def _read(fitted: Any, rows: Sequence[Sequence[int]]) -> Estimate:
    columns = fitted.summary_.to_frame(origin_as_datetime=True)[["Latest", "Ultimate", "IBNR", "Mack Std Err"]]
    found = tuple(Row(*map(_number, line)) for line in columns.to_numpy().tolist())
    known = float(sum(row[-1] for row in rows))
    ultimate = sum(row.ultimate for row in found)
    error = _number(fitted.total_mack_std_err_.iloc[0, 0])
    steps = fitted.ldf_.set_backend("numpy").values
    factors = tuple(map(_number, steps[0, 0, 0].tolist()))[: len(rows) - 1]
    return Estimate(factors, found, Row(known, ultimate, ultimate - known, error))


def _number(value: float) -> float:
    """The package leaves out what is nothing."""
    return 0.0 if math.isnan(value) else float(value)


def _year(place: int) -> str:
    """A year for a period: the package counts in calendar periods, of which years have no quirks."""
    return f"{2000 + place}-12-31"
