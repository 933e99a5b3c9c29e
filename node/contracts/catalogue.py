"""All contracts of the network, by name. A new line of business adds its contract here."""

from __future__ import annotations

from types import MappingProxyType

from node.contracts import (
    access,
    accounts,
    claims,
    collections,
    consent,
    custody,
    envelopes,
    inclusive,
    indemnity,
    matching,
    policy,
    products,
    registry,
    reinsurance,
    risk,
    statements,
    supervision,
    transfers,
    treaty,
    underwriting,
)
from node.contracts.contract import Contract

_CONTRACTS: tuple[Contract, ...] = (
    access.contract,
    accounts.contract,
    claims.contract,
    collections.contract,
    consent.contract,
    custody.contract,
    envelopes.contract,
    inclusive.contract,
    indemnity.contract,
    matching.contract,
    policy.contract,
    products.contract,
    registry.contract,
    reinsurance.contract,
    risk.contract,
    statements.contract,
    supervision.contract,
    transfers.contract,
    treaty.contract,
    underwriting.contract,
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
