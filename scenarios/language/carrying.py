"""Whether a network could carry its load: upper bounds by the simplest of sums.

A rate above one of these cannot be carried, whatever else is right; a rate below all of them may still be too much. The
bounds: blocks under way and what fits into them over the links' delay; what wallets may have under way; a leader's
bandwidth; a processor's time for one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from scenarios.language.models.arrivals import Arrivals
from scenarios.language.models.market import Claims, Payments, Underwriting
from scenarios.language.models.network import Latency
from scenarios.language.problems import Path
from scenarios.language.schema import Scenario
from scenarios.language.units import Rate, Span, format_duration, format_rate

SECOND_NS = 1_000_000_000
TRANSACTION_BYTES = 250
"""The least that a signed transaction of these flows takes."""
OUTSTANDING_MAX = 2_000
"""Transactions that the wallets of a run may have under way (``scenarios.runner.conductor``)."""
BLOCK_TRANSACTIONS = 500
_WINDOW = {"raft": 8, "pbft": 4, "solo": 1}
_DELAYS = {"raft": 2, "pbft": 3, "solo": 0}
"""Messages one after the other until a block is decided."""


class Bound(NamedTuple):
    """No more than ``per_s`` transactions a second, for the reason ``why``."""

    per_s: Fraction
    why: str


def too_much(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    """(path, message) of each flow that the network cannot carry in the run's time, or that goes on after it.

    A load that is too much for a while, and is worked off later, is none of these.
    """
    offered = Fraction(0)
    heaviest: tuple[Fraction, int] | None = None
    begins = duration = scenario.run.duration
    for index, flow in enumerate(scenario.workload):
        if not isinstance(flow, Payments | Underwriting | Claims):
            continue
        span = flow.for_ or Span(0, duration)
        if span.end_ns > duration:
            message = f"goes on after the run's duration, {format_duration(duration)}: no case begins then"
            yield ("workload", index, "for"), message
        steps = 1 if isinstance(flow, Payments) else 2 if isinstance(flow, Underwriting) else 3
        own = _cases(flow.arrivals, min(span.end_ns, duration) - span.start_ns) * steps
        begins = min(begins, span.start_ns)
        offered += own
        if heaviest is None or own > heaviest[0]:
            heaviest = own, index
    bound = min(_bounds(scenario), default=None, key=lambda one: one.per_s)
    if heaviest is None or bound is None:
        return
    most = bound.per_s * Fraction(duration - begins, SECOND_NS)
    if offered > most:
        told = f"{_told(bound.per_s)}, {int(most):,} until the run's duration"
        message = f"this rate cannot be carried: about {int(offered):,} transactions; {bound.why} allow {told}"
        yield ("workload", heaviest[1], "arrivals"), message


def _cases(arrivals: Arrivals, lasts_ns: int) -> Fraction:
    """About how many cases begin in ``lasts_ns``."""
    if lasts_ns <= 0:
        return Fraction(0)
    if arrivals.closed is not None:
        return Fraction(arrivals.closed.actors * arrivals.closed.rounds)
    if arrivals.replay is not None:
        return Fraction(sum(row.at_ns < lasts_ns for row in arrivals.replay.rows))
    if arrivals.bursts is not None:
        return Fraction(arrivals.bursts.size * -(-lasts_ns // arrivals.bursts.every))
    rates = [arrivals.rate or arrivals.poisson]
    if arrivals.diurnal is not None:
        rates = [arrivals.diurnal.low, arrivals.diurnal.high]
    return sum((Fraction(rate.events * lasts_ns, rate.per_ns) for rate in rates if rate), Fraction(0)) / len(rates)


def _told(per_s: Fraction) -> str:
    whole = Fraction(round(per_s)) if per_s >= 1 else per_s
    return f"{format_rate(Rate(whole.numerator, whole.denominator * SECOND_NS))[:-2]} a second"


def _bounds(scenario: Scenario) -> Iterator[Bound]:
    consensus, link = scenario.consensus, scenario.network.default
    name = consensus.protocol
    if name not in _WINDOW or scenario.run.mode != "virtual":
        return
    latency = link.latency if scenario.network.profile is None else scenario.network.profile.within
    delay = _least(latency) * (2 if scenario.network.shape == "star" else 1)
    round_ns = delay * _DELAYS[name]
    if round_ns:
        given = {"raft": consensus.raft.window, "pbft": consensus.pbft.window}
        window = given.get(name) or _WINDOW[name]
        fits = consensus.blocks.transactions_max or BLOCK_TRANSACTIONS
        per_s = Fraction(window * fits * SECOND_NS, round_ns)
        yield Bound(per_s, f"{window} blocks of {fits} under way over links of {format_duration(delay)}")
        answered = Fraction(OUTSTANDING_MAX * SECOND_NS, round_ns + 2 * delay)
        yield Bound(answered, f"{OUTSTANDING_MAX:,} transactions that wallets may have under way")
    voters = len(scenario.voters)
    if link.bandwidth is not None and voters > 1:
        per_s = Fraction(link.bandwidth, TRANSACTION_BYTES)
        yield Bound(per_s, f"links that carry {link.bandwidth:,} bytes a second")
    costs = scenario.costs
    if costs is not None and costs.verify + costs.transaction:
        per_s = Fraction(SECOND_NS, costs.verify + costs.transaction)
        yield Bound(per_s, f"{format_duration(costs.verify + costs.transaction)} of work for each transaction")


def _least(latency: Latency) -> int:
    """A delay, in ns, that most messages do not beat by much: half a middle one of those that are drawn."""
    if latency.samples:
        return sorted(latency.samples)[len(latency.samples) // 2] // 2
    return (latency.value or latency.min or latency.mean or latency.median or 0) // (1 if latency.value else 2)
