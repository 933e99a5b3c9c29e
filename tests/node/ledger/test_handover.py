"""Light clients across changes of members: what is handed over, what is believed, and what never is."""

import msgspec
import pytest

from consensus.chain import Certificate, commit_bytes
from consensus.configuration import Configuration
from node.ledger.genesis import members_hash
from node.ledger.light_client import EvidenceError, LightClient, gather_evidence, gather_handover
from node.ledger.state_tree import StateTree, encode_record
from node.membership.certificates import MemberEntry

PROTOCOLS = ("raft", "pbft")


@pytest.fixture(params=PROTOCOLS)
def ledger(request, make_ledger):
    """A ledger in which a newcomer is voted in, and then takes the place of two founders."""
    ledger = make_ledger(request.param)
    ledger.append(ledger.transaction("alice"))
    ledger.newcomer = ledger.add_node("newcomer")
    ledger.elect(("add-voter", ledger.newcomer))
    ledger.first = place_of_change(ledger)
    ledger.elect(("remove", 0), ("add-voter", 4))
    ledger.second = place_of_change(ledger)
    ledger.append(ledger.transaction("alice"))
    return ledger


def place_of_change(ledger):
    return max(n for n, (block, _) in enumerate(ledger.chain) if b"members" in b"".join(block.transactions)[:60])


def handover(ledger, height, *nodes):
    return gather_handover(ledger.chain, height, ledger.trees[height - 1], nodes)


def evidence(ledger, height):
    return gather_evidence(ledger.chain, height, ledger.trees[height - 1], "tally", "alice")


def client_after(ledger, changes):
    client = LightClient(ledger.genesis)
    if changes > 0:
        client.follow(handover(ledger, ledger.first, ledger.newcomer))
    if changes > 1:
        client.follow(handover(ledger, ledger.second))
    return client


def test_an_entry_is_proven_across_changes_of_members(ledger):
    head = len(ledger.chain) - 1
    assert client_after(ledger, 2).check(evidence(ledger, head)) == head - 1
    assert LightClient(ledger.genesis).check(evidence(ledger, 2)) == 1


def test_without_the_changes_later_evidence_proves_nothing(ledger):
    head = len(ledger.chain) - 1
    for changes in (0, 1):
        with pytest.raises(EvidenceError, match="names other members"):
            client_after(ledger, changes).check(evidence(ledger, head))
    with pytest.raises(EvidenceError):
        LightClient(ledger.genesis).follow(handover(ledger, ledger.second))


def test_a_client_that_has_seen_the_new_voters_decide_believes_the_old_ones_no_more(ledger):
    client = client_after(ledger, 2)
    client.check(evidence(ledger, len(ledger.chain) - 1))
    with pytest.raises(EvidenceError, match="names other members"):
        client.check(evidence(ledger, 2))


@pytest.mark.parametrize("what", ["key", "number", "none", "approvals", "transaction", "certificate", "network"])
def test_a_handover_that_lies_is_refused_and_changes_nothing(ledger, what):
    good = handover(ledger, ledger.first, ledger.newcomer)
    ((number, record, proof),) = good.nodes
    entry = msgspec.msgpack.decode(record, type=MemberEntry)
    forged = msgspec.structs.replace(entry.certificate, verify_key="ab" * 32)
    other = ledger.order("members", (("add-voter", ledger.newcomer),), by=(1,))
    first = good.headers[0]
    bad = {
        "key": {
            "nodes": ((number, msgspec.msgpack.encode(msgspec.structs.replace(entry, certificate=forged)), proof),)
        },
        "number": {"nodes": ((number + 1, record, proof),)},
        "none": {"nodes": ()},
        "approvals": {"transaction": msgspec.msgpack.encode(other)},
        "transaction": {"transaction": good.transaction[:-1]},
        "certificate": {"certificate": ledger.chain[ledger.first - 1][1]},
        "network": {
            "headers": (
                type(first)(*[*msgspec.structs.astuple(first)[:1], "else", *msgspec.structs.astuple(first)[2:]]),
            )
        },
    }[what]
    client = LightClient(ledger.genesis)
    with pytest.raises(EvidenceError):
        client.follow(msgspec.structs.replace(good, **bad))
    client.follow(good)


def test_a_change_that_was_followed_is_not_followed_again(ledger):
    """Whoever voted before, and may have lost their keys since, is not brought back by what they once approved."""
    client = client_after(ledger, 2)
    for height, nodes in ((ledger.first, (ledger.newcomer,)), (ledger.second, ())):
        with pytest.raises(EvidenceError, match="lies behind the last one"):
            client.follow(handover(ledger, height, *nodes))
    client.check(evidence(ledger, len(ledger.chain) - 1))


def test_nobody_but_whom_the_change_votes_in_is_introduced(ledger):
    """Else whoever forges a header forges the registry below it, and has it name new keys for those who sign it."""
    good = handover(ledger, ledger.first, ledger.newcomer)
    ((_, record, proof),) = good.nodes
    for number in (0, 4, ledger.newcomer + 1):
        told = (*good.nodes, (number, record, proof))
        with pytest.raises(EvidenceError, match="known already or not voted in"):
            LightClient(ledger.genesis).follow(msgspec.structs.replace(good, nodes=told))
    forger = Forger(ledger, good)
    with pytest.raises(EvidenceError):
        LightClient(ledger.genesis).follow(forger.handover())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nobody_is_introduced_whose_certificate_has_an_end(make_ledger, protocol):
    ledger = make_ledger(protocol)
    newcomer = ledger.add_node("newcomer", until=1000)
    ledger.elect(("add-voter", newcomer))
    with pytest.raises(EvidenceError, match="whose certificate is not in force or has an end"):
        LightClient(ledger.genesis).follow(handover(ledger, place_of_change(ledger), newcomer))


class Forger:
    """Puts keys of its own into a registry of its own, for everybody, and signs for everybody."""

    def __init__(self, ledger, good):
        self.ledger, self.good = ledger, good
        ((_, record, _),) = good.nodes
        entry = msgspec.msgpack.decode(record, type=MemberEntry)
        numbers = range(ledger.newcomer + 1)
        keys = {number: ledger.key(f"forged-{number}").hex() for number in numbers}
        self.entries = {
            number: msgspec.structs.replace(
                entry, certificate=msgspec.structs.replace(entry.certificate, verify_key=keys[number])
            )
            for number in numbers
        }
        self.tree = StateTree.empty().update(
            {(MemberEntry.namespace, str(number)): entry for number, entry in self.entries.items()}
        )
        self.keys = {number: bytes.fromhex(key) for number, key in keys.items()}

    def handover(self):
        first = self.good.headers[0]
        protocol, founders = self.ledger.genesis.protocol, Configuration(voters=(0, 1, 2, 3))
        decide = founders if protocol == "pbft" else Configuration(voters=(0, 1, 2, 3, self.ledger.newcomer))
        named = members_hash(protocol, self.ledger.following.protocol.quorum, decide, self.keys.__getitem__)
        header = msgspec.structs.replace(first, state=self.tree.root, members=named)
        data = commit_bytes(header.round, header.height, header.hash)
        signatures = tuple((n, self.ledger.sign(f"forged-{n}", data)) for n in self.ledger.quorum(decide))
        nodes = tuple(
            (n, encode_record(entry), self.tree.prove(MemberEntry.namespace, str(n)))
            for n, entry in self.entries.items()
        )
        certificate = Certificate(header.round, header.height, header.hash, signatures)
        return msgspec.structs.replace(self.good, headers=(header,), certificate=certificate, nodes=nodes)
