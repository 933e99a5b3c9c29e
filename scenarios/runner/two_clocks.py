"""Each claim that was paid on two clocks: how long on the chain, and how long it would have taken on paper (row 38).

Claims pass through one by one and leave a few integers each. ``arms.chain``, ``arms.manual``, ``arms.batch`` and
``arms.paper`` are measures of the run, in nanoseconds of business time. What patients notice is counted from the events
that name them: ``arms.noticed`` and ``arms.trips`` of claims that the chain paid by itself, ``arms.manual_noticed`` and
``arms.manual_trips`` of the others.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping

from consensus.vocabulary import SECOND
from node.contracts.context import Event
from scenarios.language.schema import Scenario
from scenarios.results import Expectation, Metrics
from scenarios.results.arms import QUANTILES, Arm, Arms, curve, quantile
from scenarios.runner.arms import Quantiles, paper_ns, paper_quantiles
from scenarios.runner.paid_claims import BATCH, CHAIN, MANUAL, PAPER, PaidClaim

MINUTE = 60 * SECOND
DAY = 86_400 * SECOND

CHAIN_ARM_MAX_NS = 8 * MINUTE
"""What the source measured from discharge to the audit's end 仅耗时8分钟."""

PAPER_ARM_NS = (7 * DAY, 15 * DAY)
"""What the source says of the time before 7天至15天."""

OWN_DRAWS_MIN = 100
"""So many claims show the paper arm's spread by themselves; fewer are judged by draws of many others."""

TRIP = "documents_requested"
"""The event that sends a patient to hospital and counter for papers."""
_SHOWN = frozenset({"reminder", TRIP, "claim_paid"})
"""What patients notice of a claim: the reminder that they tap, papers that they must fetch, the money."""


class Notices:
    """What the chain told patients, by claim."""

    def __init__(self, events: Iterable[Event], patients: Iterable[str]) -> None:
        known = frozenset(patients)
        self._noticed: dict[str, int] = {}
        self._trips: dict[str, int] = {}
        for event in events:
            to, claim = event.values.get("to"), event.values.get("claim")
            if event.kind in _SHOWN and to in known and isinstance(claim, str):
                self._noticed[claim] = self._noticed.get(claim, 0) + 1
                if event.kind == TRIP:
                    self._trips[claim] = self._trips.get(claim, 0) + 1

    def of(self, claim: str) -> tuple[int, int]:
        """(what was noticed, trips)."""
        return self._noticed.get(claim, 0), self._trips.get(claim, 0)


class TwoClocks:
    """The arms of a run. ``notices`` are None where nothing tells what patients noticed."""

    def __init__(self, scenario: Scenario, seed: int, notices: Notices | None = None) -> None:
        self._scenario = scenario
        self._seed = seed
        self._notices = notices
        self._times = {name: array("q") for name in (CHAIN, MANUAL, BATCH, PAPER)}
        self._commits = {name: array("q") for name in (CHAIN, MANUAL, BATCH)}
        self._noticed: dict[str, int] = dict.fromkeys((CHAIN, MANUAL, BATCH), 0)
        self._trips: dict[str, int] = dict.fromkeys((CHAIN, MANUAL, BATCH), 0)

    def take(self, claims: Iterable[PaidClaim], metrics: Metrics) -> None:
        """Time every claim on both clocks, and measure it as of its payment."""
        for claim in claims:
            on_paper_ns = paper_ns(self._scenario, self._seed, claim.case)
            self._times[claim.arm].append(claim.chain_ns)
            self._times[PAPER].append(on_paper_ns)
            self._commits[claim.arm].append(claim.commits_ns)
            metrics.sample(f"arms.{claim.arm}", claim.paid_ns, claim.chain_ns)
            metrics.sample(f"arms.{PAPER}", claim.paid_ns, on_paper_ns)
            if self._notices is not None:
                self._notice(claim, *self._notices.of(claim.claim), metrics)

    def _notice(self, claim: PaidClaim, noticed: int, trips: int, metrics: Metrics) -> None:
        prefix = "" if claim.arm == CHAIN else f"{claim.arm}_"
        self._noticed[claim.arm] += noticed
        self._trips[claim.arm] += trips
        metrics.count(f"arms.{prefix}noticed", claim.paid_ns, noticed)
        metrics.count(f"arms.{prefix}trips", claim.paid_ns, trips)

    @property
    def arms(self) -> Arms | None:
        """What there is to tell of them; None where no claim was paid."""
        if not self._times[PAPER]:
            return None
        found = tuple(self._arm(name) for name, times in self._times.items() if times)
        return Arms(links=len(self._scenario.arms.paper), arms=found)

    def judged(self) -> list[Expectation]:
        """Are the paid claims as quick on the chain, and as slow on paper, as the sources say?"""
        arms = self.arms
        if arms is None:
            return []
        by_name = {arm.name: arm for arm in arms.arms}
        many = self._on_paper(by_name[PAPER])
        holds = PAPER_ARM_NS[0] <= many.p5_ns and many.p95_ns <= PAPER_ARM_NS[1]
        if CHAIN in by_name:
            holds = holds and by_name[CHAIN].quantiles[-1].ns <= CHAIN_ARM_MAX_NS
        return [Expectation("two_clocks", "pass" if holds else "fail", _told(by_name, arms.links, many))]

    def _on_paper(self, arm: Arm) -> Quantiles:
        if arm.claims >= OWN_DRAWS_MIN:
            return Quantiles(*(found.ns for found in arm.quantiles))
        return paper_quantiles(self._scenario, self._seed)

    def _arm(self, name: str) -> Arm:
        ordered = array("q", sorted(self._times[name]))
        commits = sorted(self._commits.get(name, ()))
        counted = self._notices is not None and name != PAPER
        return Arm(
            name=name,
            claims=len(ordered),
            quantiles=tuple(quantile(ordered, percent) for percent in QUANTILES),
            commits_ns=commits[len(commits) // 2] if commits else 0,
            curve_ns=curve(ordered),
            noticed=self._noticed[name] if counted else None,
            trips=self._trips[name] if counted else None,
        )


def _told(arms: Mapping[str, Arm], links: int, many: Quantiles) -> str:
    parts = []
    for name, label in ((CHAIN, "on the chain"), (MANUAL, "by hand"), (BATCH, "sent together")):
        arm = arms.get(name)
        if arm is None:
            continue
        low, middle, high = (_time(found.ns) for found in arm.quantiles)
        spread = middle if arm.claims == 1 else f"{middle} (p5-p95 {low} to {high})"
        claims = "1 claim" if arm.claims == 1 else f"{arm.claims:,} claims"
        parts.append(f"{claims} {label} in {spread}, of it {arm.commits_ns / SECOND:.1f} s of commits as measured")
        if arm.noticed is not None and arm.trips is not None:
            each = f"{arm.noticed / arm.claims:.3g}"
            parts.append(f"{each} links of {links} that the patient notices, {arm.trips / arm.claims:.3g} trips")
    paper = arms[PAPER].quantiles[1].ns
    parts.append(f"on paper {paper / DAY:.1f} days (p5-p95 {many.p5_ns / DAY:.1f}-{many.p95_ns / DAY:.1f})")
    return "; ".join(parts)


def _time(ns: int) -> str:
    return f"{ns / DAY:.1f} days" if ns >= DAY else f"{ns // MINUTE} min {ns % MINUTE // SECOND} s"
