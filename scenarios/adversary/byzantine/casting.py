"""Which nodes of a trial lie, and how they come on stage."""

from __future__ import annotations

import msgspec

from consensus.protocols import protocol as registered
from consensus.vocabulary import MILLISECOND, Image, NodeId
from network.virtual.case import Case
from network.virtual.crypto import ModelCrypto, Notary
from network.virtual.draws import Stream
from network.virtual.faults import Crash
from network.virtual.machine import Machine
from scenarios.adversary.byzantine.accountability import Accountability
from scenarios.adversary.byzantine.behaviours import BEHAVIOURS, BESIDES
from scenarios.adversary.byzantine.node import LyingNode, Voice
from scenarios.adversary.stage import Stage
from scenarios.adversary.trial import Liar, Trial

NODES_MIN = 4
"""Below this no protocol tolerates a lie."""

_PROTOCOL = "pbft"


def draw_liars(case: Case, count: int | None, lies: tuple[str, ...] = ()) -> tuple[Liar, ...]:
    """``count`` liars (None: in half of the trials one to f of them); nobody where no lie is tolerated.

    Each has the behaviours ``lies``, and others that are drawn.
    """
    voters = list(case.voters)
    if case.protocol != _PROTOCOL or len(voters) < NODES_MIN or count == 0:
        return ()
    draws = Stream(f"{case.seed}/liars")
    if count is None:
        count = 0 if draws.below(2) else 1 + draws.below(registered(case.protocol).faults(len(voters)))
    names = list(BEHAVIOURS)
    liars = []
    for _ in range(min(count, len(voters))):
        node = voters.pop(draws.below(len(voters)))
        some = {names[draws.below(len(names))]: None for _ in range(1 + draws.below(3))}
        some |= {name: None for name in BESIDES if not draws.below(3)}
        some |= dict.fromkeys(lies)
        liars.append(Liar(node=node, behaviours=tuple(some)))
    return tuple(sorted(liars, key=lambda liar: liar.node))


def room_for(liars: tuple[Liar, ...], case: Case) -> Case:
    """``case`` with fewer dead, so that a quorum that neither lies nor is dead is left once it heals."""
    if not liars:
        return case
    lying = [liar.node for liar in liars]
    spare = len(case.voters) - registered(case.protocol).quorum(len(case.voters)) - len(liars)
    plan = []
    for fault in case.plan:
        dead = isinstance(fault, Crash) and fault.for_ns is None and fault.node not in lying
        if dead and spare <= 0:
            continue
        spare -= dead
        plan.append(fault)
    return msgspec.structs.replace(case, plan=tuple(plan))


def bend(stage: Stage, trial: Trial) -> Stage:
    """``stage`` with its liars; where there are too many, watched for accountability alone."""
    case = trial.case
    notary = Notary(case.seed, case.nodes)
    behaviours = {liar.node: tuple(BEHAVIOURS[name] for name in liar.behaviours) for liar in trial.liars}
    timeout = int(case.settings.get("view_change_timeout_ns", 500 * MILLISECOND))

    def build(actor: NodeId, image: Image, incarnation: int) -> Machine:
        machine = stage.factory(actor, image, incarnation)
        if actor not in behaviours:
            return machine
        hold_ns = timeout * 9 // 10 if any(one.holds for one in behaviours[actor]) else 0
        draws = Stream(f"{case.seed}/liar/{actor}/{incarnation}")
        voice = Voice(actor, case.voters, ModelCrypto(notary, actor), draws, hold_ns)
        return LyingNode(machine, voice, behaviours[actor])

    observers = stage.observers if trial.tolerated else (Accountability(trial.lying),)
    return msgspec.structs.replace(stage, factory=build, observers=observers)
