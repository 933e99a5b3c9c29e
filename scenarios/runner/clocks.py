"""The two clocks while a run goes: how long the claim at hand has taken on the chain, and what paper takes for it."""

from __future__ import annotations

from scenarios.language.schema import Scenario
from scenarios.runner.arms import paper_ns
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.story import drawn_ns

_MINUTE_NS = 60 * 10**9
_DAY_NS = 24 * 60 * _MINUTE_NS


class ClaimClocks:
    """Follows the claims of a story from notice to payment. Says nothing where the scenario declares no paper arm."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario = scenario
        self._seed = seed
        self._noticed_ns: dict[str, int] = {}
        self._latency_ns: dict[str, int] = {}
        self._before_ns: dict[str, int] = {}
        self._notices = {step.id: step for step in scenario.story if step.stage == "notice"}

    def heard(self, item: Acknowledged) -> tuple[str, str] | None:
        """(chain, paper) in words, at each stage that a claim under way reaches; None otherwise."""
        step = item.step
        if not self._scenario.arms.paper or (step.stage != "notice" and step.case not in self._noticed_ns):
            return None
        scale = self._scenario.run.clock.scale
        if step.case not in self._noticed_ns:
            self._noticed_ns[step.case] = step.at_ns
            self._before_ns[step.case] = self._reporting_ns(step.id)
        began_ns = self._noticed_ns[step.case]
        self._latency_ns[step.case] = self._latency_ns.get(step.case, 0) + item.returned_ns - item.called_ns
        stages_ns = (step.at_ns - began_ns) * scale.business_ns // scale.run_ns
        chain_ns = self._before_ns[step.case] + stages_ns + self._latency_ns[step.case]
        if step.stage == "paid":
            del self._noticed_ns[step.case]
        if not step.stage:
            return None
        return f"{step.case} {step.stage} {_words(chain_ns)}", _words(paper_ns(self._scenario, self._seed, step.case))

    def _reporting_ns(self, notice: str) -> int:
        """From the discharge to its report."""
        told = self._notices.get(notice)
        return 0 if told is None else drawn_ns(self._scenario, told, self._seed)


def _words(ns: int) -> str:
    if ns >= _DAY_NS:
        return f"{ns / _DAY_NS:.1f} days"
    return f"{ns // _MINUTE_NS} min {ns % _MINUTE_NS // 10**9} s"
