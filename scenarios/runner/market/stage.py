"""What every flow of a market builds its drafts with: names, times and the cases' order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from scenarios.language.models.arrivals import Arrivals
from scenarios.language.models.distribution import Amount
from scenarios.language.models.market import MarketFlow
from scenarios.language.schema import Scenario
from scenarios.language.units import Span
from scenarios.runner.arrivals import Beginning, beginnings
from scenarios.runner.drafts import Draft
from scenarios.runner.market.draws import Amounts


class Stage:
    """One flow's place: ``name`` keys its drafts and what it draws, ``label`` is its line of business."""

    def __init__(self, scenario: Scenario, seed: int, name: str, label: str) -> None:
        self.scenario = scenario
        self.name = name
        self.label = label
        self.seed = seed
        self._last: dict[int, str] = {}

    def key(self, purpose: str) -> str:
        """The name of a stream of draws."""
        return f"{self.seed}/{self.name}/{purpose}"

    def amounts(self, amount: Amount, purpose: str = "amount") -> Amounts:
        """A stream of amounts."""
        return Amounts(amount, self.key(purpose))

    def beginnings(self, arrivals: Arrivals, span: Span | None) -> list[Beginning]:
        """When the flow's cases begin; none once the run is over."""
        duration = self.scenario.run.duration
        return [case for case in beginnings(arrivals, span, self.key("arrivals")) if case.at_ns < duration]

    def draft(self, case: str, what: str, at_ns: int, client: str, call: str, **more: Any) -> Draft:
        """A transaction of that case; ``what`` is its place in the funnel of measures."""
        facts: dict[str, Any] = {"flow": self.label, "stage": what, **more}
        time_ms = self.scenario.run.clock.business_ms(at_ns)
        return Draft(id=f"{case}/{what}", case=case, time_ms=time_ms, at_ns=at_ns, client=client, call=call, **facts)

    def in_turn(self, place: int, beginning: Beginning, drafts: Sequence[Draft]) -> Sequence[Draft]:
        """A case's drafts, each to wait for the one before; the first for the case that its actor had before."""
        if beginning.after is not None:
            drafts[0].after = (*drafts[0].after, self._last[beginning.after])
            drafts[0].think_ns = beginning.think_ns
        self._last[place] = drafts[-1].id
        return chained(drafts)


def chained(drafts: Sequence[Draft]) -> Sequence[Draft]:
    """``drafts``, each to wait for the one before."""
    for before, draft in pairwise(drafts):
        draft.after = (*draft.after, before.id)
    return drafts


def names_of(flows: Sequence[MarketFlow]) -> list[str]:
    """A name for each flow: its own, with a number from the second of its kind on."""
    seen: dict[str, int] = {}
    names = []
    for flow in flows:
        seen[flow.flow] = seen.get(flow.flow, 0) + 1
        names.append(flow.flow if seen[flow.flow] == 1 else f"{flow.flow}-{seen[flow.flow]}")
    return names


def money(fen: int) -> str:
    """An amount for a title."""
    return f"{fen // 100:,}.{fen % 100:02} CNY"
