"""Whole networks under random faults: replicas, clients, money.

Clients send each other money at a steady pace, some of it more than they have, so that what becomes of a transfer
depends on the order. At the end every replica must hold the same chain, every transfer executed exactly once, and what
clients were told must be linearizable together with the balances that they are left with.
"""

from __future__ import annotations

import msgspec

from consensus.chain import BLOCKS, FORMAT_VERSION
from consensus.properties import Agreement, Observer, Violation, standard_oracles
from consensus.snapshots import MANIFEST, SNAPSHOT
from consensus.vocabulary import MILLISECOND, Image, NodeId
from network.virtual.case import Case
from network.virtual.crypto import ModelCrypto, Notary
from network.virtual.draws import Stream
from network.virtual.machine import Factory, Machine
from network.virtual.world import World
from node.assembly import Common
from node.contracts import accounts
from node.contracts.accounts import Account
from node.contracts.transfers import SendArgs
from node.ledger.genesis import Client, Genesis, Member
from node.ledger.state_chunks import chunk_digest
from node.ledger.state_tree import StateTree
from node.ledger.transaction import TRANSACTION_VERSION, Body, encode_transaction, sign_transaction
from node.membership import KeyRing
from node.mempool import Claim
from node.replica import Replica, ReplicaOptions
from scenarios.adversary.books import Books
from scenarios.adversary.client_oracles import EnoughWords, Validity
from scenarios.adversary.oracles import OnceOnly, Told
from scenarios.adversary.pbft_oracles import Proofs, ViewWords
from scenarios.adversary.stage import Stage
from scenarios.adversary.trial import Trial, pace_ns
from scenarios.linearizability import FOREVER, Accounts, Operation, require_linearizable
from scenarios.runner.conductor import Acknowledged, Conductor, ConductorOptions
from scenarios.runner.electors import Electors
from scenarios.runner.workload import Step, Workload

OPENING_FEN = 1_000
AMOUNT_MAX_FEN = 400
"""Large enough that some of the transfers do not go through, and which ones depends on their order."""

INDEPENDENT_IN = 8
"""In one case of so many every replica executes every block itself; in the others one execution serves them all."""

NETWORK = "campaign"
_encode = msgspec.msgpack.Encoder().encode


def replica_stage(trial: Trial) -> Stage:
    """The stage of ``trial`` with full replicas and as many clients as nodes."""
    case = trial.case
    parties = _Parties(trial)
    common = parties.common
    notary = Notary(case.seed, case.nodes)
    build = _factory(case, parties, notary)
    oracles = standard_oracles(
        protocol=case.protocol,
        voters=case.voters,
        quorum=common.quorum,
        genesis=common.genesis_block.hash,
        verify=notary.verify,
        liars=trial.lying,
        options=case.settings,
    )
    agreement = next(oracle for oracle in oracles if isinstance(oracle, Agreement))
    once, told, books = OnceOnly(), Told(), Books(parties.opening, agreement, trial.lying)

    def conductor(world: World) -> Conductor:
        machine = world.machine(case.nodes)
        assert isinstance(machine, Conductor)  # noqa: S101
        return machine

    def replicas(world: World) -> list[Replica]:
        machines = (world.machine(node) for node in range(case.nodes))
        return [machine for machine in machines if isinstance(machine, Replica)]

    def finished(world: World) -> bool:
        return conductor(world).done and len({replica.chain.head.hash for replica in replicas(world)}) == 1

    def judge(world: World) -> None:
        _require_states(case, world, books, build)
        tree = replicas(world)[0].chain.tree
        history = [parties.operation(item, once.order) for item in told.acknowledged]
        require_linearizable([*history, *parties.holdings(tree, world.now)], parties.model)

    def describe(world: World) -> str:
        done, total = conductor(world).progress
        open_ = [step.id for step, _ in conductor(world).unacknowledged()][:6]
        states = "; ".join(f"{r.status()}, pool {len(r.mempool)}" for r in replicas(world))
        return f"{done} of {total} acknowledged, open {open_}; {states}"

    return Stage(
        factory=build,
        clients_actor=case.nodes,
        observers=(
            *oracles,
            *_words(trial),
            Validity(case.nodes, liars=trial.lying),
            EnoughWords(case.nodes, common.voters, common.protocol.replies(len(common.voters))),
            books,
            once,
            told,
        ),
        finished=finished,
        cores=lambda world: [replica.core for replica in replicas(world)],
        describe=describe,
        judge=judge,
    )


def _factory(case: Case, parties: _Parties, notary: Notary) -> Factory:
    """Builds the replicas, and the one actor that plays all clients."""
    common = parties.common

    def build(actor: NodeId, image: Image, incarnation: int) -> Machine:
        if actor == case.nodes:
            return Conductor(
                workload=parties.workload,
                directory=common.directory,
                crypto=ModelCrypto(notary, 0),
                electors=Electors(common.protocol, common.voters, case.settings),
                options=ConductorOptions(retry_ns=700 * MILLISECOND, retry_max_ns=3000 * MILLISECOND),
            )
        return common.replica(
            actor,
            crypto=ModelCrypto(notary, actor),
            vault=lambda execution: {},  # noqa: ARG005 - nothing is sealed here
            image=image,
            random=Stream(f"{case.seed}/node/{actor}/{incarnation}").bits64,
            protocol_options=case.settings,
            options=ReplicaOptions(block_transactions_max=8, position_ns=300 * MILLISECOND),
        )

    return build


