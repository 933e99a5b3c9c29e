"""Replicas and their clients in the virtual world, under the hands of a test: real contracts, modelled signatures."""

from __future__ import annotations

from consensus.properties import Observer, standard_oracles
from consensus.vocabulary import MILLISECOND, SECOND, Install
from network.virtual.crypto import ModelCrypto, Notary
from network.virtual.distributions import Constant, Uniform
from network.virtual.draws import Stream
from network.virtual.links import Link, Links
from network.virtual.world import World
from node.assembly import Common
from scenarios.runner.conductor import Conductor, ConductorOptions
from scenarios.runner.electors import Electors
from scenarios.runner.workload import Step, Workload
from tests.node.lab import genesis, transaction, transfer
from tests.node.voters import Omniscient

SEED = 11


def pay(number, client="ann", *, at_ns=0, amount=1, after=(), **details):
    """A step that pays ``amount`` to the other client."""
    payee = "bob" if client == "ann" else "ann"
    return Step(
        id=f"{client}/{number}",
        client=client,
        number=number,
        raw=transfer(number, client, amount=amount, payee=payee, **details),
        transaction_id=transaction(number, client, amount=amount, payee=payee, **details).id,
        at_ns=at_ns,
        after=after,
    )


def ask(number, client="ann", *, at_ns=0, after=(), namespace="accounts", key=None):
    """A step that reads the client's own cash."""
    query = (namespace, key or f"{client}/cash")
    return Step(id=f"read/{client}/{number}", client=client, number=number, query=query, at_ns=at_ns, after=after)


class Heard(Observer):
    """What the clients believe, in order, and what nodes tell of themselves."""

    def __init__(self):
        self.acknowledged = []
        self.answered = []
        self.happened = []
        self.told = []
        self.installed = []

    def on_effects(self, now, node, incarnation, effects):  # noqa: ARG002
        self.installed += ((node, effect.height) for effect in effects if isinstance(effect, Install))

    def on_trace(self, now, node, incarnation, trace):  # noqa: ARG002
        self.told.append((node, trace.kind))
        if trace.kind == "acknowledged":
            self.acknowledged.append(trace.detail[0])
        elif trace.kind == "answered":
            self.answered.append(trace.detail[0])
        elif trace.kind == "happened":
            self.happened.append(trace.detail[0])


class Town:
    """A network of ``voters`` and ``observers`` with ann and bob as clients, who replay ``steps``.

    ``strangers`` are further nodes, of whom the genesis knows nothing; the chain may certify them.
    ``wrap(node, replica)`` may put another machine in a node's place; ``lying`` names those whose word oracles ignore.
    """

    def __init__(
        self,
        protocol,
        voters,
        *steps,
        observers=0,
        strangers=0,
        options=None,
        core=None,
        wrap=None,
        faults=(),
        **settings,
    ):
        self.common = Common(genesis(protocol, voters, observers))
        self.nodes = voters + observers + strangers
        self.notary = Notary(SEED, self.nodes)
        self.heard = Heard()
        self._steps = steps
        self._options = options
        self._core = core
        self._wrap = wrap or (lambda node, replica: replica)  # noqa: ARG005
        conductor = {"retry_ns": 700 * MILLISECOND, "retry_max_ns": 3 * SECOND} | settings.pop("conductor", {})
        self._conductor_options = ConductorOptions(**conductor)
        lying = settings.pop("lying", ())
        oracles = standard_oracles(
            protocol=protocol,
            voters=self.common.voters,
            quorum=self.common.quorum,
            genesis=self.common.genesis_block.hash,
            verify=self.notary.verify,
            liars=frozenset(lying),
            application=Omniscient(protocol),
            options=core,
        )
        self.world = World(
            factory=self._build,
            nodes=self.nodes,
            voters=self.common.voters,
            clients_actor=self.nodes,
            links=Links(Link(latency=Uniform(low_ns=MILLISECOND, high_ns=4 * MILLISECOND))),
            sync=Constant(ns=MILLISECOND),
            faults=faults,
            seed=SEED,
            observers=(*oracles, self.heard),
            hashing=False,
        )

    def _build(self, actor, image, incarnation):
        common = self.common
        if actor == self.nodes:
            return Conductor(
                workload=Workload(steps=tuple(self._steps)),
                directory=common.directory,
                crypto=ModelCrypto(self.notary, 0),
                electors=Electors(common.protocol, common.voters, self._core),
                options=self._conductor_options,
            )
        replica = common.replica(
            actor,
            crypto=ModelCrypto(self.notary, actor),
            vault=lambda execution: {},  # noqa: ARG005 - nothing is sealed here
            image=image,
            random=Stream(f"{SEED}/{actor}/{incarnation}").bits64,
            protocol_options=self._core,
            options=self._options,
        )
        return self._wrap(actor, replica)

    @property
    def conductor(self):
        return self.world.machine(self.nodes)

    def replica(self, node):
        return self.world.machine(node)

    def run(self, until_s):
        """Until every step is done, or that many seconds of run time are over; whether it was the former."""
        while self.world.now < until_s * SECOND:
            self.settle(0.02)
            if self.conductor.done:
                return True
        return False

    def settle(self, seconds):
        """Let that much run time go by."""
        self.world.run(until_ns=self.world.now + int(seconds * SECOND))
