"""The runner: takes a scenario through either world and leaves a run's folder behind.

:func:`run` is the way in. It makes the plan (genesis, keys, workload) from the scenario and the seed, runs it in
virtual time or on real processes, and hands what is left to :mod:`scenarios.runner.finish`.
"""

from scenarios.runner.ground import RunError
from scenarios.runner.run import RunResult, run
from scenarios.runner.view import NodeView, RunView
from scenarios.runner.workload import Step, Workload

__all__ = ["NodeView", "RunError", "RunResult", "RunView", "Step", "Workload", "run"]
