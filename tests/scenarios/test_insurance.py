"""Lines of business: every scenario of theirs comes to the same business state under Raft and PBFT.

With real processes: tests/end_to_end/test_insurance.py for one of each theme, ``python -m scenarios.both_worlds`` for
all of them. ``thousand_claims`` takes a minute under each: tests/benchmarks/bench_thousand_claims.py plays it, and
test_zero_perception.py a dozen of its claims.
"""

import pytest

from scenarios.both_worlds import ORDER_DEPENDENT, insurance
from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.runner import run

PATHS = {name: path for name, path in insurance().items() if name != "thousand_claims"}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_raft_and_pbft_come_to_the_same_state(path):
    scenario = load_scenario(path)
    results = [run(scenario, view=NoView(), out=None, mode="virtual", protocol=name) for name in ("raft", "pbft")]
    assert [result.verdict for result in results] == ["pass", "pass"], [result.lines for result in results]
    roots = {result.finished.business_root for result in results}
    assert None not in roots
    assert len(roots) == 1 or scenario.name in ORDER_DEPENDENT
