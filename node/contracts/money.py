"""Money 金额: integer fen 分, and how an amount is split without losing one.

No float ever holds an amount. A share is an integer number of parts per million.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from node.contracts.fields import AMOUNT_END, MILLION

_AMOUNT = re.compile(r"(?P<sign>-?)(?P<yuan>\d{1,3}(?:[,_]\d{3})+|\d+)(?:\.(?P<fen>\d{1,2}))?", re.ASCII)


def parse_fen(text: str) -> int:
    """Fen in an amount of yuan such as "3112.90", "3,112.9" or "-0.01"; ValueError where it is none."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no amount in yuan with at most two decimals")
    yuan = int(match["yuan"].replace(",", "").replace("_", ""))
    fen = yuan * 100 + int((match["fen"] or "").ljust(2, "0"))
    if fen >= AMOUNT_END:
        raise ValueError(f"{text!r} is beyond the largest amount")
    return -fen if match["sign"] else fen


def format_fen(fen: int) -> str:
    """Yuan with two decimals: 311290 -> "3112.90"."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def allocate(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """``total`` split in proportion to ``weights``, to the fen, by largest remainder; ties go to the earlier.

    The parts always add up to ``total`` (golden number G17). ValueError: negative input, or no positive weight.
    """
    whole = sum(weights)
    if total < 0 or whole <= 0 or min(weights) < 0:
        raise ValueError("a split needs an amount and weights that are not negative, one of them positive")
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return tuple(parts)


def share(amount: int, ppm: int) -> int:
    """``ppm`` parts per million of ``amount``, rounded to the nearest fen, halves up."""
    return allocate(amount, (ppm, MILLION - ppm))[0]
