"""The losses: real hospital stays, each with a day, and with delays of notice and payment that are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from consensus.vocabulary import MILLISECOND
from network.virtual.distributions import TABLE_SHIFT, quantiles
from network.virtual.draws import Stream
from node.contracts.money import allocate
from scenarios.language.models.network import Latency
from scenarios.runner.distributions import distribution_of
from scenarios.runner.loss_development.arguments import FLOW, YEAR_MS, LossDevelopment
from scenarios.runner.spending import load_person_years

HOUR_MS = 3_600_000


class StayLoss(NamedTuple):
    """One stay. Times are ms since the basis began; ``insurer`` is the place of its insurer in the cast.

    ``reported`` and ``paid`` are the numbers of the bordereaux that tell of it, counted from 0.
    """

    reference: str
    insurer: int
    occurred_ms: int
    fen: int
    reported: int
    paid: int


def losses(arguments: LossDevelopment, insurers: int, seed: int) -> Iterator[StayLoss]:
    """Every stay that is reported in time, in the data's order.

    A stay occurs on a random moment of its study year. Whether it happens, and what it costs, is the data's alone.
    """
    rows = load_person_years()
    moments = Stream(f"{seed}/{FLOW}/moments")
    notices = _Delays(arguments.notice, f"{seed}/{FLOW}/notice")
    payments = _Delays(arguments.payment, f"{seed}/{FLOW}/payment")
    for place in range(arguments.population):
        row = rows[place * len(rows) // arguments.population]
        stays = max(row.admissions, 1)
        fen = row.inpatient_cents * arguments.yuan_per_dollar
        for number, part in enumerate(allocate(fen, (1,) * stays) if fen else ()):
            occurred_ms = (row.year - 1) * YEAR_MS + moments.below(YEAR_MS)
            noticed_ms = occurred_ms + notices.next_ms()
            paid_ms = noticed_ms + payments.next_ms()
            last = last_bordereau(arguments, occurred_ms)
            reported = bordereau_after(arguments, noticed_ms)
            if part and reported <= last:
                paid = min(max(bordereau_after(arguments, paid_ms), reported), last)
                reference = f"{row.person}-{row.year}-{number}"
                yield StayLoss(reference, row.person % insurers, occurred_ms, part, reported, paid)


def bordereau_ms(arguments: LossDevelopment, number: int) -> int:
    """When bordereau ``number`` is sent."""
    period, part = divmod(number, arguments.reports_a_period)
    end_ms = period * arguments.period_ms + (part + 1) * arguments.period_ms // arguments.reports_a_period
    return end_ms - HOUR_MS


def bordereau_after(arguments: LossDevelopment, time_ms: int) -> int:
    """The first bordereau that can tell of what is known at that time."""
    number = time_ms * arguments.reports_a_period // arguments.period_ms
    number = max(number - 1, 0)
    while bordereau_ms(arguments, number) < time_ms:
        number += 1
    return number


def last_bordereau(arguments: LossDevelopment, occurred_ms: int) -> int:
    """The last that is in time for a loss."""
    origin = occurred_ms // arguments.period_ms
    return (origin + arguments.developments) * arguments.reports_a_period - 1


class _Delays:
    """Delays in ms, one after the other."""

    def __init__(self, shape: Latency, name: str) -> None:
        self._table = quantiles(distribution_of(shape))
        self._words = Stream(name)

    def next_ms(self) -> int:
        return self._table[self._words.word() >> TABLE_SHIFT] // MILLISECOND
