"""All tables, by name."""

from __future__ import annotations

from scenarios.results.exports import chain, detection, measures, privacy, traffic
from scenarios.results.exports.business import business_tables

RUN_TABLES = (
    measures.RUN,
    measures.EXPECTATIONS,
    measures.METRICS,
    measures.SERIES,
    measures.OPERATIONS,
    chain.BLOCKS,
    chain.SIGNATURES,
    chain.TRANSACTIONS,
    traffic.MESSAGES,
    traffic.DECISIONS,
    traffic.TOLD,
    traffic.FAULTS,
    traffic.STANDINGS,
    privacy.LEAKAGE,
    privacy.TALK,
    detection.LIES,
    detection.FALSE_ALARMS,
)
"""Tables that any run may have."""

BUSINESS_TABLES = business_tables()
"""Tables of the business state: one for each kind of record."""

TABLES = {table.name: table for table in (*RUN_TABLES, *BUSINESS_TABLES)}
