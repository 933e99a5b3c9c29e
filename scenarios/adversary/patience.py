"""How long a run may take to recover, and how often its leader may still change: the bounds of the liveness phase.

The network heals at ``heal_ns``. Δ is the worst delay of a message and of a disk's sync together.

* **Raft** answers each request within 30 (T + 4Δ), where T is the longest election timeout.
* **PBFT** has up to d + 1 bad views before a good one, where d is how many voters are dead or lie (f at least); the
  i-th costs the view-change timeout, doubled i times from where it stands *when the network heals*, and 8Δ. Where
  proposers take turns, each of the d may be silent once more after every checkpoint.

Besides, a client takes its time to ask again, and what has piled up is decided block by block; where a liar holds back
all that it says for a little less than the timeout, as a primary may unpunished, each block takes that long.
"""

from __future__ import annotations

from collections.abc import Sequence

from consensus.protocols import Core
from consensus.protocols import protocol as registered
from consensus.vocabulary import SECOND
from network.virtual.distributions import quantiles
from network.virtual.faults import Crash
from scenarios.adversary.trial import Trial

RETRY_NS = 4 * SECOND
"""After this long a client that was not answered has asked everybody again."""

TRIPS = 8
"""Worst delays in a view change and the first decision after it."""

ROUND = 5
"""Typical delays in a block's decision, with the disks' syncs."""

REQUESTS_PER_BLOCK = 4


def patience_ns(trial: Trial, cores: list[Core]) -> int:
    """How long after the healing, or after its call, a request may take. ``cores`` are up and do not lie."""
    case = trial.case
    delta = worst_delay_ns(trial)
    settings = case.settings
    if case.protocol == "raft":
        return 30 * (settings["election_timeout_max_ns"] + 4 * delta) + RETRY_NS
    bad = bad_voters(trial)
    base = settings.get("view_change_timeout_ns", SECOND)
    longest = base << settings.get("backoff_max", 0)
    begin = max((getattr(core, "timeout_ns", base) for core in cores), default=base)
    views = sum(min(begin << view, longest) + TRIPS * delta for view in range(bad + 1))
    silent = bad * (trial.operations // settings["checkpoint_interval"]) if settings.get("rotate_every") else 0
    typical = 2 * (_median(quantiles(case.latency)) + _median(quantiles(case.sync)))
    held_back = base if any("delay" in liar.behaviours for liar in trial.liars) else 0
    piled_up = trial.operations // REQUESTS_PER_BLOCK * (ROUND * typical + held_back)
    return views + silent * (base + TRIPS * delta) + piled_up + 2 * RETRY_NS


def views_left(trial: Trial) -> int | None:
    """How many more views PBFT may need once everybody was asked again; None where nothing bounds that.

    One for each bad primary and one more, as long as timers exceed what a view change takes, nobody lies, proposers do
    not take turns and members stay.
    """
    settings = trial.case.settings
    restless = trial.liars or trial.twins is not None or trial.case.changing or settings.get("rotate_every")
    if trial.case.protocol != "pbft" or restless:
        return None
    if settings["view_change_timeout_ns"] < TRIPS * worst_delay_ns(trial):
        return None
    return bad_voters(trial) + 1


def worst_delay_ns(trial: Trial) -> int:
    """Δ: the worst delay of a message, and of a sync."""
    return quantiles(trial.case.latency)[-1] + quantiles(trial.case.sync)[-1]


def bad_voters(trial: Trial) -> int:
    """How many voters are dead for good or lie; what the protocol is made for, at least."""
    case = trial.case
    dead = {fault.node for fault in case.plan if isinstance(fault, Crash) and fault.for_ns is None}
    bad = sum(voter in dead or voter in trial.lying for voter in case.voters)
    return max(bad, registered(case.protocol).faults(len(case.voters)))


def _median(values: Sequence[int]) -> int:
    return values[len(values) // 2]
