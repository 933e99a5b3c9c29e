"""Exports 导出: a run's files as tables for pandas and the like, and as pictures for other people's viewers.

``RunFiles`` opens a run's folder. ``TABLES`` are tidy tables with units in their columns' names, written by
:func:`write_tables` as CSV or Parquet, or given as a pandas frame by :func:`frame`; ``docs/reference/tables.md`` is
made from them. The pictures are a trace for Perfetto, a log for ShiViz and a Mermaid diagram; they are drawn from the
event trace of a run (``--trace``), and what was not recorded is said to be missing, never made up.
"""

from scenarios.results.exports.catalogue import BUSINESS_TABLES, RUN_TABLES, TABLES
from scenarios.results.exports.mermaid import mermaid_lines
from scenarios.results.exports.perfetto import perfetto_lines
from scenarios.results.exports.scope import Scope, scope_of
from scenarios.results.exports.shiviz import shiviz_lines
from scenarios.results.exports.source import ExtractError, RunFiles
from scenarios.results.exports.tables import Column, Table
from scenarios.results.exports.writing import Written, frame, write_tables

__all__ = [
    "BUSINESS_TABLES",
    "RUN_TABLES",
    "TABLES",
    "Column",
    "ExtractError",
    "RunFiles",
    "Scope",
    "Table",
    "Written",
    "frame",
    "mermaid_lines",
    "perfetto_lines",
    "scope_of",
    "shiviz_lines",
    "write_tables",
]
