"""Puts a trial on stage: the machines, the oracles, and what is asked of the run once it is over."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from network.virtual.case import Cast
from network.virtual.world import World
from scenarios.adversary.own import own_oracles
from scenarios.adversary.trial import Trial


class Stage(Cast, frozen=True, kw_only=True):
    """A cast, and ``judge(world)``, which raises Violation where the finished run as a whole is wrong."""

    judge: Callable[[World], None]


def set_stage(trial: Trial) -> Stage:
    """The stage of ``trial``: cores or replicas, some of them made to lie."""
    from scenarios.adversary.byzantine import bend  # noqa: PLC0415 - these need Stage
    from scenarios.adversary.cores import core_stage  # noqa: PLC0415
    from scenarios.adversary.replicas import replica_stage  # noqa: PLC0415
    from scenarios.adversary.twins import twin_stage  # noqa: PLC0415

    if trial.twins is not None:
        return twin_stage(trial)
    stage = core_stage(trial) if trial.network == "cores" else replica_stage(trial)
    stage = bend(stage, trial) if trial.liars else stage
    return msgspec.structs.replace(stage, observers=(*own_oracles(trial), *stage.observers))
