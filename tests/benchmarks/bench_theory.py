"""PBFT's phases, by theory and measured: ``python tests/benchmarks/bench_theory.py``.

The same as ``consortium experiment pbft_theory``, which writes ``docs/fidelity/pbft-theory.md`` with ``--page``.
Asserted, on smaller samples, in ``tests/network/virtual/test_theory.py``.
"""

# ruff: noqa: T201 (a benchmark prints)
from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from scenarios.experiments import phases, phases_page
from scenarios.shipped import find_experiment

if __name__ == "__main__":
    print(phases_page.table(phases.measure(phases.load_phases(find_experiment("pbft_theory")))))
