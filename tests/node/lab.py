"""Small networks of replicas under the hands of a test: real keys, real contracts, no driver and no clock."""

from __future__ import annotations

from collections import deque

import msgspec

from consensus.chain import Block, Certificate, Header, commit_bytes
from consensus.protocols import Slot
from consensus.raft.server import ELECTION
from consensus.vocabulary import SECOND, Broadcast, CancelTimer, Commit, Persist, Put, Rejected, Reply, Send, SetTimer
from node.assembly import Common, vault_opener
from node.contracts import accounts
from node.contracts.transfers import SendArgs
from node.ledger.block import build_block
from node.ledger.genesis import Client, Genesis, Member
from node.ledger.store import MemoryStore
from node.ledger.transaction import Body, encode_transaction, sign_transaction
from node.membership import Ed25519Crypto, KeyRing
from node.replica import Replica

NETWORK = "lab"
OPENING_FEN = 1_000_00
CLIENTS = ("ann", "bob")
MEMBERS = tuple(f"member-{number}" for number in range(8))
KEYS = KeyRing.derive(7, [*MEMBERS, *CLIENTS, "stranger"])
_encode = msgspec.msgpack.Encoder().encode


def genesis(protocol="solo", voters=1, observers=0, network=NETWORK):
    """``voters`` members that may vote, then ``observers``; ``ann`` and ``bob`` bank at member 0."""
    openings = accounts.Settings(openings=tuple(accounts.Opening(name, OPENING_FEN) for name in CLIENTS))
    return Genesis(
        version=1,
        network=network,
        protocol=protocol,
        members=tuple(
            Member(MEMBERS[n], "insurer", n < voters, KEYS.verify_key(MEMBERS[n]), KEYS.seal_key(MEMBERS[n]))
            for n in range(voters + observers)
        ),
        clients=tuple(Client(name, "insurer", 0, KEYS.verify_key(name), KEYS.seal_key(name)) for name in CLIENTS),
        settings=((accounts.contract.name, _encode(openings)),),
    )


def transaction(number=1, client="ann", *, amount=1, payee="bob", network=NETWORK, signers=None, size=0, at=0):
    """A signed transfer of business time ``at``. ``signers``: whose key really signs; ``size`` pads the arguments."""
    body = Body(
        version=1,
        network=network,
        client=client,
        number=number,
        contract="transfers",
        action="send",
        arguments=_encode(SendArgs(payee=payee, amount_fen=amount)) + bytes(size),
        time_ms=at,
    )
    signing = {client: client} if signers is None else signers
    return sign_transaction(body, [(name, KEYS.sign(really)) for name, really in signing.items()])


def transfer(number=1, client="ann", **details):
    """The bytes of :func:`transaction`."""
    return encode_transaction(transaction(number, client, **details))


def block_on(replica, raws, *, parent=None, round_=0, proposer=0, **forged):
    """A block of ``raws`` right above ``parent`` (the replica's head), with any header field ``forged``."""
    parent = parent or replica.chain.head
    built = build_block(
        Slot(height=parent.height + 1, parent=parent.hash, round=round_),
        network=NETWORK,
        proposer=proposer,
        members=replica.chain.head.header.members,
        transactions=tuple(raws),
        state_height=replica.chain.height,
        state=replica.chain.tree.root,
    )
    return Block(reheaded(built.header, **forged), built.transactions) if forged else built


def reheaded(header: Header, **changes) -> Header:
    """``header`` with fields changed, its cached hash not taken along."""
    fields = {name: getattr(header, name) for name in Header.__struct_fields__}
    return Header(**{**fields, **changes})


def certified(block, signers=(0,), *, round_=0, keys=MEMBERS):
    """A certificate of ``block`` by ``signers``; ``keys`` says whose keys they use."""
    data = commit_bytes(round_, block.height, block.hash)
    signatures = tuple((signer, KEYS.sign(keys[signer])(data)) for signer in signers)
    return Certificate(round_, block.height, block.hash, signatures)


class Host:
    """One replica, its disk, and everything it has let out."""

    def __init__(self, common, number, image=None, options=None, random=lambda: 0, *, private="", **core_options):
        """``private`` names its organisation: it can open what is meant for that, and takes part in collections."""
        self.common = common
        self.private = private
        self.number = number
        self.store = MemoryStore()
        self.out = []
        self.timers = {}
        self.now = 0
        for space, entries in (image or {}).items():
            self.store.append([Put(space, key, value) for key, value in entries.items()])
        secret = KEYS.seal_secret(MEMBERS[number]) if private else b""
        self.replica: Replica = common.replica(
            number,
            crypto=Ed25519Crypto(common.directory, KEYS.sign(MEMBERS[number]), common.verifier),
            vault=vault_opener(private, secret) if secret else lambda execution: {},  # noqa: ARG005 - nothing
            name=private,
            seal_secret=secret,
            image=self.store.load(),
            random=random,
            protocol_options=core_options or None,
            options=options,
        )

    def start(self):
        return self.take(self.replica.start(self.now))

    def receive(self, sender, message):
        return self.take(self.replica.receive(self.now, sender, message))

    def submit(self, *raws):
        return self.take(self.replica.submit(self.now, raws))

    def fire(self, name):
        del self.timers[name]
        return self.take(self.replica.timer(self.now, name))

    def take(self, effects):
        for effect in effects:
            match effect:
                case Persist(records):
                    self.store.append(records)
                case SetTimer(name, after_ns):
                    self.timers[name] = after_ns
                case CancelTimer(name):
                    self.timers.pop(name, None)
        self.out += effects
        return effects

    @property
    def chain(self):
        return self.replica.chain

    def restarted(self, **options):
        """Another life of the same node, from what is durable."""
        return Host(self.common, self.number, image=self.store.load(), private=self.private, **options)


class Net:
    """All replicas of one network, and every message between them in order."""

    def __init__(self, protocol="solo", voters=1, observers=0, *, founding=None, private=False, **options):
        self.common = Common(founding or genesis(protocol, voters, observers))
        self.hosts = [
            Host(self.common, number, private=MEMBERS[number] if private else "", **options)
            for number in range(voters + observers)
        ]
        self.wire = deque()
        for host in self.hosts:
            self.send(host, host.start())
        self.pump()
        if ELECTION in self.hosts[0].timers:  # Raft's node 0 stands first, after a long silence
            for host in self.hosts:
                host.now = 60 * SECOND
            self.fire(0, ELECTION)

    def __getitem__(self, number):
        return self.hosts[number]

    def send(self, host, effects):
        for effect in effects:
            if isinstance(effect, Send):
                self.wire.append((host.number, effect.to, effect.message))
            elif isinstance(effect, Broadcast):
                audience = self.common.voters if effect.audience == "voters" else range(len(self.hosts))
                self.wire.extend((host.number, to, effect.message) for to in audience if to != host.number)

    def pump(self):
        """Deliver until nothing is under way."""
        while self.wire:
            sender, to, message = self.wire.popleft()
            self.send(self.hosts[to], self.hosts[to].receive(sender, message))

    def submit(self, number, *raws):
        self.send(self.hosts[number], self.hosts[number].submit(*raws))
        self.pump()

    def fire(self, number, name):
        self.send(self.hosts[number], self.hosts[number].fire(name))
        self.pump()


def of(kind, effects):
    """The effects of one kind, in order."""
    return [effect for effect in effects if isinstance(effect, kind)]


def commits(effects):
    return of(Commit, effects)


def replies(effects):
    return [effect.message for effect in of(Reply, effects)]


def rejections(effects):
    return [effect.reason for effect in of(Rejected, effects)]
