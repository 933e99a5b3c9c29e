"""Who takes part in a market's flows: names for the roles and names that a scenario gives."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.language.models.market import Claims, MarketFlow, Payments, Reinsurance, Underwriting
from scenarios.language.problems import did_you_mean
from scenarios.language.schema import Scenario

ROLES = {"insurer": "insurers", "hospital": "hospitals", "reinsurer": "reinsurers"}


class CastError(ValueError):
    """Somebody who is named cannot take part; ``key`` says under which key."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def parties(scenario: Scenario, words: Sequence[str], key: str, role: str | None = None) -> tuple[str, ...]:
    """Everybody whom ``words`` name, by role or by name, in the scenario's order. CastError for nobody, or others."""
    wallets = scenario.client_names
    known = [*dict.fromkeys(client.role for client in wallets), *(client.name for client in wallets)]
    for word in words:
        if word not in known:
            raise CastError(key, f"there is no role and nobody called `{word}`{did_you_mean(word, known)}")
    found = [client for client in wallets if client.name in words or client.role in words]
    strangers = [client.name for client in found if role is not None and client.role != role]
    if strangers:
        raise CastError(key, f"only {ROLES[role or '']} can do this, and `{strangers[0]}` is none")
    return tuple(client.name for client in found)


def require_flow(scenario: Scenario, flow: MarketFlow, others: Sequence[MarketFlow]) -> None:
    """CastError where the parties of ``flow`` are not such as it needs."""
    match flow:
        case Payments():
            senders, payees = payment_parties(scenario, flow)
            if len({*senders, *payees}) < 2 or any(set(payees) == {sender} for sender in senders):
                raise CastError("to" if flow.to else "by", "nobody pays themselves: payments need two parties")
        case Underwriting():
            parties(scenario, flow.by, "by", "insurer")
        case Claims():
            parties(scenario, flow.by, "by", "hospital")
            insurers = parties(scenario, flow.against, "against", "insurer")
            _require_covers(scenario, flow, insurers, others)
        case Reinsurance():
            parties(scenario, flow.by, "by", "insurer")
            parties(scenario, flow.to, "to", "reinsurer")


def payment_parties(scenario: Scenario, flow: Payments) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who sends, and who is sent to."""
    senders = parties(scenario, flow.by, "by")
    return senders, senders if flow.to is None else parties(scenario, flow.to, "to")


def _require_covers(scenario: Scenario, flow: Claims, insurers: Sequence[str], others: Sequence[MarketFlow]) -> None:
    if flow.population is not None:
        if flow.population < len(insurers):
            raise CastError("population", f"{flow.population} people are fewer than {len(insurers)} insurers")
        return
    sold = [name for one in others if isinstance(one, Underwriting) for name in parties(scenario, one.by, "by")]
    if not set(sold) & set(insurers):
        message = "nobody is covered: give a `population`, or a flow `underwriting` of these insurers"
        raise CastError("against", message)
