"""When the cases of a flow begin: times of the run, by integers alone, so that every machine draws the same.

A Poisson process's gaps come from the exponential distribution's table of quantiles, drawn by position from a stream
that the flow's name and the seed make; a rate that changes thins a process of its highest (Lewis and Shedler 1979).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from network.virtual.distributions import TABLE_SHIFT, Exponential, quantiles
from network.virtual.draws import WORD_BITS, Stream
from scenarios.language.models.arrivals import CASES_MAX, Arrivals, Bursts, Closed, Diurnal
from scenarios.language.models.replay import Replay
from scenarios.language.units import Rate, Span
from scenarios.runner.distributions import distribution_of

_UNIT = 1_000_000_000


class Beginning(NamedTuple):
    """A case begins ``at_ns``; in a closed loop, ``think_ns`` after the case ``after`` of the same list is settled."""

    at_ns: int
    after: int | None = None
    think_ns: int = 0
    amount_fen: int | None = None


def beginnings(arrivals: Arrivals, span: Span | None, name: str) -> list[Beginning]:
    """Every case of a flow in order of time. ``name`` keys what is drawn. ValueError where they are too many."""
    start, end = (0, None) if span is None else (span.start_ns, span.end_ns)
    if arrivals.closed is not None:
        found = _closed(arrivals.closed, start, f"{name}/think")
    elif arrivals.replay is not None:
        found = _replayed(arrivals.replay, start)
    else:
        assert end is not None, "the language asks open arrivals for their end"  # noqa: S101
        found = [Beginning(at) for at in islice(_open(arrivals, start, end, name), CASES_MAX + 1)]
    if len(found) > CASES_MAX:
        raise ValueError(f"more than {CASES_MAX:,} cases arrive")
    return found if end is None else [case for case in found if case.at_ns < end]


def _open(arrivals: Arrivals, start: int, end: int, name: str) -> Iterator[int]:
    if arrivals.rate is not None:
        return _even(arrivals.rate, start, end)
    if arrivals.poisson is not None:
        return _poisson(arrivals.poisson, start, end, name)
    if arrivals.bursts is not None:
        return _bursts(arrivals.bursts, start, end)
    assert arrivals.diurnal is not None, "one kind is given"  # noqa: S101
    return _diurnal(arrivals.diurnal, start, end, name)


def _even(rate: Rate, start: int, end: int) -> Iterator[int]:
    count = -(-(end - start) * rate.events // rate.per_ns)
    return (start + place * rate.per_ns // rate.events for place in range(count))


def _poisson(rate: Rate, start: int, end: int, name: str) -> Iterator[int]:
    gaps, words = quantiles(Exponential(mean_ns=_UNIT)), Stream(f"{name}/gaps")
    passed = 0  # in units of 1 / (events * _UNIT) ns, so that nothing is ever rounded
    while True:
        passed += gaps[words.word() >> TABLE_SHIFT] * rate.per_ns
        at = start + passed // (rate.events * _UNIT)
        if at >= end:
            return
        yield at


def _bursts(bursts: Bursts, start: int, end: int) -> Iterator[int]:
    for begin in range(start, end, bursts.every):
        for place in range(bursts.size):
            at = begin + bursts.within * place // bursts.size
            if at < end:
                yield at


def _diurnal(diurnal: Diurnal, start: int, end: int, name: str) -> Iterator[int]:
    """A candidate at the rate ``high`` stays with the probability of the rate at its time over ``high``."""
    low = diurnal.low.events * diurnal.high.per_ns  # the rates over one denominator
    high = diurnal.high.events * diurnal.low.per_ns
    words, day = Stream(f"{name}/thinning"), diurnal.day
    for at in _poisson(diurnal.high, start, end, name):
        phase = (at - diurnal.peak) % day
        away = min(phase, day - phase)
        now = low * day + (high - low) * (day - 2 * away)  # the rate at this time, times ``day``
        if words.word() * high * day < now << WORD_BITS:
            yield at


def _replayed(replay: Replay, start: int) -> list[Beginning]:
    return [Beginning(start + row.at_ns, amount_fen=row.amount_fen) for row in replay.rows]


def _closed(closed: Closed, start: int, name: str) -> list[Beginning]:
    """``at_ns`` is the earliest that a case can begin: as if all before it had been settled at once."""
    think = quantiles(distribution_of(closed.think))
    cases: list[tuple[int, int, int, int]] = []
    for actor in range(closed.actors):
        words, at = Stream(f"{name}/{actor}"), start
        for turn in range(closed.rounds):
            pause = think[words.word() >> TABLE_SHIFT]
            at += pause
            cases.append((at, turn, actor, pause))
    last: dict[int, int] = {}
    found: list[Beginning] = []
    for place, (at, _, actor, pause) in enumerate(sorted(cases)):
        found.append(Beginning(at, after=last.get(actor), think_ns=pause))
        last[actor] = place
    return found
