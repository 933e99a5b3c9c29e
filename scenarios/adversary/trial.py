"""A trial: everything that one run of the adversary is made of, as plain data.

A trial can be written to a file, played again event for event, and made smaller piece by piece: nothing in it depends
on anything else but the seed, and every draw of the virtual world is keyed, so that what is left plays on as before.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from consensus.protocols import protocol as registered
from consensus.vocabulary import NodeId
from network.virtual.case import Case, draw_case
from network.virtual.draws import Stream
from network.virtual.faults import Clock, Fault
from network.virtual.settings import LEASE_DRIFT_PPM, Settings
from network.virtual.swarm import draw_plan
from scenarios.adversary.plans import ambushed, laid

Network = Literal["cores", "replicas"]
"""What is played: the protocol cores alone, or whole replicas that move money."""

REPLICAS_IN = 8
"""Where the network is drawn, one trial in so many plays whole replicas: they cost several times as much."""

OPERATIONS = 200
"""Requests of clients in a drawn trial."""


class Liar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Byzantine node: an unmodified core whose words are bent on their way out, or in.

    ``behaviours`` are names of :data:`scenarios.adversary.byzantine.BEHAVIOURS`.
    """

    node: NodeId
    behaviours: tuple[str, ...]


class Trial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run. ``bug`` names a planted bug (:mod:`scenarios.adversary.bugs`).

    ``ambush``: faults that wait for their moment come on top of the plan (:mod:`scenarios.adversary.ambush`); of the
    style that is named, or (True) of one that the seed draws.
    ``twins`` is the number of a twins scenario (:mod:`scenarios.adversary.twins`) for the cores of PBFT.
    """

    case: Case
    network: Network
    operations: int = OPERATIONS
    liars: tuple[Liar, ...] = ()
    bug: str | None = None
    twins: int | None = None
    ambush: bool | str = False

    @property
    def lying(self) -> frozenset[NodeId]:
        """The nodes that lie (only ever looked up)."""
        return frozenset(liar.node for liar in self.liars)

    @property
    def tolerated(self) -> bool:
        """Are there no more liars than the protocol is made for?"""
        return len(self.liars) <= registered(self.case.protocol).faults(len(self.case.voters))


def draw_trial(  # noqa: PLR0913 - keyword-only
    protocol: str,
    seed: int,
    *,
    network: Network | None = None,
    nodes: int | None = None,
    liars: int | None = None,
    bug: str | None = None,
    operations: int = OPERATIONS,
    strategy: str = "swarm",
    lies: tuple[str, ...] = (),
    fixed: Settings | None = None,
) -> Trial:
    """The trial of ``seed``. ``nodes`` fixes the size; ``liars`` how many lie (None: drawn, up to f, under PBFT).

    ``lies`` are behaviours that each liar has besides those that are drawn; ``fixed`` are the protocol's own settings
    that it takes in place of drawn ones.
    ``network`` None is drawn: cores in all but one of :data:`REPLICAS_IN`. ``strategy`` says how the plan is drawn
    (:mod:`scenarios.adversary.plans`).
    """
    from scenarios.adversary.byzantine import draw_liars, room_for  # noqa: PLC0415 - they need Liar
    from scenarios.adversary.twins import twinned  # noqa: PLC0415 - they need Trial

    case = draw_case(protocol, seed) if nodes is None else _sized(protocol, seed, nodes)
    if fixed:
        case = msgspec.structs.replace(case, settings=case.settings | fixed)
    lying = draw_liars(case, liars, lies)
    if lying and case.changing:  # what is left of f would have to be known to whoever draws a change
        case = msgspec.structs.replace(case, changing=False)
    trial = Trial(
        case=_within_bounds(room_for(lying, laid(strategy, case))),
        network=_network(protocol, seed) if network is None else network,
        operations=operations,
        liars=lying,
        bug=bug,
        ambush=ambushed(strategy, seed),
    )
    return twinned(trial, strategy, liars)


def _network(protocol: str, seed: int) -> Network:
    return "cores" if Stream(f"{protocol}/{seed}/network").below(REPLICAS_IN) else "replicas"


def _within_bounds(case: Case) -> Case:
    """``case`` with clocks as good as a leader's lease needs them: one steady drift each, never set right, no step."""
    if not case.settings.get("lease_ns"):
        return case
    plan: list[Fault] = []
    adrift = set()
    for fault in case.plan:
        if not isinstance(fault, Clock):
            plan.append(fault)
        elif fault.node not in adrift:
            adrift.add(fault.node)
            drift = max(-LEASE_DRIFT_PPM, min(fault.drift_ppm, LEASE_DRIFT_PPM))
            plan.append(Clock(at_ns=fault.at_ns, node=fault.node, drift_ppm=drift))
    return msgspec.structs.replace(case, plan=tuple(plan))


def _sized(protocol: str, seed: int, nodes: int) -> Case:
    """The case of ``seed`` for exactly ``nodes`` voting members."""
    case = draw_case(protocol, seed)
    entry = registered(protocol)
    voters = entry.voters_of(tuple(range(nodes)))
    plan = draw_plan(seed, nodes, voters, entry.quorum(len(voters)), case.heal_ns)
    return msgspec.structs.replace(case, nodes=nodes, voters=voters, plan=plan)


def pace_ns(trial: Trial) -> int:
    """Between two requests: the last of ``OPERATIONS`` comes after the network has healed.

    Fewer requests come at the same pace, so that a trial with the last ones left out is the same run without them.
    """
    return max(1, (trial.case.heal_ns + trial.case.heal_ns // 4) // max(OPERATIONS, trial.operations))
