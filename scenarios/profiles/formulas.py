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


def ledger(terms: Mapping[str, Amount]) -> Amount:
    """What a transaction takes on the disks of a consortium like ours: its own bytes and its part of a block's.

    `transaction` bytes; of each block with so many `transactions` a `header`, a `certificate` and a `vote` for each of
    a `quorum` that signed it; all of it at so many `replicas`.
    """
    block = terms["header"].value + terms["certificate"].value + terms["vote"].value * terms["quorum"].value
    each = terms["transaction"].value + block / terms["transactions"].value
    return Amount(each * terms["replicas"].value, "size")


FORMULAS: dict[str, tuple[Callable[[Mapping[str, Amount]], Amount], tuple[str, ...]]] = {
    "throughput": (throughput, ("transactions", "blocks")),
    "storage": (storage, ("block", "blocks", "days")),
    "line": (line, ("bits", "bytes")),
    "ledger": (
        ledger,
        ("transaction", "transactions", "header", "certificate", "vote", "quorum", "replicas"),
    ),
}
"""Formula -> how it is calculated, and the terms that it needs."""
