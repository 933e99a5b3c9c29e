"""Edges 边缘: what comes from outside and goes there: tables of mortality, code maps, records of other systems.

Nothing here is executed by nodes: amounts enter as whole fen and rates as exact fractions, before anything is signed.
"""

from scenarios.edges.tables import CHINA_LIFE, RateTable, TableError, load_table

__all__ = ["CHINA_LIFE", "RateTable", "TableError", "load_table"]
