"""Fault and quorum arithmetic, in one place.

``n`` counts voting members only and need not be ``3f + 1``: the Byzantine quorum is
``ceil((n + f + 1) / 2)``, the smallest number for which any two quorums share a correct member. The familiar
``2f + 1`` is the same number only where ``n == 3f + 1`` and unsafe at n = 5, 6, 8, 9.
"""

from __future__ import annotations


def byzantine_faults(n: int) -> int:
    """The largest f with n >= 3f + 1 (Castro & Liskov 1999, section 3)."""
    _require_members(n)
    return (n - 1) // 3


def byzantine_quorum(n: int) -> int:
    """The smallest q for which two quorums of q out of n intersect in at least f + 1 members."""
    return (n + byzantine_faults(n) + 2) // 2


def crash_faults(n: int) -> int:
    """How many members may crash while a majority stays up."""
    return n - majority(n)


def majority(n: int) -> int:
    """floor(n / 2) + 1 (Ongaro & Ousterhout 2014, section 5.1)."""
    _require_members(n)
    return n // 2 + 1


def _require_members(n: int) -> None:
    if n < 1:
        raise ValueError(f"a network needs at least one voting member, not {n}")
