"""A programme's year, worked out: who bears what of its losses, and what each section earns. Pure.

Losses run through the stages in inuring order, events by (business time, name), risks by name. What a section takes
of one loss is the difference of what it takes of all that it has touched so far, rounded once: a year's sums are exact
to half a fen, however the losses are cut. (A surplus touches of each risk's loss a whole number of fen, rounded by
itself.) Where rounding would take more than is left of a loss, what is left is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from node.contracts.events import Plain
from node.contracts.fields import Fen, Label, Millis
from node.contracts.money import allocate
from node.contracts.reinsurance.commission import after_corridor, loss_participation
from node.contracts.reinsurance.programmes.covers import Basis, Days, Priced, QuotaShareCover, Reinstated, Unit
from node.contracts.reinsurance.programmes.sections import Section, Stage, stages
from node.contracts.reinsurance.rates import WHOLE, part
from node.contracts.reinsurance.reinstatement import weighted_to_date

DAY_MS = 86_400_000


class RiskLoss(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one event cost one risk, ground up, and that risk's sum insured, in fen."""

    risk: Label
    sum_insured: Fen
    amount: Fen


class Event(NamedTuple):
    """What happened at one time, by risk in ascending order."""

    name: str
    at_ms: Millis
    losses: tuple[RiskLoss, ...]


