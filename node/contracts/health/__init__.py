"""Health 健康: what people, their hospitals and drugstores do beside insurance (rows 48, 71 and three of the annexe).

``records`` are medical records that the patient owns, ``steward`` the preventive service that reads some fields of
them, ``pharmacy`` medicine bought and paid back by receipt, ``genes`` studies that learn counts and nothing else,
``labels`` the codes under the scratch surface of a package. Each is a contract of that name.
"""

from node.contracts.health import genes, labels, pharmacy, records, steward

CONTRACTS = (genes.contract, labels.contract, pharmacy.contract, records.contract, steward.contract)
"""The room's contracts, for the catalogue."""

__all__ = ["CONTRACTS", "genes", "labels", "pharmacy", "records", "steward"]
