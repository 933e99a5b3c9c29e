"""What each reinsurer of a programme is due and owes at its close, section by section. Pure.

A section's sums are split by the shares that were taken, to the fen, by largest remainder; what was not placed stays
with the cedent. So the reinsurers' parts always add up to what the section bears.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from node.contracts.money import allocate
from node.contracts.reinsurance.programmes.covers import Priced, Proportional
from node.contracts.reinsurance.programmes.sections import Section
from node.contracts.reinsurance.programmes.year import SectionYear, Worked
from node.contracts.reinsurance.rates import WHOLE, part


class Paid(NamedTuple):
    """What a reinsurer paid ahead of the close on a section's cash calls, in fen, and what was set against it."""

    loss: int = 0
    reinstatement: int = 0


class Line(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A reinsurer's part of one section, in fen. What it paid and got ahead is told beside the whole."""

    section: str
    premium: int = 0
    commission: int = 0
    loss: int = 0
    reinstatement: int = 0
    withheld: int = 0
    deposit: int = 0
    loss_paid: int = 0
    reinstatement_paid: int = 0

    @property
    def premium_due(self) -> int:
        """Premium that has not moved yet."""
        return self.premium + self.reinstatement - self.deposit - self.reinstatement_paid

    @property
    def loss_due(self) -> int:
        """Loss that has not moved yet; negative where cash calls ran ahead of what the year came to."""
        return self.loss - self.loss_paid

    @property
    def balance(self) -> int:
        """Due from cedent to reinsurer: premium less commission, losses and the reserve that is withheld."""
        return self.premium_due - self.commission - self.loss_due - self.withheld


def of_placed(section: Section, amount: int) -> tuple[int, ...]:
    """``amount``, which is for all of a section, by taker; what is not placed is left out."""
    return allocate(amount, (*section.weights, WHOLE - section.placed))[:-1]


def deposits(section: Section) -> tuple[int, ...]:
    """The deposit premium of a section by taker."""
    return of_placed(section, section.cover.price.deposit if isinstance(section.cover, Priced) else 0)


def lines(worked: Worked, paid: Mapping[tuple[str, str], Paid]) -> dict[str, tuple[Line, ...]]:
    """Reinsurer -> its lines, both in the order of the sections. ``paid`` is by (section, reinsurer)."""
    found: dict[str, list[Line]] = {}
    for one in worked.sections:
        for reinsurer, line in _of_section(one, paid):
            found.setdefault(reinsurer, []).append(line)
    return {reinsurer: tuple(theirs) for reinsurer, theirs in found.items()}


def _of_section(one: SectionYear, paid: Mapping[tuple[str, str], Paid]) -> Sequence[tuple[str, Line]]:
    section, cover, weights = one.section, one.section.cover, one.section.weights
    if isinstance(cover, Proportional):
        premiums = allocate(one.premium, weights)
        commissions = allocate(part(one.premium, cover.commission), weights)
        withheld = allocate(part(one.premium, cover.reserve), weights)
    else:
        premiums = of_placed(section, one.price)
        commissions = withheld = (0,) * len(weights)
    losses = allocate(one.loss - one.taken_back, weights)
    reinstatements, ahead = of_placed(section, one.reinstatement), deposits(section)
    found = []
    for place, (reinsurer, _) in enumerate(section.takers):
        called = paid.get((section.name, reinsurer), Paid())
        line = Line(
            section=section.name,
            premium=premiums[place],
            commission=commissions[place],
            loss=losses[place],
            reinstatement=reinstatements[place],
            withheld=withheld[place],
            deposit=ahead[place],
            loss_paid=called.loss,
            reinstatement_paid=called.reinstatement,
        )
        found.append((reinsurer, line))
    return found