class Year(NamedTuple):
    """The subject of a programme. ``premiums``: (sum insured, premium) ascending; ``events`` by (time, name)."""

    from_ms: int
    until_ms: int
    premiums: tuple[tuple[int, int], ...]
    events: tuple[Event, ...]

    @property
    def days(self) -> int:
        """How many days it has, a begun one counted."""
        return -((self.from_ms - self.until_ms) // DAY_MS)

    def days_left(self, at_ms: int, days: Days) -> int:
        """For how many of its days cover is reinstated at ``at_ms``; all of them where time does not count."""
        if days == "untimed":
            return self.days
        return self.days - (at_ms - self.from_ms) // DAY_MS - (days == "uncounted")


class SectionYear(NamedTuple):
    """One section's year, in fen. ``touched`` and what it costs are for all of it, the rest for the part placed.

    ``loss`` is before what the cedent takes back; ``by_event`` says what of it each event brought, and is empty where
    the section sees the year as one. ``reinstatement`` is the premium for filling the layer up again, ``provisional``
    what that would be on the deposit premium.
    """

    section: Section
    income: int
    touched: int
    loss: int
    taken_back: int
    premium: int
    price: int
    reinstatement: int
    provisional: int
    by_event: tuple[int, ...]


class Worked(NamedTuple):
    """A year worked out. Invariant: ``retained`` and what the sections bear add up to the gross loss."""

    sections: tuple[SectionYear, ...]
    gross: int
    retained: int

    def of(self, name: str) -> SectionYear:
        """A section's year; KeyError where there is none of that name."""
        for one in self.sections:
            if one.section.name == name:
                return one
        raise KeyError(name)

    def reinstatements(self) -> dict[str, Plain]:
        """What reinstatements cost, by section, where they cost something."""
        return {one.section.name: one.reinstatement for one in self.sections if one.reinstatement}


class _Group(NamedTuple):
    """Losses that a stage sees together: those of an event, or of the year."""

    at_ms: int
    units: list[Unit]


class _Book:
    """What one section took so far."""

    def __init__(self, section: Section, basis: Basis, year: Year) -> None:
        self.section = section
        self._year = year
        self._tells_events = basis is not Basis.YEAR
        self.income = 0
        self.touched = 0
        self.loss = 0
        self.premium_touched = 0
        self.premium = 0
        self.by_event: list[int] = []
        self._reinstated = 0

    def begin(self, premiums: Sequence[Unit]) -> None:
        """The stage begins, on that subject premium."""
        self.income = sum(unit.amount for unit in premiums)

    def take(self, group: _Group, left: Sequence[int]) -> list[int]:
        """What it takes of each loss of a group, of which so much is ``left`` by the sections before it."""
        taken = []
        for touched, at_most in zip(self._limited(group), left, strict=True):
            self.touched += touched
            taken.append(min(self._share(self.touched) - self.loss, at_most))
            self.loss += taken[-1]
        self.by_event.append(sum(taken))
        return taken

    def take_premium(self, unit: Unit, left: int) -> int:
        """What goes with it of one risk's premium."""
        self.premium_touched += self.section.cover.premium_of(unit)
        taken = min(self._share(self.premium_touched) - self.premium, left)
        self.premium += taken
        return taken

    def _limited(self, group: _Group) -> list[int]:
        """What the cover touches of each loss, within its limits for an event and for the year."""
        cover = self.section.cover
        touched = [cover.touched(unit, self.income) for unit in group.units]
        limit = getattr(cover, "event_limit", None)
        if limit is not None and sum(touched) > limit:
            touched = list(allocate(limit, touched))
        return self._reinstating(cover, touched, group.at_ms) if isinstance(cover, Reinstated) else touched

    def _reinstating(self, cover: Reinstated, touched: list[int], at_ms: int) -> list[int]:
        """What is left of the layer and its reinstatements; what was used up is paid for from then on."""
        if cover.rates is None:
            return touched
        whole = (len(cover.rates) + 1) * cover.layer.limit
        within = list(touched)
        used = self.touched
        for place, amount in enumerate(touched):
            within[place] = min(amount, whole - used)
            used += within[place]
        weight = weighted_to_date(cover.rates, cover.layer.limit, used)
        weight -= weighted_to_date(cover.rates, cover.layer.limit, self.touched)
        self._reinstated += weight * self._year.days_left(at_ms, cover.days)
        return within

    def _share(self, amount: int) -> int:
        return part(amount, self.section.cover.fraction * self.section.placed, WHOLE * WHOLE)

    def close(self) -> SectionYear:
        """The section's year."""
        cover = self.section.cover
        price = cover.price.final(self.income, self.touched) if isinstance(cover, Priced) else 0
        deposit = cover.price.deposit if isinstance(cover, Priced) else 0
        return SectionYear(
            section=self.section,
            income=self.income,
            touched=self.touched,
            loss=self.loss,
            taken_back=self._taken_back(),
            premium=self.premium,
            price=price,
            reinstatement=self._reinstatement(price),
            provisional=self._reinstatement(deposit),
            by_event=tuple(self.by_event) if self._tells_events else (),
        )

    def _reinstatement(self, price: int) -> int:
        """What reinstatements cost where the layer costs ``price`` (fen, for all of it), rounded once."""
        cover = self.section.cover
        if not isinstance(cover, Reinstated) or not self._reinstated:
            return 0
        return part(price, self._reinstated, cover.layer.limit * WHOLE * self._year.days)

    def _taken_back(self) -> int:
        """Of a quota share's bad year: its loss corridor, and the cedent's part beyond 100 % of its premium."""
        cover = self.section.cover
        if not isinstance(cover, QuotaShareCover):
            return 0
        width, start = (cover.corridor.width, cover.corridor.start) if cover.corridor else (0, 0)
        left = after_corridor(self.loss, part(self.premium, width), part(self.premium, start))
        return self.loss - left + loss_participation(self.premium, left, cover.participation)


def work_out(sections: Sequence[Section], year: Year) -> Worked:
    """The year of a programme. ValueError where its order is none (see ``stages``)."""
    groups = [
        _Group(event.at_ms, [Unit(loss.sum_insured, loss.amount) for loss in event.losses]) for event in year.events
    ]
    premiums = [Unit(sum_insured, amount) for sum_insured, amount in year.premiums]
    gross = sum(unit.amount for group in groups for unit in group.units)
    books: list[_Book] = []
    for stage in stages(sections):
        here = [_Book(section, stage.basis, year) for section in stage.sections]
        for book in here:
            book.begin(premiums)
        groups = [_ceded(group, here) for group in _gathered(groups, stage)]
        premiums = [_premium_ceded(unit, here) for unit in premiums]
        books.extend(here)
    found = tuple(book.close() for book in books)
    left = sum(unit.amount for group in groups for unit in group.units)
    return Worked(found, gross, left + sum(one.taken_back for one in found))


def _gathered(groups: list[_Group], stage: Stage) -> list[_Group]:
    """The groups as a stage counts losses."""
    if stage.basis is Basis.RISK:
        return groups
    if stage.basis is Basis.EVENT:
        return [_Group(group.at_ms, [Unit(0, sum(unit.amount for unit in group.units))]) for group in groups]
    return [_Group(0, [Unit(0, sum(unit.amount for group in groups for unit in group.units))])]


def _ceded(group: _Group, books: Sequence[_Book]) -> _Group:
    """What the sections of a stage leave of a group; all of them see the whole of it."""
    left = [unit.amount for unit in group.units]
    for book in books:
        left = [kept - taken for kept, taken in zip(left, book.take(group, left), strict=True)]
    return _Group(group.at_ms, [Unit(unit.sum_insured, kept) for unit, kept in zip(group.units, left, strict=True)])


def _premium_ceded(unit: Unit, books: Sequence[_Book]) -> Unit:
    left = unit.amount
    for book in books:
        left -= book.take_premium(unit, left)
    return Unit(unit.sum_insured, left)
