"""All contracts of the network, by name. A new line of business adds its contract here."""

from __future__ import annotations

from types import MappingProxyType

from node.contracts import (
    access,
    accounts,
    adjustments,
    admission,  # noqa: F401 - adds an action to underwriting
    bordereaux,
    cards,
    chain_accounts,
    checks,
    claims,
    clearing,
    code_maps,
    coinsurance,
    collections,
    consent,
    contributions,
    coordination,
    cover_summary,
    custody,
    e_policies,
    einvoices,
    envelopes,
    facultative,
    fairness,
    filings,
    gateways,
    general_ledger,
    health,
    incentives,
    inclusive,
    indemnity,
    intermediaries,
    kyc,
    losses,
    matching,
    netting,
    oracle,
    orders,
    oversight,
    personal_accounts,
    pledges,
    points,
    policy,
    portfolio,
    products,
    registers,
    registry,
    reinsurance,
    reserving,
    retrocession,
    risk,
    sales,
    sales_fees,
    statements,
    supervision,
    swaps,
    transfers,
    treaty,
    underwriting,
    versions,
)
from node.contracts.contract import Contract
from node.contracts.property import CONTRACTS as PROPERTY
from node.contracts.reinsurance import programmes

_CONTRACTS: tuple[Contract, ...] = (
    losses.contract,
    access.contract,
    accounts.contract,
    adjustments.contract,
    bordereaux.contract,
    cards.contract,
    chain_accounts.contract,
    checks.contract,
    claims.contract,
    code_maps.contract,
    clearing.contract,
    coinsurance.contract,
    collections.contract,
    consent.contract,
    contributions.contract,
    coordination.contract,
    cover_summary.contract,
    custody.contract,
    e_policies.contract,
    einvoices.contract,
    envelopes.contract,
    facultative.contract,
    filings.contract,
    fairness.contract,
    gateways.contract,
    general_ledger.contract,
    *health.CONTRACTS,
    incentives.contract,
    inclusive.contract,
    indemnity.contract,
    intermediaries.contract,
    kyc.contract,
    matching.contract,
    netting.contract,
    personal_accounts.contract,
    oracle.contract,
    orders.contract,
    oversight.contract,
    pledges.contract,
    points.contract,
    policy.contract,
    portfolio.contract,
    products.contract,
    programmes.contract,
    registers.contract,
    registry.contract,
    reinsurance.contract,
    reserving.contract,
    retrocession.contract,
    risk.contract,
    sales.contract,
    sales_fees.contract,
    statements.contract,
    supervision.contract,
    swaps.contract,
    transfers.contract,
    treaty.contract,
    underwriting.contract,
    versions.contract,
    *PROPERTY,
)


def catalogue(*contracts: Contract) -> MappingProxyType[str, Contract]:
    """``contracts`` by name; ValueError where two share a name or a namespace."""
    names = [contract.name for contract in contracts]
    namespaces = [kind.namespace for contract in contracts for kind in contract.records]
    for values, what in ((names, "name"), (namespaces, "namespace")):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ValueError(f"two contracts share the {what} {', '.join(twice)}")
    return MappingProxyType({contract.name: contract for contract in contracts})


CATALOGUE = catalogue(*_CONTRACTS)
