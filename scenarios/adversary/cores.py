"""Networks of protocol cores alone, for trials: twice as fast as whole replicas, and a failure is the core's own."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from consensus.properties import Observer, standard_oracles
from consensus.properties.raft import RaftSafety
from consensus.protocols import protocol as registered
from consensus.vocabulary import Image, NodeId
from network.virtual.bare import GENESIS, BareClient, bare_cast, habits_of, members_of
from network.virtual.bare.blocks import CHANGE
from network.virtual.crypto import Notary
from network.virtual.faults import Clock
from network.virtual.machine import Machine
from network.virtual.world import World
from scenarios.adversary.client_oracles import TrueAnswers, Validity
from scenarios.adversary.oracles import HonestWords
from scenarios.adversary.pbft_oracles import Proofs, ViewWords
from scenarios.adversary.raft_duties import RaftDuties
from scenarios.adversary.raft_leading import RaftLeading
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
    habits = msgspec.structs.replace(habits_of(case), identity=_identities(trial))

    def build(actor: NodeId, image: Image, incarnation: int) -> Machine:
        if actor == bare.clients_actor:
            return BareClient(case.nodes, entry.replies(voters), trial.operations, pace_ns(trial), habits)
        return bare.factory(actor, image, incarnation)

    def judge(world: World) -> None:
        client = world.machine(bare.clients_actor)
        assert isinstance(client, BareClient)  # noqa: S101
        require_linearizable(history(client), Places())

    oracles = standard_oracles(
        protocol=case.protocol,
        voters=case.voters,
        quorum=entry.quorum(voters),
        genesis=GENESIS.hash,
        verify=Notary(case.seed, case.nodes).verify,
        liars=trial.lying,
        application=members_of(case),
        options=case.settings,
    )
    return Stage(
        factory=build,
        clients_actor=bare.clients_actor,
        observers=(
            *oracles,
            Validity(bare.clients_actor, CHANGE, trial.lying),
            TrueAnswers(trial.lying),
            *_words(trial, oracles),
        ),
        finished=bare.finished,
        cores=bare.cores,
        describe=bare.describe,
        judge=judge,
    )


def _words(trial: Trial, oracles: tuple[Observer, ...]) -> tuple[Observer, ...]:
    """What is asked of every single word of those who do not lie; more where nobody does.

    Members of PBFT that are not in one epoch yet refuse each other's words: there only proofs are judged.
    """
    case = trial.case
    pbft = case.protocol == "pbft"
    proofs = (Proofs(case.voters, Notary(case.seed, case.nodes).verify, trial.lying),) if pbft else ()
    if trial.liars or trial.twins is not None or (pbft and case.changing):
        return proofs
    if pbft:
        return *proofs, HonestWords(case.voters), ViewWords(case.voters)
    safety = next((oracle for oracle in oracles if isinstance(oracle, RaftSafety)), None)
    if safety is None:
        return (HonestWords(case.voters),)
    timely = not any(isinstance(fault, Clock) for fault in case.plan)
    lapse_ns = 2 * int(case.settings["election_timeout_min_ns"]) if timely else None
    leases = bool(case.settings.get("lease_ns"))
    duties = RaftDuties(safety, lapse_ns=lapse_ns), RaftLeading(safety, settled=not case.changing, leases=leases)
    return HonestWords(case.voters), RaftWords(safety), *duties


def _identities(trial: Trial) -> Callable[[NodeId], NodeId]:
    """Who each actor is to the clients: a twin is counted as the one whose name it bears."""
    from scenarios.adversary.twins import scenario, twins_of  # noqa: PLC0415 - it needs this module

    if trial.twins is None:
        return lambda actor: actor
    return scenario(trial.twins, len(trial.case.voters), twins_of(trial)).identity


def history(client: BareClient) -> list[Operation]:
    """What the clients asked and were told: each request goes its own way, as if it had a client of its own."""
    return [*_appends(client), *_reads(client)]


def _appends(client: BareClient) -> list[Operation]:
    told = {number: client.acknowledged.get(number, (None, None)) for number in client.asked}
    return [
        Operation(
            client=f"request {number}",
            action="append",
            arguments=(number,),
            called=called,
            output=told[number][0],
            returned=told[number][1],
            hint=2 * (told[number][0] or 0),
        )
        for number, called in client.asked.items()
        if not client.habits.reads(number)
    ]


def _reads(client: BareClient) -> list[Operation]:
    """Every answer that was believed. Those that never came say nothing."""
    return [
        Operation(
            client=f"read {glance.number}",
            action="length",
            arguments=(),
            called=glance.called_ns,
            output=glance.height,
            returned=glance.returned_ns,
            hint=2 * glance.height + 1,
        )
        for glance in client.glances
    ]
