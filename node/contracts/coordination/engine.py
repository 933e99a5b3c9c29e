"""Coordination of benefits 多层赔付: one bill through several insurances, one after the other. Pure integer arithmetic.

The order is fixed: basic medical insurance 基本医保, then the city's plan 惠民保, then commercial insurance 商业保险.
Each layer sees what the earlier ones left of every line of the bill, takes off the classes that it excludes and what is
above its limits for a class, then the year's deductible, applies its ratio and pays up to the year's cap. What no layer
pays is the patient's own. So all that is paid and the patient's own part add up to the bill, to the fen.

What a layer pays for a year is a function of what was eligible *to date*, and a bill pays what that rises by: it does
not matter how a year's bills are cut, and rounding never adds up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from node.contracts.fields import Fen, Label, Labels, Name, Ppm
from node.contracts.money import allocate
from node.contracts.reinsurance.rates import part

ORDER = ("basic", "city-plan", "commercial")
"""The layers there may be, in the order in which they pay."""

LIMITS_MAX = 32

Charge = tuple[str, int]
"""(class of charge, fen): one line of a bill."""


class LayerTerms(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a layer pays. Amounts in fen; ``deductible`` 免赔额 and ``cap`` 年度限额 are for a year.

    ``limits`` is the most of a class of charges that is eligible in one bill 分项限额; of ``excluded`` 除外 classes
    nothing is.
    """

    name: Label
    payer: Name
    deductible_fen: Fen
    ratio_ppm: Ppm
    cap_fen: Fen
    limits: Annotated[tuple[tuple[Label, Fen], ...], Meta(max_length=LIMITS_MAX)] = ()
    excluded: Labels = ()

    def benefit(self, eligible_fen: int) -> int:
        """What is paid in a year in which ``eligible_fen`` was eligible."""
        return min(self.cap_fen, part(max(0, eligible_fen - self.deductible_fen), self.ratio_ppm))


class Year(msgspec.Struct, frozen=True):
    """What a layer's year brought so far, in fen. Invariant: ``paid_fen == terms.benefit(eligible_fen)``."""

    eligible_fen: int = 0
    paid_fen: int = 0


class Share(msgspec.Struct, frozen=True):
    """A layer's part in one bill, in fen. Invariant: paid <= eligible."""

    layer: str
    payer: str
    eligible_fen: int
    paid_fen: int


class Settlement(msgspec.Struct, frozen=True):
    """A bill settled, in fen. Invariant: ``total_fen`` is what the shares pay and ``own_fen`` together.

    ``left`` is what nobody paid of every line; it adds up to ``own_fen``.
    """

    total_fen: int
    own_fen: int
    shares: tuple[Share, ...]
    left: tuple[Charge, ...]


def coordinate(charges: Sequence[Charge], layers: Sequence[LayerTerms], years: Sequence[Year]) -> Settlement:
    """Settle a bill of ``charges``; ``years`` is what each layer's year brought before. ValueError: out of order."""
    if list(layers) != in_order(layers) or len(years) != len(layers):
        raise ValueError(f"layers pay in the order {', '.join(ORDER)}, each once, and each with its year")
    left = [amount for _, amount in charges]
    shares = []
    for terms, year in zip(layers, years, strict=True):
        eligible = eligible_of(charges, left, terms)
        whole = sum(eligible)
        paid = terms.benefit(year.eligible_fen + whole) - year.paid_fen
        shares.append(Share(layer=terms.name, payer=terms.payer, eligible_fen=whole, paid_fen=paid))
        for index, amount in enumerate(allocate(paid, eligible) if paid else ()):
            left[index] -= amount
    return Settlement(
        total_fen=sum(amount for _, amount in charges),
        own_fen=sum(left),
        shares=tuple(shares),
        left=tuple((kind, amount) for (kind, _), amount in zip(charges, left, strict=True)),
    )


def eligible_of(charges: Sequence[Charge], left: Sequence[int], terms: LayerTerms) -> list[int]:
    """Of what earlier layers left of every line, what is eligible under ``terms``; a limit is used up line by line."""
    limits = dict(terms.limits)
    eligible = []
    for (kind, _), amount in zip(charges, left, strict=True):
        counted = 0 if kind in terms.excluded else min(amount, limits.get(kind, amount))
        if kind in limits:
            limits[kind] -= counted
        eligible.append(counted)
    return eligible


def after(year: Year, share: Share) -> Year:
    """The layer's year after a bill."""
    return Year(eligible_fen=year.eligible_fen + share.eligible_fen, paid_fen=year.paid_fen + share.paid_fen)


def in_order(layers: Sequence[LayerTerms]) -> list[LayerTerms]:
    """The layers in the order in which they pay, each name once; those that there may not be are left out."""
    by_name = {terms.name: terms for terms in layers}
    return [by_name[name] for name in ORDER if name in by_name]
