"""A market's flows put together: every draft of theirs, everybody's opening cash, and the accounts at the end."""

from __future__ import annotations

from collections.abc import Sequence

from node.contracts.accounts import Opening
from node.contracts.indemnity import POLICYHOLDERS
from node.ledger.state_tree import StateTree
from scenarios.language.models.market import Claims, MarketFlow, Payments, Reinsurance, Underwriting
from scenarios.language.schema import Scenario
from scenarios.runner.drafts import Draft
from scenarios.runner.market.books import Books
from scenarios.runner.market.cast import parties, payment_parties, require_flow
from scenarios.runner.market.claims import claims_of
from scenarios.runner.market.covers import Cover, covers_of, population_covers
from scenarios.runner.market.layers import Layer, layers_of
from scenarios.runner.market.payments import payments_of
from scenarios.runner.market.stage import Stage, names_of

POLICYHOLDERS_TIMES = 100
"""What the policyholders have together, in capitals of one organisation: premiums of many small covers."""


def require_cast(scenario: Scenario, flow: MarketFlow) -> None:
    """CastError (a ValueError that knows its key) where the parties of ``flow`` are not such as it needs."""
    others = [one for one in scenario.workload if isinstance(one, MarketFlow)]
    require_flow(scenario, flow, others)


def build(scenario: Scenario, flows: Sequence[MarketFlow], seed: int) -> list[Draft]:
    """Every transaction of ``flows``. ValueError where somebody might run out of money, or too much would happen."""
    drafts, books = _drawn(scenario, flows, seed)
    who = books.short()
    if who is not None:
        fen = books.spent(who)
        raise ValueError(f"`capital` must cover all that {who} may pay, {fen // 100:,}.{fen % 100:02} CNY")
    return drafts


def differences(scenario: Scenario, flows: Sequence[MarketFlow], tree: StateTree, seed: int) -> tuple[str, ...]:
    """Whose accounts are not what the draws say."""
    return _drawn(scenario, flows, seed)[1].differences(tree)


def openings(scenario: Scenario, flows: Sequence[MarketFlow]) -> tuple[Opening, ...]:
    """The cash that everybody begins with."""
    return tuple(Opening(owner, fen) for owner, fen in _capital(scenario, flows).items())


def _capital(scenario: Scenario, flows: Sequence[MarketFlow]) -> dict[str, int]:
    """By owner, in order of name: of several flows, the most that any gives."""
    given: dict[str, int] = {}
    for flow in flows:
        match flow:
            case Payments():
                owners = [name for names in payment_parties(scenario, flow) for name in names]
            case Underwriting():
                owners = list(parties(scenario, flow.by, "by"))
            case Claims():
                owners = list(parties(scenario, flow.against, "against"))
            case Reinsurance():
                owners = list(parties(scenario, flow.to, "to"))
        for owner in owners:
            given[owner] = max(flow.capital, given.get(owner, 0))
        if isinstance(flow, Underwriting | Claims):
            given[POLICYHOLDERS] = max(POLICYHOLDERS_TIMES * flow.capital, given.get(POLICYHOLDERS, 0))
    return dict(sorted(given.items()))


def _drawn(scenario: Scenario, flows: Sequence[MarketFlow], seed: int) -> tuple[list[Draft], Books]:
    books = Books(_capital(scenario, flows))
    drafts: list[Draft] = []
    layers: dict[str, Layer] = {}
    covers: list[Cover] = []
    named = [(flow, Stage(scenario, seed, name, flow.flow)) for flow, name in zip(flows, names_of(flows), strict=True)]
    for flow, stage in named:
        if isinstance(flow, Reinsurance):
            drafts += layers_of(flow, stage, layers)
    for flow, stage in named:
        if isinstance(flow, Underwriting):
            drafts += covers_of(flow, stage, covers, books)
    covers.sort(key=lambda cover: cover.at_ns)
    for flow, stage in named:
        if isinstance(flow, Payments):
            drafts += payments_of(flow, stage, books)
        elif isinstance(flow, Claims):
            own = covers
            if flow.population is not None:
                own = []
                drafts += population_covers(flow, stage, own)
            drafts += claims_of(flow, stage, own, layers, books)
    return drafts, books