def _require_states(case: Case, world: World, books: Books, build: Factory) -> None:
    """Every replica's state is that of its height's execution; one of them loads again what its disk holds."""
    running = {node: machine for node in range(case.nodes) if isinstance(machine := world.machine(node), Replica)}
    for node, replica in running.items():
        books.require_state(replica.chain.height, replica.chain.tree.root, f"at node {node} in the end")
    node = sorted(running)[case.seed % len(running)]
    image = world.image(node)
    snapshot, blocks = image.get(SNAPSHOT, {}).get(MANIFEST), image.get(BLOCKS, {})
    held = max((0 if snapshot is None else snapshot.height, *(height for height in blocks if isinstance(height, int))))
    loaded = build(node, image, world.incarnation(node) + 1)
    assert isinstance(loaded, Replica)  # noqa: S101
    books.require_state(loaded.chain.height, loaded.chain.tree.root, f"loaded from the disk of node {node}")
    if loaded.chain.height != held:
        again = f"node {node}, loaded from its disk, stands at height {loaded.chain.height}"
        raise Violation("one root", again, f"its disk holds height {held}")


def _words(trial: Trial) -> tuple[Observer, ...]:
    """What is asked of every single word of PBFT's replicas that do not lie; more where nobody does."""
    case = trial.case
    if case.protocol != "pbft":
        return ()
    proofs = Proofs(case.voters, Notary(case.seed, case.nodes).verify, trial.lying, chunk_digest)
    return (proofs,) if trial.liars else (proofs, ViewWords(case.voters))


class _Parties:
    """Keys, genesis and workload of one case."""

    def __init__(self, trial: Trial) -> None:
        case = trial.case
        self._names = [f"party-{node}" for node in range(case.nodes)]
        self._keys = KeyRing.derive(case.seed, self._names)
        self.common = Common(self._genesis(case), independent=case.seed % INDEPENDENT_IN == 0)
        self.opening = dict.fromkeys(self._names, OPENING_FEN)
        self.model = Accounts(self._names, OPENING_FEN)
        self._pace_ns = pace_ns(trial)
        self._draws = Stream(f"{case.seed}/transfers")
        self._transfers: dict[str, tuple[str, str, int]] = {}
        self.workload = Workload(steps=tuple(self._step(index) for index in range(trial.operations)))

    def operation(self, item: Acknowledged, order: dict[Claim, int]) -> Operation:
        """A transfer as its client saw it."""
        return Operation(
            client=item.step.client,
            action="transfer",
            arguments=self._transfers[item.step.id],
            called=item.called_ns,
            output=item.code,
            returned=item.returned_ns,
            hint=order.get((item.step.client, item.step.number), FOREVER),
        )

    def holdings(self, tree: StateTree, now: int) -> list[Operation]:
        """What everybody is left with, read when all is over."""
        return [
            Operation(
                client=name,
                action="balance",
                arguments=(name,),
                called=now,
                output=_cash(tree, name),
                returned=now,
            )
            for name in self._names
        ]

    def _genesis(self, case: Case) -> Genesis:
        keys = self._keys
        opening = accounts.Settings(openings=tuple(accounts.Opening(name, OPENING_FEN) for name in self._names))
        return Genesis(
            version=FORMAT_VERSION,
            network=NETWORK,
            protocol=case.protocol,
            members=tuple(
                Member(name, "insurer", node in case.voters, keys.verify_key(name), keys.seal_key(name))
                for node, name in enumerate(self._names)
            ),
            clients=tuple(
                Client(name, "insurer", node, keys.verify_key(name), keys.seal_key(name))
                for node, name in enumerate(self._names)
            ),
            settings=((accounts.contract.name, _encode(opening)),),
        )

    def _step(self, index: int) -> Step:
        draws = self._draws
        payer, payee = self._names[index % len(self._names)], self._names[draws.below(len(self._names))]
        amount = 1 + draws.below(AMOUNT_MAX_FEN)
        number = index // len(self._names) + 1
        id_ = f"transfer-{index}"
        self._transfers[id_] = (payer, payee, amount)
        body = Body(
            version=TRANSACTION_VERSION,
            network=NETWORK,
            client=payer,
            number=number,
            contract="transfers",
            action="send",
            arguments=_encode(SendArgs(payee=payee, amount_fen=amount)),
            time_ms=index,
        )
        transaction = sign_transaction(body, [(payer, self._keys.sign(payer))])
        return Step(
            id=id_,
            client=payer,
            number=number,
            raw=encode_transaction(transaction),
            transaction_id=transaction.id,
            at_ns=index * self._pace_ns,
        )


def _cash(tree: StateTree, name: str) -> int:
    """Whoever never moved money has no account yet."""
    held = tree.get(Account.namespace, f"{name}/cash")
    return OPENING_FEN if held is None else held.balance_fen
