"""Things and trade 财产与贸易 (rows 25, 28, 29, 31, 32, 34, 53): animals, shipments, debts, flights insured.

One file a line of business, each a contract of its own: ``livestock``, ``cargo``, ``cold_chain``, ``receivables``,
``repairs``, ``flights`` and the ``mutual`` pool. Where a contract pays by itself, its money is set aside beforehand
(``escrow``), so that who has to pay cannot be the one that stops it. ``cover`` keeps the covers of an animal or a
vehicle, ``disease_map`` what supervisors see of deaths.
"""

from node.contracts.property import cargo, cold_chain, flights, livestock, mutual, receivables, repairs

CONTRACTS = (
    cargo.contract,
    cold_chain.contract,
    flights.contract,
    livestock.contract,
    mutual.contract,
    receivables.contract,
    repairs.contract,
)
"""The contracts of this room."""

__all__ = ["CONTRACTS", "cargo", "cold_chain", "flights", "livestock", "mutual", "receivables", "repairs"]
