"""Networks of protocol cores alone, for trials: twice as fast as whole replicas, and a failure is the core's own."""

from __future__ import annotations

from consensus.properties import Observer, standard_oracles
from consensus.protocols import protocol as registered
from consensus.vocabulary import Image, NodeId
from network.virtual.bare import GENESIS, BareClient, bare_cast, members_of, options_of
from network.virtual.crypto import Notary
from network.virtual.machine import Machine
from network.virtual.world import World
from scenarios.adversary.oracles import HonestWords
from scenarios.adversary.pbft_oracles import ViewWords
from scenarios.adversary.raft_oracles import RaftWords
from scenarios.adversary.stage import Stage
from scenarios.adversary.trial import Trial, pace_ns
from scenarios.linearizability import Operation, Places, require_linearizable


def core_stage(trial: Trial) -> Stage:
    """The stage of ``trial`` with cores, numbered requests, and the places in the chain that clients were told."""
    case = trial.case
    bare = bare_cast(case)
    entry = registered(case.protocol)
    voters = len(case.voters)

    def build(actor: NodeId, image: Image, incarnation: int) -> Machine:
        if actor == bare.clients_actor:
            return BareClient(case.nodes, entry.replies(voters), trial.operations, pace_ns(trial))
        return bare.factory(actor, image, incarnation)

    def judge(world: World) -> None:
        client = world.machine(bare.clients_actor)
        assert isinstance(client, BareClient)  # noqa: S101
        require_linearizable(history(client), Places())

    return Stage(
        factory=build,
        clients_actor=bare.clients_actor,
        observers=(
            *standard_oracles(
                protocol=case.protocol,
                voters=case.voters,
                quorum=entry.quorum(voters),
                genesis=GENESIS.hash,
                verify=Notary(case.seed, case.nodes).verify,
                liars=trial.lying,
                application=members_of(case),
                options=options_of(case),
            ),
            *_words(trial),
        ),
        finished=bare.finished,
        rounds=bare.rounds,
        describe=bare.describe,
        judge=judge,
    )


def _words(trial: Trial) -> tuple[Observer, ...]:
    """What is asked of every single word, where nobody lies."""
    case = trial.case
    if trial.liars or trial.twins is not None:
        return ()
    if case.protocol == "pbft":
        return HonestWords(case.voters), ViewWords(case.voters)
    settled = members_of(case) is None
    return HonestWords(case.voters), RaftWords(case.voters if settled else None)


def history(client: BareClient) -> list[Operation]:
    """What the client asked and was told: each request goes its own way, as if it had a client of its own."""
    told = {number: client.acknowledged.get(number, (None, None)) for number in client.asked}
    return [
        Operation(
            client=f"request {number}",
            action="append",
            arguments=(number,),
            called=called,
            output=told[number][0],
            returned=told[number][1],
            hint=told[number][0] or 0,
        )
        for number, called in client.asked.items()
    ]
