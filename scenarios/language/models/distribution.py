"""Distributions as a scenario gives them: a shape, and the values that this shape takes.

What is drawn from them are integers, by tables of quantiles (``network.virtual.distributions``).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator

from scenarios.language.models.base import Fen, Part

PARETO_SPREAD_MAX = 1000

_NEEDS = {
    "constant": ("value",),
    "uniform": ("min", "max"),
    "normal": ("mean", "sd"),
    "lognormal": ("median", "p99"),
    "pareto": ("min", "p99"),
    "empirical": ("samples",),
}
_VALUES = tuple(dict.fromkeys(value for values in _NEEDS.values() for value in values))


def require_complete(part: Any) -> None:
    """ValueError where ``part`` has not exactly the values that its ``dist`` takes, or they contradict each other."""
    needs = _NEEDS[part.dist]
    for name in _VALUES:
        if (getattr(part, name, None) is not None) != (name in needs):
            raise ValueError(f"`dist: {part.dist}` takes {' and '.join(f'`{need}`' for need in needs)}")
    if part.dist == "uniform" and (part.min or 0) > (part.max or 0):
        raise ValueError("`min` is above `max`")
    if part.dist == "lognormal" and not 0 < (part.median or 0) <= (part.p99 or 0):
        raise ValueError("`median` must be more than nothing and not above `p99`")
    if part.dist == "pareto" and not 0 < (part.min or 0) <= (part.p99 or 0) <= PARETO_SPREAD_MAX * (part.min or 0):
        raise ValueError(f"`p99` must be at least `min`, and at most {PARETO_SPREAD_MAX} times as much")


class Amount(Part):
    """An amount of money, drawn anew each time."""

    dist: Literal["constant", "uniform", "normal", "lognormal", "pareto"] = "constant"
    """The distribution; each needs its own values."""
    value: Fen | None = None
    """constant: always this."""
    min: Fen | None = None
    """uniform: from here ...; pareto: never less, and seldom much more."""
    max: Fen | None = None
    """... to here."""
    mean: Fen | None = None
    """normal."""
    sd: Fen | None = None
    """normal: the standard deviation; what would be less than a fen is one."""
    median: Fen | None = None
    """lognormal."""
    p99: Fen | None = None
    """lognormal, pareto: 99 of 100 are not above it."""

    @model_validator(mode="after")
    def _complete(self) -> Amount:
        require_complete(self)
        if any((getattr(self, name, None) or 0) < 0 for name in _VALUES):
            raise ValueError("an amount is not negative")
        return self


def _short(value: Any) -> Any:
    """`amount: 5 CNY` is short for the constant one."""
    return value if isinstance(value, dict | Amount) else {"dist": "constant", "value": value}


AmountOrMoney = Annotated[Amount, BeforeValidator(_short, json_schema_input_type=Amount | str)]
