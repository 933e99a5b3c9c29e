"""Retrocession 转分保: reinsurers cede what they assumed, along a chain or in a circle (a spiral)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from node.contracts.fields import Name, Ppm
from node.contracts.money import allocate
from node.contracts.reinsurance.layers import Layer
from node.contracts.reinsurance.rates import part

ROUNDS_MAX = 10_000


class Cover(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """``cedent`` cedes ``cession`` of what it bears, or of its part in ``layer``, to ``takers`` (name, weight)."""

    cedent: Name
    takers: tuple[tuple[Name, Ppm], ...]
    cession: Ppm
    layer: Layer | None = None

    def ceded(self, borne: int) -> int:
        """What goes to the takers, in fen, of the ``borne`` fen."""
        return part(borne if self.layer is None else self.layer.recovery(borne), self.cession)


def along_chain(loss: int, first: str, covers: Sequence[Cover]) -> dict[str, int]:
    """Who bears how much of a ``loss`` (fen) that hits ``first``, covers applied in order; sums up to the loss."""
    borne = {first: loss}
    for cover in covers:
        ceded = cover.ceded(borne.get(cover.cedent, 0))
        borne[cover.cedent] = borne.get(cover.cedent, 0) - ceded
        shares = allocate(ceded, [weight for _, weight in cover.takers])
        for (name, _), amount in zip(cover.takers, shares, strict=True):
            borne[name] = borne.get(name, 0) + amount
    return borne


class Spiral(msgspec.Struct, frozen=True):
    """The fixed point of a circle: gross and net by company, in fen. The last of ``rounds`` changed nothing."""

    gross: dict[str, int]
    net: dict[str, int]
    rounds: int


def around_circle(direct: Mapping[str, int], covers: Sequence[tuple[str, str, Layer]]) -> Spiral:
    """Settle a spiral: covers (cedent, reinsurer, layer) are applied again and again until nothing changes.

    ``direct`` losses (fen) come from outside. Amounts only grow and limits bound them, so there is a least fixed point
    and this finds it; OverflowError where that takes more than ROUNDS_MAX rounds.
    """
    names = sorted({*direct, *(name for cedent, reinsurer, _ in covers for name in (cedent, reinsurer))})
    ceded = [0] * len(covers)
    for rounds in range(1, ROUNDS_MAX + 1):
        before = list(ceded)
        for place, (cedent, _, layer) in enumerate(covers):
            ceded[place] = layer.recovery(_gross(cedent, direct, covers, ceded))
        if ceded == before:
            gross = {name: _gross(name, direct, covers, ceded) for name in names}
            out = {name: sum(c for c, cover in zip(ceded, covers, strict=True) if cover[0] == name) for name in names}
            return Spiral(gross=gross, net={name: gross[name] - out[name] for name in names}, rounds=rounds)
    raise OverflowError(f"the spiral still moves after {ROUNDS_MAX} rounds")


def _gross(name: str, direct: Mapping[str, int], covers: Sequence[tuple[str, str, Layer]], ceded: Sequence[int]) -> int:
    assumed = sum(amount for amount, (_, reinsurer, _) in zip(ceded, covers, strict=True) if reinsurer == name)
    return direct.get(name, 0) + assumed
