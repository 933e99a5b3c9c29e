"""What a profile can calculate without a run: named formulas over terms that are given in its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scenarios.profiles.quantities import Amount

_HOUR_S = 3600
_HOURS_A_DAY = 24


def throughput(terms: Mapping[str, Amount]) -> Amount:
    """What blocks carry: `transactions` a block, `blocks` an hour."""
    return Amount(terms["transactions"].value * terms["blocks"].value / _HOUR_S, "rate")


def storage(terms: Mapping[str, Amount]) -> Amount:
    """How a ledger grows: `block` bytes each, `blocks` an hour, for `days`."""
    return Amount(terms["block"].value * terms["blocks"].value * _HOURS_A_DAY * terms["days"].value, "size")


def line(terms: Mapping[str, Amount]) -> Amount:
    """What a line of so many `bits` a second carries, if it carries transactions of `bytes` alone, once each."""
    return Amount(terms["bits"].value / 8 / terms["bytes"].value, "rate")


FORMULAS: dict[str, tuple[Callable[[Mapping[str, Amount]], Amount], tuple[str, ...]]] = {
    "throughput": (throughput, ("transactions", "blocks")),
    "storage": (storage, ("block", "blocks", "days")),
    "line": (line, ("bits", "bytes")),
}
"""Formula -> how it is calculated, and the terms that it needs."""
