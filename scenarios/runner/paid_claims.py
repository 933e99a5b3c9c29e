"""Claims that were paid, each with what its arm took: of a story's steps; a flow can tell of its own (``FlowKind``).

The chain's arm begins with the discharge and ends with the payment's acknowledgement. Its business part is what the
scenario declares (draws of ``arms``); its commits are measured, from each step's submission to its acknowledgement in
run time, and counted one to one however fast business time passes. A clock that crowds a month into a minute crowds
the load on the chain too, so what it measures is an upper bound of what the same business would meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from scenarios.language.models.business import Story
from scenarios.language.schema import Scenario
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.story import drawn_ns

CHAIN, MANUAL, BATCH, PAPER = "chain", "manual", "batch", "paper"


class PaidClaim(msgspec.Struct, frozen=True, kw_only=True):
    """One. ``paid_ns`` is the acknowledgement's run time.

    ``arm`` is CHAIN, MANUAL where a person had to take over, or BATCH where it waited to be sent together with others.

    ``case`` keys the draws of its paper arm. ``claim`` is its object on the chain, by which events name it, or "".
    """

    case: str
    arm: str
    business_ns: int
    commits_ns: int
    paid_ns: int
    claim: str = ""

    @property
    def chain_ns(self) -> int:
        """From discharge to payment."""
        return self.business_ns + self.commits_ns


def of_story(scenario: Scenario, seed: int, acknowledged: Iterable[Acknowledged]) -> Iterator[PaidClaim]:
    """Every claim of the story that has a step "notice" and was paid, in order of its case's name."""
    told = {step.id: step for step in scenario.story if step.stage == "notice"}
    if not told:
        return
    cases: dict[str, list[Acknowledged]] = {}
    for item in sorted(acknowledged, key=lambda item: item.position):
        if item.code == "ok" or item.step.stage != "paid":
            cases.setdefault(item.step.case, []).append(item)
    for case, steps in sorted(cases.items()):
        if {"notice", "paid"} <= {item.step.stage for item in steps}:
            yield _timed(scenario, seed, case, steps, told)


def _timed(
    scenario: Scenario, seed: int, case: str, steps: Sequence[Acknowledged], told: Mapping[str, Story]
) -> PaidClaim:
    stages = [item.step.stage for item in steps]
    path = steps[stages.index("notice") : stages.index("paid") + 1]
    notice, paid = path[0], path[-1]
    scale = scenario.run.clock.scale
    business_ns = (paid.step.at_ns - notice.step.at_ns) * scale.business_ns // scale.run_ns
    return PaidClaim(
        case=case,
        arm=MANUAL if MANUAL in (item.step.stage for item in path) else CHAIN,
        business_ns=business_ns + drawn_ns(scenario, told[notice.step.id], seed),  # from the discharge to its report
        commits_ns=sum(item.returned_ns - item.called_ns for item in path),
        paid_ns=paid.returned_ns,
        claim=f"{notice.step.client}/{notice.step.number}",
    )
