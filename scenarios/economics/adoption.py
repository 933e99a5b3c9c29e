"""What joining is worth: cost and saving of each member and year as a function of who else has joined.

An item saves only where both of its sides have joined, so a network is worth little to its first members and much to
its last: the economics of networks (Katz and Shapiro, American Economic Review 75(3), 1985). Whether anybody gets from
the one end to the other is told by two shares of the market: where costs are first covered, and from how many members
on everybody else joins because it pays (the critical mass; Economides and Himmelberg, 1995).

All is exact: fractions of fen, rounded when it is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from node.contracts.fields import MILLION
from scenarios.language.models.economics import Economics

GIGABYTE = 10**9


class Costed(NamedTuple):
    """What a run measured: bytes that one transaction takes on one node's disks."""

    bytes_a_transaction: Fraction


class Year(NamedTuple):
    """One member's year, in fen (exact)."""

    saving: Fraction
    node: Fraction
    common: Fraction
    joining: Fraction
    storage: Fraction

    @property
    def cost(self) -> Fraction:
        """Everything that it pays."""
        return self.node + self.common + self.joining + self.storage

    @property
    def net(self) -> Fraction:
        """What is left of the saving; negative where joining does not pay."""
        return self.saving - self.cost


class Network:
    """A market in which the first members of ``terms.sizes`` have joined, or any others by their places from 0."""

    def __init__(self, terms: Economics, costed: Costed) -> None:
        self._terms = terms
        self._costed = costed
        weights = terms.sizes
        self._pairs = (sum(weights) ** 2 - sum(weight**2 for weight in weights)) // 2  # sum of w_i w_j over all pairs

    @property
    def size(self) -> int:
        """Organisations of the market."""
        return len(self._terms.sizes)

    def items(self, member: int, joined: Sequence[int]) -> Fraction:
        """Items a year that ``member`` exchanges with those of ``joined``, itself not counted."""
        weights = self._terms.sizes
        others = sum(weights[other] for other in joined if other != member)
        return Fraction(self._terms.items * weights[member] * others, self._pairs)

    def year(self, member: int, joined: Sequence[int]) -> Year:
        """The year of ``member``, one of ``joined``."""
        terms = self._terms
        on_chain = sum((self.items(other, joined) for other in joined), Fraction()) / 2
        kept_bytes = on_chain * terms.transactions * self._costed.bytes_a_transaction * terms.over
        return Year(
            saving=self.items(member, joined) * (terms.paper - terms.chain),
            node=Fraction(terms.node),
            common=terms.platform * self._part(member, joined),
            joining=Fraction(terms.joining, terms.over),
            storage=kept_bytes * terms.storage / GIGABYTE,
        )

    def _part(self, member: int, joined: Sequence[int]) -> Fraction:
        """The part of common costs that ``member`` carries; all parts add up to one."""
        if self._terms.carried == "equally":
            return Fraction(1, len(joined))
        weights = self._terms.sizes
        return Fraction(weights[member], sum(weights[other] for other in joined))

    def first(self, count: int) -> range:
        """The first ``count`` to join."""
        return range(count)

    @cached_property
    def covered_from(self) -> int | None:
        """With how many members, in order of joining, the network first saves what it costs, taken together.

        None where it never does.
        """
        counts = range(1, self.size + 1)
        return next((count for count in counts if sum(self._nets(self.first(count))) >= 0), None)

    @cached_property
    def worth_it_from(self) -> int | None:
        """With how many members joining has paid for each of them, from there on up to the whole market.

        None where it does not pay for each of them when all have joined.
        """
        found = None
        for count in range(self.size, 0, -1):
            if min(self._nets(self.first(count))) < 0:
                break
            found = count
        return found

    @cached_property
    def critical_mass(self) -> int | None:
        """The fewest founders from which on everybody else joins of its own accord, in order of joining.

        Founders stay whatever it costs them; each of the others joins once its own year would not be at a loss.
        None where even all but one do not bring the last.
        """
        for founders in range(self.size):
            if all(self.year(count, self.first(count + 1)).net >= 0 for count in range(founders, self.size)):
                return founders
        return None

    def without(self, place: int, after_ppm: int, unpaid_ppm: int) -> dict[int, Fraction]:
        """What each other member loses in the year in which the one at ``place`` leaves a full network.

        They save nothing on their items with it from then on, and carry what it leaves unpaid of the common costs of
        its part of the year, and all of them after it. The sum of what is carried is the platform's cost, always.
        """
        everybody = self.first(self.size)
        rest = [member for member in everybody if member != place]
        stayed = Fraction(after_ppm, MILLION)
        left_unpaid = self._part(place, everybody) * stayed * Fraction(unpaid_ppm, MILLION) * self._terms.platform
        lost: dict[int, Fraction] = {}
        for member in rest:
            whole, after = self.year(member, everybody), self.year(member, rest)
            extra = left_unpaid * self._part(member, rest)
            lost[member] = whole.net - (stayed * whole.net + (1 - stayed) * after.net - extra)
        return lost

    def _nets(self, joined: Sequence[int]) -> list[Fraction]:
        return [self.year(member, joined).net for member in joined]
