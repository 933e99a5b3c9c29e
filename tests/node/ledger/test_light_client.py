"""A policy's existence shown to someone who knows the genesis alone, on evidence from a node that may lie."""

import msgspec
import pytest

from consensus.chain import Certificate
from node.ledger.light_client import Evidence, EvidenceError, LightClient, gather_evidence
from node.ledger.state_proof import Proof


@pytest.fixture(params=["solo", "raft", "pbft"])
def ledger(request, make_ledger):
    return make_ledger(request.param)


@pytest.fixture
def evidence(ledger):
    ledger.append(ledger.transaction("alice"))
    ledger.append(ledger.transaction("bob"))
    tree = ledger.machine.tree
    ledger.append()
    return gather_evidence(ledger.chain, 3, tree, "tally", "bob")


def refused(ledger, evidence, match):
    with pytest.raises(EvidenceError, match=match):
        LightClient(ledger.genesis).check(evidence)


def test_an_entry_is_shown_by_header_proof_and_certificate_alone(ledger, evidence):
    received = msgspec.msgpack.decode(msgspec.msgpack.encode(evidence), type=Evidence)
    assert LightClient(ledger.genesis).check(received) == 2
    assert msgspec.msgpack.decode(received.value) == {"count": 1}


def test_absence_is_shown_too(ledger, evidence):
    absent = gather_evidence(ledger.chain, 3, ledger.machine.tree, "tally", "carol")
    assert absent.value is None
    assert LightClient(ledger.genesis).check(absent) == 2
    refused(ledger, msgspec.structs.replace(evidence, value=None), "does not lead to the state root")


def test_every_part_that_a_lying_node_may_change(ledger, evidence):
    change = msgspec.structs.replace
    header = evidence.headers[0]
    (member, signature), *rest = evidence.certificate.signatures
    tampered = bytes([signature[0] ^ 1]) + signature[1:]
    forged_header = change(header, state=b"\1" * 32)
    for changes, match in (
        ({"value": b"\x81\xa5count\x02"}, "does not lead"),
        ({"key": "alice "}, "does not lead"),
        ({"namespace": "policies"}, "does not lead"),
        ({"proof": Proof((), None)}, "does not lead"),
        ({"headers": ()}, "0 headers"),
        ({"headers": (forged_header,)}, "certificate: it is for another block"),
        ({"headers": (change(header, network="other"),)}, "another network"),
        ({"headers": (change(header, members=bytes(32)),)}, "names other members"),
        (
            {"certificate": change(evidence.certificate, signatures=((member, tampered), *rest))},
            f"signature of member {member} does not verify",
        ),
        ({"certificate": change(evidence.certificate, signatures=tuple(rest))}, "where a quorum is exactly"),
        (
            {
                "headers": (forged_header,),
                "certificate": Certificate(0, header.height, forged_header.hash, evidence.certificate.signatures),
            },
            "does not verify",
        ),
    ):
        refused(ledger, change(evidence, **changes), match)


def test_a_certificate_of_a_later_round_proves_under_pbft_alone(ledger, evidence):
    block, _ = ledger.chain[-1]
    later = msgspec.structs.replace(evidence, certificate=ledger.certificate(block, round_=2))
    if ledger.genesis.protocol == "pbft":
        assert LightClient(ledger.genesis).check(later) == 2
    else:
        refused(ledger, later, "certificate: it is of round 2, the block of 0")


def test_members_of_another_network_vouch_for_nothing(ledger, evidence):
    genesis = ledger.genesis
    first = msgspec.structs.replace(genesis.members[0], verify_key=ledger.key("stranger"))
    strangers = msgspec.structs.replace(genesis, members=(first, *genesis.members[1:]))
    with pytest.raises(EvidenceError, match="names other members"):
        LightClient(strangers).check(evidence)


def test_raft_s_later_certificate_vouches_through_the_headers_between(make_ledger):
    ledger = make_ledger("raft")
    ledger.append(ledger.transaction("alice"))
    tree = ledger.machine.tree
    ledger.append(certified=False)
    with pytest.raises(EvidenceError, match="nothing certified stands at or above height 2 yet"):
        gather_evidence(ledger.chain, 2, tree, "tally", "alice")
    ledger.append(certified=False)
    ledger.append()
    evidence = gather_evidence(ledger.chain, 2, tree, "tally", "alice")
    assert [header.height for header in evidence.headers] == [2, 3, 4]
    assert LightClient(ledger.genesis).check(evidence) == 1
    first, _, last = evidence.headers
    refused(ledger, msgspec.structs.replace(evidence, headers=(first, last)), "do not follow one another")


def test_other_protocols_certify_every_header_themselves(make_ledger):
    ledger = make_ledger("pbft")
    ledger.append()
    ledger.append()
    good = gather_evidence(ledger.chain, 2, ledger.machine.tree, "tally", "all")
    chain = msgspec.structs.replace(good, headers=(ledger.chain[1][0].header, *good.headers))
    refused(ledger, chain, "2 headers; 1 to 1 are allowed")


def test_a_node_has_no_evidence_for_another_tree_than_the_header_s(ledger, evidence):
    with pytest.raises(EvidenceError, match="states another root"):
        gather_evidence(ledger.chain, 1, ledger.machine.tree, "tally", "bob")
    assert evidence.key == "bob"
