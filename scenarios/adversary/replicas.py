"""Whole networks under random faults: replicas, clients, money.

Clients send each other money at a steady pace, some of it more than they have. At the end every replica must hold the
same chain, every transfer executed exactly once, and the balances that an independent sum over the workload gives.
"""

from __future__ import annotations

import msgspec

from consensus.chain import FORMAT_VERSION
from consensus.properties import standard_oracles
from consensus.vocabulary import MILLISECOND, Image, NodeId
from network.virtual.bare import OPTIONS
from network.virtual.campaign import Case, Cast
from network.virtual.crypto import ModelCrypto, Notary
from network.virtual.draws import Stream
from network.virtual.machine import Machine
from network.virtual.world import World
from node.assembly import Common
from node.contracts import accounts
from node.contracts.accounts import Account, total_of_all_accounts
from node.contracts.transfers import SendArgs
from node.ledger.genesis import Client, Genesis, Member
from node.ledger.transaction import TRANSACTION_VERSION, Body, encode_transaction, sign_transaction
from node.membership import KeyRing
from node.replica import Replica, ReplicaOptions
from scenarios.adversary.oracles import OnceOnly
from scenarios.runner.conductor import Conductor, ConductorOptions
from scenarios.runner.workload import Step, Workload

PACE_NS = 60 * MILLISECOND
OPENING_FEN = 1_000_00
NETWORK = "campaign"
_encode = msgspec.msgpack.Encoder().encode


def replica_cast(case: Case) -> Cast:
    """The cast of ``case`` with full replicas and ``case.nodes`` clients."""
    parties = _Parties(case)
    common = parties.common
    notary = Notary(case.seed, case.nodes)
    once = OnceOnly()

    def build(actor: NodeId, image: Image, incarnation: int) -> Machine:
        if actor == case.nodes:
            return Conductor(
                workload=parties.workload,
                directory=common.directory,
                crypto=ModelCrypto(notary, 0),
                voters=common.voters,
                receipts_needed=common.protocol.replies(len(common.voters)),
                options=ConductorOptions(retry_ns=700 * MILLISECOND),
            )
        return common.replica(
            actor,
            crypto=ModelCrypto(notary, actor),
            vault=lambda execution: {},  # noqa: ARG005 - nothing is sealed here
            image=image,
            random=Stream(f"{case.seed}/node/{actor}/{incarnation}").bits64,
            protocol_options=OPTIONS.get(case.protocol),
            options=ReplicaOptions(block_transactions_max=8, position_ns=300 * MILLISECOND),
        )

    def conductor(world: World) -> Conductor:
        machine = world.machine(case.nodes)
        assert isinstance(machine, Conductor)  # noqa: S101
        return machine

    def replicas(world: World) -> list[Replica]:
        machines = (world.machine(node) for node in range(case.nodes))
        return [machine for machine in machines if isinstance(machine, Replica)]

    def finished(world: World) -> bool:
        up = replicas(world)
        if not conductor(world).done or len({replica.chain.head.hash for replica in up}) != 1:
            return False
        parties.check_balances(up[0])
        return True

    def describe(world: World) -> str:
        done, total = conductor(world).progress
        open_ = [step.id for step, _ in conductor(world).unacknowledged()][:6]
        states = "; ".join(f"{r.status()}, pool {len(r.mempool)}" for r in replicas(world))
        return f"{done} of {total} acknowledged, open {open_}; {states}"

    return Cast(
        factory=build,
        clients_actor=case.nodes,
        observers=(
            *standard_oracles(
                protocol=case.protocol,
                voters=case.voters,
                quorum=common.quorum,
                genesis=common.genesis_block.hash,
                verify=notary.verify,
            ),
            once,
        ),
        finished=finished,
        rounds=lambda world: tuple(replica.status().round for replica in replicas(world)),
        describe=describe,
    )


class _Parties:
    """Keys, genesis and workload of one case."""

    def __init__(self, case: Case) -> None:
        self._names = [f"party-{node}" for node in range(case.nodes)]
        self._keys = KeyRing.derive(case.seed, self._names)
        self.common = Common(self._genesis(case))
        self._draws = Stream(f"{case.seed}/transfers")
        self._transfers: list[tuple[str, str, int]] = []
        count = (case.heal_ns + case.heal_ns // 4) // PACE_NS
        self.workload = Workload(steps=tuple(self._step(index) for index in range(count)))

    def check_balances(self, replica: Replica) -> None:
        """The replica's balances against the sum over the transfers, which all fit into opening cash."""
        expected = dict.fromkeys(self._names, OPENING_FEN)
        for payer, payee, amount in self._transfers:
            expected[payer] -= amount
            expected[payee] += amount
        tree = replica.chain.tree
        for name, wanted in expected.items():
            found = tree.get(Account.namespace, f"{name}/cash")
            assert found is not None and found.balance_fen == wanted, f"{name} has {found}, should have {wanted} fen"  # noqa: S101, PT018
        assert total_of_all_accounts(tree) == 0, "money was made or lost"  # noqa: S101

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
        payer = index % len(self._names)
        payee = draws.below(len(self._names))
        beyond = draws.below(8) == 0
        amount = 10**9 if beyond else 1 + draws.below(50)
        number = index // len(self._names) + 1
        if not beyond:
            self._transfers.append((self._names[payer], self._names[payee], amount))
        name = self._names[payer]
        body = Body(
            version=TRANSACTION_VERSION,
            network=NETWORK,
            client=name,
            number=number,
            contract="transfers",
            action="send",
            arguments=_encode(SendArgs(payee=self._names[payee], amount_fen=amount)),
            time_ms=index,
        )
        transaction = sign_transaction(body, [(name, self._keys.sign(name))])
        after: tuple[str, ...] = ()
        return Step(
            id=f"transfer-{index}",
            client=name,
            number=number,
            raw=encode_transaction(transaction),
            transaction_id=transaction.id,
            at_ns=index * PACE_NS,
            after=after,
            expect="insufficient_funds" if beyond and payer != payee else "ok",
        )
