"""Results 结果: the run's folder and what lies in it, and the audit of a folder from its files alone."""

from scenarios.results.history import Operation, history_lines
from scenarios.results.manifest import (
    Expectation,
    Manifest,
    ManifestError,
    git_commit,
    read_manifest,
    versions,
    write_manifest,
)
from scenarios.results.metrics import STATISTICS, Metrics, Summary
from scenarios.results.run_folder import RunFolder

__all__ = [
    "STATISTICS",
    "Expectation",
    "Manifest",
    "ManifestError",
    "Metrics",
    "Operation",
    "RunFolder",
    "Summary",
    "git_commit",
    "history_lines",
    "read_manifest",
    "versions",
    "write_manifest",
]
