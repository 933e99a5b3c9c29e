"""The plan of a run: everything that follows from scenario, protocol and seed before anything happens.

Both worlds, and the clients' process, make the same plan from the same three, so nothing needs to be handed around.
"""

from __future__ import annotations

from typing import Any

import msgspec

from consensus.chain import FORMAT_VERSION
from node.assembly import Common
from node.ledger.genesis import Client, Genesis, Member
from node.membership import Ed25519Crypto, KeyRing
from node.replica import ReplicaOptions
from scenarios.language.protocol_options import protocol_options
from scenarios.language.schema import Scenario
from scenarios.runner.acquaintances import Acquaintances
from scenarios.runner.conductor import Conductor
from scenarios.runner.electors import Electors
from scenarios.runner.flows import told_by_flows
from scenarios.runner.misbehaviour import Lie, raised_bills, with_lies
from scenarios.runner.steps import build_steps, contract_settings
from scenarios.runner.workload import Workload


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What both worlds replay."""

    scenario: Scenario
    seed: int
    keyring: KeyRing
    genesis: Genesis
    workload: Workload
    lies: tuple[Lie, ...]
    """The truth about misbehaviour: for the score, and for nothing else."""
    protocol_options: dict[str, Any]
    replica_options: ReplicaOptions

    @property
    def node_names(self) -> tuple[str, ...]:
        return tuple(member.name for member in self.genesis.members)

    def conductor(self, common: Common) -> Conductor:
        """The clients of this run."""
        return self.clients(common)[0]

    def clients(self, common: Common) -> tuple[Conductor, Acquaintances]:
        """The same, and whom they know."""
        electors = Electors(common.protocol, common.voters, self.protocol_options)
        known = Acquaintances(common.directory.founding, lambda: electors.latest)
        electors.listen(known.executed)
        crypto = Ed25519Crypto(common.directory, _no_signing, common.verifier)
        crypto.follow(known.registry.member_key)
        conductor = Conductor(workload=self.workload, directory=common.directory, crypto=crypto, electors=electors)
        return conductor, known


def make_plan(scenario: Scenario, *, protocol: str | None = None, seed: int | None = None) -> Plan:
    """The plan of ``scenario``, whose own protocol and seed apply where none is given."""
    chosen_seed = scenario.run.seed if seed is None else seed
    chosen_protocol = protocol or scenario.consensus.protocol
    scenario, lies = with_lies(told_by_flows(scenario, chosen_seed), chosen_seed)
    wallets = [client.name for client in scenario.client_names]
    nodes = [f"node.{member.name}" for member in scenario.member_names]
    keyring = KeyRing.derive(chosen_seed, [*nodes, *wallets])
    genesis = _genesis(scenario, keyring, chosen_protocol)
    workload = build_steps(scenario, keyring, genesis, chosen_seed)
    return Plan(
        scenario=scenario,
        seed=chosen_seed,
        keyring=keyring,
        genesis=genesis,
        workload=workload,
        lies=(*lies, *raised_bills(scenario, chosen_seed, workload.steps)),
        protocol_options=protocol_options(scenario.consensus, chosen_protocol),
        replica_options=_replica_options(scenario),
    )


def _genesis(scenario: Scenario, keyring: KeyRing, protocol: str) -> Genesis:
    members = tuple(
        Member(
            name=member.name,
            role=member.role,
            votes=member.votes,
            verify_key=keyring.verify_key(f"node.{member.name}"),
            seal_key=keyring.seal_key(member.name),
        )
        for member in scenario.member_names
    )
    clients = tuple(
        Client(
            name=client.name,
            role=client.role,
            home=scenario.node_number(client.home),
            verify_key=keyring.verify_key(client.name),
            seal_key=keyring.seal_key(client.name),
        )
        for client in scenario.client_names
    )
    return Genesis(
        version=FORMAT_VERSION,
        network=scenario.name,
        protocol=protocol,
        members=members,
        clients=clients,
        settings=contract_settings(scenario, keyring),
    )


def _replica_options(scenario: Scenario) -> ReplicaOptions:
    """The scenario's settings of nodes under the names that the replica gives them; what is left out keeps its own."""
    blocks, nodes, clock = scenario.consensus.blocks, scenario.consensus.nodes, scenario.run.clock
    given: dict[str, Any] = {
        "block_transactions_max": blocks.transactions_max,
        "block_bytes_max": blocks.bytes_max,
        "batch_delay_ns": blocks.delay,
        "forward": nodes.forward,
        "complain_after_ns": nodes.complain_after,
        "snapshots": nodes.snapshots,
        "clock": clock.bound,
    }
    return ReplicaOptions(**{name: value for name, value in given.items() if value is not None})


def _no_signing(data: bytes) -> bytes:  # noqa: ARG001 - has a signer's shape
    raise AssertionError("the conductor verifies receipts; it signs nothing")
