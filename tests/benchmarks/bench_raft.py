"""How fast the Raft core alone is: three servers in one thread. ``python tests/benchmarks/bench_raft.py``.

The aims: 10,000 commands a CPU-second in blocks of 1, 60,000 in blocks of 256.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from cores import measure

if __name__ == "__main__":
    measure("raft", 3, "raft.election")
