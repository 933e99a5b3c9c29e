"""What a benefit pays for a bill 理算: pure arithmetic, by versions (rows 38, 60, 70).

A rule sees the sums of all bills of a claim and says what the benefit pays for them in all; a further bill pays what
that rises by. So it does not matter how a claim's bills are cut, and rounding never adds up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from node.contracts.money import share
from node.contracts.products import Benefit
from node.contracts.versions import Versioned

Rule = Callable[[Benefit, int, int], int]
"""(benefit, fen billed, fen of excluded classes among them) -> fen payable, before the sum insured is looked at."""

PAYABLE: Versioned[Rule] = Versioned("claims-payable")
"""A claim goes by the version that was in force when its policy began."""

HALF_PPM = 500_000


class Adjudication(Struct, frozen=True):
    """What a bill comes to, in fen. Invariant: payable <= total."""

    total_fen: int
    excluded_fen: int
    payable_fen: int


@PAYABLE.version("v1")
def exclude(benefit: Benefit, total_fen: int, excluded_fen: int) -> int:
    """Excluded classes are taken off, then the deductible, then the ratio applies.

    The exclusions that lead from 3255.00 to 3112.90 are an assumption: the source gives the two amounts and no rule.
    """
    return share(max(0, total_fen - excluded_fen - benefit.deductible_fen), benefit.ratio_ppm)


@PAYABLE.version("v2")
def pay_half_of_what_was_excluded(benefit: Benefit, total_fen: int, excluded_fen: int) -> int:
    """As v1, and half of the excluded classes besides (an assumption: the sources name no second version)."""
    return exclude(benefit, total_fen, excluded_fen) + share(excluded_fen, HALF_PPM)


def sums(benefit: Benefit, charges: Sequence[tuple[str, int]]) -> tuple[int, int]:
    """(billed, of excluded classes) in fen, of ``charges``, pairs of (class, fen)."""
    return sum(amount for _, amount in charges), sum(amount for kind, amount in charges if kind in benefit.excluded)


def adjudication(
    benefit: Benefit, charges: Sequence[tuple[str, int]], left_fen: int, version: str = "v1"
) -> Adjudication:
    """What ``benefit`` pays of ``charges``, when ``left_fen`` of its sum insured is left."""
    total_fen, excluded_fen = sums(benefit, charges)
    payable_fen = min(PAYABLE[version](benefit, total_fen, excluded_fen), max(0, left_fen))
    return Adjudication(total_fen=total_fen, excluded_fen=excluded_fen, payable_fen=payable_fen)
