"""The bare harness: cores without replicas in the virtual world, for fast campaigns.

:func:`bare_cast` builds, for any registered protocol, the machines and oracles of a case: a
:class:`BareNode` around each core, and one :class:`BareClient` whose numbered requests must all be answered.
"""

from __future__ import annotations

from consensus.properties import standard_oracles
from consensus.protocols import protocol as registered
from consensus.vocabulary import MILLISECOND, Image, NodeId
from network.virtual.bare.blocks import GENESIS
from network.virtual.bare.client import BareClient, Habits
from network.virtual.bare.members import Members
from network.virtual.bare.node import BareNode, BareSetup
from network.virtual.case import Case, Cast
from network.virtual.crypto import ModelCrypto, Notary
from network.virtual.draws import Stream
from network.virtual.machine import Machine
from network.virtual.world import World

__all__ = ["GENESIS", "BareClient", "BareNode", "BareSetup", "Habits", "bare_cast", "habits_of", "members_of"]

PACES_NS = (15 * MILLISECOND, 60 * MILLISECOND, 120 * MILLISECOND, 400 * MILLISECOND)
REQUESTS_MAX = 160


def members_of(case: Case) -> Members | None:
    """The changes of members that ``case`` asks for; None: nobody comes or goes."""
    return Members(case) if case.changing and len(case.voters) > 1 else None


def habits_of(case: Case) -> Habits:
    """What the clients of ``case`` do besides appending: read, and under Raft ask for other leaders in every second.

    Where PBFT's members change there are no reads: a client would have to know whose answers make a quorum just now.
    """
    draws = Stream(f"{case.seed}/habits")
    reads_in = (1, 2, 2, 4)[draws.below(4)]
    every = (0, 0, 8, 20)[draws.below(4)]
    return Habits(
        seed=case.seed,
        readable=tuple(range(case.nodes)) if case.protocol == "raft" else case.voters,  # Raft's voters come and go
        read_needed=registered(case.protocol).read_replies(len(case.voters)),
        reads_in=0 if case.changing and case.protocol != "raft" else reads_in,
        transfer_every=every if case.protocol == "raft" else 0,
    )


def bare_cast(case: Case) -> Cast:
    """The cast of ``case`` with nothing but cores."""
    entry = registered(case.protocol)
    notary = Notary(case.seed, case.nodes)
    clients = case.nodes
    voters = len(case.voters)
    members = members_of(case)

    def build(actor: NodeId, image: Image, incarnation: int) -> Machine:
        if actor == clients:
            drawn = PACES_NS[Stream(f"{case.seed}/pace").below(len(PACES_NS))]
            lasting = case.heal_ns + case.heal_ns // 4  # the last ones come after the healing
            pace = max(drawn, lasting // REQUESTS_MAX)
            return BareClient(case.nodes, entry.replies(voters), lasting // pace, pace, habits_of(case))
        return BareNode(
            BareSetup(
                me=actor,
                nodes=case.nodes,
                voters=case.voters,
                protocol=entry,
                options=case.settings,
                crypto=ModelCrypto(notary, actor),
                random=Stream(f"{case.seed}/node/{actor}/{incarnation}").bits64,
                image=image,
                members=members,
            )
        )

    def nodes_up(world: World) -> list[BareNode]:
        machines = (world.machine(node) for node in range(case.nodes))
        return [machine for machine in machines if isinstance(machine, BareNode)]

    def finished(world: World) -> bool:
        client = world.machine(clients)
        return (
            isinstance(client, BareClient)
            and client.finished
            and len({node.head.hash for node in nodes_up(world)}) == 1
        )

    def describe(world: World) -> str:
        client = world.machine(clients)
        open_ = [n for n in client.asked if n not in client.acknowledged] if isinstance(client, BareClient) else []
        states = "; ".join(f"{node._me}: {node.status()}, pool {len(node.pool)}" for node in nodes_up(world))  # noqa: SLF001
        return f"at {world.now} ns open requests {open_[:8]}; {states}"

    return Cast(
        factory=build,
        clients_actor=clients,
        observers=standard_oracles(
            protocol=case.protocol,
            voters=case.voters,
            quorum=entry.quorum(voters),
            genesis=GENESIS.hash,
            verify=notary.verify,
            application=members,
            options=case.settings,
        ),
        finished=finished,
        cores=lambda world: [node.core for node in nodes_up(world)],
        describe=describe,
    )
