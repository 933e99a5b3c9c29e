"""Small ledgers made by hand: real Ed25519 keys, every field open to forgery."""

from hashlib import sha256

import msgspec
import pytest
from nacl.signing import SigningKey

from consensus.chain import Certificate, commit_bytes
from consensus.protocols import Slot
from node.ledger.block import build_block, build_genesis_block
from node.ledger.export import encode_line
from node.ledger.genesis import Client, Genesis, Member, electorate
from node.ledger.state_tree import StateTree
from node.ledger.transaction import Body, encode_transaction, sign_transaction


class Tally(msgspec.Struct, frozen=True):
    count: int


class TallyMachine:
    """The smallest contract: counts each client's transactions."""

    def __init__(self, genesis=None):
        del genesis  # a real machine reads its settings
        self.tree = StateTree.empty().update({("tally", "all"): Tally(0)})

    @property
    def root(self):
        return self.tree.root

    def run(self, transactions):
        for transaction in transactions:
            for key in ("all", transaction.body.client):
                tally = self.tree.get("tally", key) or Tally(0)
                self.tree = self.tree.update({("tally", key): Tally(tally.count + 1)})


class LedgerBuilder:
    """Grows a valid chain; ``append`` takes forged header fields, and its result may be replaced in ``chain``."""

    network = "demo"

    def __init__(self, protocol, voting=4):
        names = [f"member-{i}" for i in range(voting)] + ["observer"]
        self.genesis = Genesis(
            version=1,
            network=self.network,
            protocol=protocol,
            members=tuple(Member(n, "insurer", n != "observer", self.key(n), bytes(32)) for n in names),
            clients=tuple(Client(n, "patient", 0, self.key(n), bytes(32)) for n in ("alice", "bob", "carol")),
            settings=(("tally", b"\x90"),),
        )
        self.names = names
        self.electorate = electorate(self.genesis)
        self.machine = TallyMachine()
        self.roots = [self.machine.root]
        self.chain = [(build_genesis_block(self.genesis, self.machine.root), None)]
        self._numbers = {}

    @staticmethod
    def signing_key(name):
        return SigningKey(sha256(b"test key of " + name.encode()).digest())

    @classmethod
    def key(cls, name):
        return bytes(cls.signing_key(name).verify_key)

    @classmethod
    def sign(cls, name, data):
        return cls.signing_key(name).sign(data).signature

    def transaction(self, client="alice", cosigners=(), **changes):
        number = self._numbers[client] = self._numbers.get(client, 0) + 1
        fields = {
            "version": 1,
            "network": self.network,
            "client": client,
            "number": number,
            "contract": "tally",
            "action": "count",
            "arguments": b"\x90",
            "time_ms": 1_680_307_200_000 + number,
        }
        body = Body(**{**fields, **changes})
        signers = [(name, lambda data, name=name: self.sign(name, data)) for name in (client, *cosigners)]
        return sign_transaction(body, signers)

    def certificate(self, block, signers=None, round_=None):
        round_ = block.round if round_ is None else round_
        signers = self.electorate.voters[: self.electorate.quorum] if signers is None else signers
        data = commit_bytes(round_, block.height, block.hash)
        signatures = tuple((number, self.sign(self.names[number], data)) for number in signers)
        return Certificate(round_, block.height, block.hash, signatures)

    def append(self, *transactions, certified=True, lag=1, **forged):
        """Add a block of transactions (structs or raw bytes) that states the root ``lag`` heights before it."""
        head = self.chain[-1][0]
        height = head.height + 1
        raws = tuple(t if isinstance(t, bytes) else encode_transaction(t) for t in transactions)
        block = build_block(
            Slot(height=height, parent=head.hash, round=forged.pop("round", 0)),
            network=self.network,
            proposer=forged.pop("proposer", 0),
            members=self.electorate.members_hash,
            transactions=raws,
            state_height=max(height - lag, 0),
            state=self.roots[max(height - lag, 0)],
        )
        block = msgspec.structs.replace(block, header=msgspec.structs.replace(block.header, **forged))
        self.chain.append((block, self.certificate(block) if certified else None))
        self.machine.run([t for t in transactions if not isinstance(t, bytes)])
        self.roots.append(self.machine.root)
        return block

    def grow(self):
        """A few blocks of every kind that the protocol allows."""
        self.append(self.transaction("alice"), self.transaction("bob", ("alice", "carol")))
        self.append(certified=self.genesis.protocol != "raft")
        self.append(self.transaction("carol"), certified=self.genesis.protocol != "raft", lag=2)
        self.append(lag=1)
        return self

    def lines(self):
        return [encode_line(block, certificate) for block, certificate in self.chain]

    def bytes(self):
        return b"".join(self.lines())


@pytest.fixture(scope="session")
def make_ledger():
    return LedgerBuilder


@pytest.fixture(scope="session")
def tally_machine():
    return TallyMachine
