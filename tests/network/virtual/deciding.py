"""Worlds of bare PBFT replicas that decide one request at a time, under every oracle."""

from __future__ import annotations

from collections.abc import Sequence

from consensus.pbft import Options
from consensus.properties import Observer, standard_oracles
from consensus.protocols import protocol
from consensus.vocabulary import SECOND, Image, NodeId
from network.virtual import Distribution, Fault, Link, Links, Machine, World
from network.virtual.bare import GENESIS, BareClient, BareNode, BareSetup
from network.virtual.crypto import ModelCrypto, Notary
from network.virtual.draws import Stream

PACE_NS = SECOND
"""One request each: the primary has proposed it when the next one comes, so each is decided alone."""
OPTIONS = Options(view_change_timeout_ns=10 * SECOND, resend_interval_ns=3 * SECOND, window=4)


def deciding(
    *,
    nodes: int,
    requests: int,
    latency: Distribution,
    faults: Sequence[Fault] = (),
    observers: Sequence[Observer] = (),
    pace_ns: int = PACE_NS,
    seed: int = 1,
) -> World:
    """A world of ``nodes`` replicas, and of a client (actor ``nodes``) that asks every one ``requests`` times."""
    entry = protocol("pbft")
    notary = Notary(seed, nodes)
    voters = tuple(range(nodes))

    def machine(actor: NodeId, image: Image, incarnation: int) -> Machine:
        if actor == nodes:
            return BareClient(nodes, entry.replies(nodes), requests, pace_ns)
        setup = BareSetup(
            me=actor,
            nodes=nodes,
            voters=voters,
            protocol=entry,
            options=OPTIONS,
            crypto=ModelCrypto(notary, actor),
            random=Stream(f"{seed}/node/{actor}/{incarnation}").bits64,
            image=image,
            position_ns=4 * SECOND,
        )
        return BareNode(setup)

    oracles = standard_oracles(
        protocol="pbft", voters=voters, quorum=entry.quorum(nodes), genesis=GENESIS.hash, verify=notary.verify
    )
    return World(
        factory=machine,
        nodes=nodes,
        voters=voters,
        clients_actor=nodes,
        links=Links(Link(latency=latency)),
        seed=seed,
        faults=faults,
        observers=(*oracles, *observers),
    )


def finished(world: World) -> bool:
    """Is every request answered?"""
    client = world.machine(world.clients)  # type: ignore[arg-type] # these worlds have one
    return isinstance(client, BareClient) and client.finished
