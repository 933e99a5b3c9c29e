"""Small ledgers made by hand: real Ed25519 keys, every field open to forgery."""

from contextlib import suppress
from hashlib import sha256

import msgspec
import pytest
from nacl.signing import SigningKey

from consensus.chain import Certificate, commit_bytes
from consensus.configuration import Configuration, ConfigurationError
from consensus.protocols import Slot
from node.ledger.block import build_block, build_genesis_block
from node.ledger.deciders import voter_sets
from node.ledger.export import lines_of
from node.ledger.following import Following
from node.ledger.genesis import Client, Genesis, Member, electorate
from node.ledger.signatures import Verifying
from node.ledger.state_tree import StateTree
from node.ledger.transaction import Body, encode_transaction, sign_transaction
from node.membership import Certify, Reissue, Revoke, approved, members_change


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
        self.following = Following(self.genesis, Verifying())
        self.deciders = Configuration(voters=self.electorate.voters)
        """Who decides the next block, unless told otherwise."""
        self.machine = TallyMachine()
        self.roots = [self.machine.root]
        self.trees = [self.machine.tree]
        self.chain = [(build_genesis_block(self.genesis, self.machine.root), None)]
        self._numbers = {}
        self.key_names = {}
        """Whose key signs for a client that has another than its first."""

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
        keys = {name: self.key_names.get(name, name) for name in (client, *cosigners)}
        signers = [(name, lambda data, key=key: self.sign(key, data)) for name, key in keys.items()]
        return sign_transaction(body, signers)

    def certificate(self, block, signers=None, round_=None):
        round_ = block.round if round_ is None else round_
        signers = self.quorum(self.deciders) if signers is None else signers
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
            proposer=forged.pop("proposer", self.deciders.voters[0]),
            members=self.following.name_of(self.deciders),
            transactions=raws,
            state_height=max(height - lag, 0),
            state=self.roots[max(height - lag, 0)],
        )
        block = msgspec.structs.replace(block, header=msgspec.structs.replace(block.header, **forged))
        self.chain.append((block, self.certificate(block) if certified else None))
        with suppress(ConfigurationError):  # forged ones, too, are put into ledgers
            self.following.execute(block, [t for t in transactions if not isinstance(t, bytes)])
        self.machine.run([t for t in transactions if not isinstance(t, bytes)])
        if self.following.records:
            self.machine.tree = self.machine.tree.update(dict(self.following.records))
        self.roots.append(self.machine.root)
        self.trees.append(self.machine.tree)
        return block

    def grow(self):
        """A few blocks of every kind that the protocol allows."""
        self.append(self.transaction("alice"), self.transaction("bob", ("alice", "carol")))
        self.append(certified=self.genesis.protocol != "raft")
        self.append(self.transaction("carol"), certified=self.genesis.protocol != "raft", lag=2)
        self.append(lag=1)
        return self

    # Changes of the registry

    def quorum(self, configuration):
        """The first of its voters that are exactly a quorum."""
        electors, quorum = configuration.electors, self.following.protocol.quorum
        sets = voter_sets(configuration)
        chosen = list(electors)
        for spare in reversed(electors):
            rest = [voter for voter in chosen if voter != spare]
            if all(sum(voter in voters for voter in rest) >= quorum(len(voters)) for voters in sets):
                chosen = rest
        return chosen

    def order(self, action, change, by=None, **changes):
        """A registry transaction, approved by a quorum of those who vote."""
        registry = self.following.registry
        by = registry.voters[: registry.quorum] if by is None else by
        signers = [(n, lambda data, n=n: self.sign(self.names[n], data)) for n in by]
        order = approved(self.network, changes.pop("sequence", registry.sequence), action, change, signers)
        arguments = msgspec.msgpack.encode(order)
        return self.transaction("bob", **{"contract": "registry", "action": action, "arguments": arguments} | changes)

    def add_node(self, name, until=0):
        """Certify a node of that name (again, with another key, where it has one)."""
        self.names.append(f"{name}/{len(self.names)}")
        key = self.key(self.names[-1])
        self.append(self.order("certify", Certify("observer", name, "insurer", 0, key, bytes(32), 0, until)))
        return len(self.names) - 1

    def elect(self, *changes):
        """Change who votes, in blocks as the protocol has it; the last one is decided by the new voters alone."""
        order = self.order("members", changes)
        after = self.deciders.changed(members_change(order))
        if self.genesis.protocol == "raft":
            self.deciders = after
            self.append(order)
        else:
            self.append(order)
            self.append()
        self.deciders = after.left() if after.joint else after
        self.append()

    def live(self):
        """A chain in whose course clients' keys and voters change: all that a registry can do."""
        self.append(self.order("certify", Certify("client", "dora", "patient", 1, self.key("dora"), bytes(32))))
        self.append(self.transaction("dora"), self.transaction("alice"))
        newcomer = self.add_node("newcomer")
        self.elect(("add-voter", newcomer))
        self.append(self.order("reissue", Reissue("alice", self.key("alice/2"), bytes(32))))
        self.key_names["alice"] = "alice/2"
        self.append(self.transaction("alice"), self.transaction("carol", ("alice", "dora")))
        again = self.add_node("member-0")
        self.elect(("remove", 0), ("add-voter", again))
        self.append(self.order("revoke", Revoke("client", "carol", 0)))
        self.append(self.transaction("carol"), self.transaction("bob"))  # refused when executed, and yet in the chain
        self.append(self.order("revoke", Revoke("observer", "member-0", 0)))
        self.append(
            self.order("certify", Certify("client", "dora", "patient", 1, self.key("dora"), bytes(32)))
        )  # in vain
        self.append(self.transaction("dora"))
        return self

    def lines(self):
        return list(lines_of(self.chain))

    def bytes(self):
        return b"".join(self.lines())


@pytest.fixture(scope="session")
def make_ledger():
    return LedgerBuilder


@pytest.fixture(scope="session")
def tally_machine():
    return TallyMachine


@pytest.fixture
def file(tmp_path):
    return tmp_path / "node-0.jsonl"
