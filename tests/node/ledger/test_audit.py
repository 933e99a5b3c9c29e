"""The auditor against good ledgers, forged ones and mutated ones; the example in docs/ must always agree with it."""

import json
import random
from itertools import pairwise

import msgspec
import pytest

from consensus.chain import Certificate
from node.ledger.audit import AuditError, audit_ledger
from node.ledger.block import BLOCK_TRANSACTIONS_MAX
from node.ledger.export import Line, decode_line, encode_line, export_ledger, lines_of
from node.ledger.transaction import Transaction, encode_transaction, signed_bytes
from tests.node.ledger.auditors import DOCS, EXAMPLE, refused, verdicts
from tests.node.ledger.mutations import altered, fields, mutated

PROTOCOLS = ("solo", "raft", "pbft")


@pytest.fixture(params=PROTOCOLS)
def ledger(request, make_ledger):
    return make_ledger(request.param).grow()


# Good ledgers


def test_a_good_ledger_passes_and_says_what_it_holds(ledger, file, tally_machine):
    export_ledger(file, ledger.chain)
    audit = audit_ledger(file, execute=tally_machine)
    head = ledger.chain[-1][0]
    assert (audit.network, audit.protocol) == ("demo", ledger.genesis.protocol)
    assert (audit.height, audit.head, audit.blocks, audit.transactions) == (head.height, head.hash, 5, 3)
    assert audit.genesis == ledger.chain[0][0].hash
    assert audit.certificates == sum(certificate is not None for _, certificate in ledger.chain)
    assert (audit.state_height, audit.state_root) == (4, ledger.roots[4])
    assert EXAMPLE.audit(str(file)).head == head.hash


def test_without_execution_the_last_stated_root_is_reported(ledger, file):
    export_ledger(file, ledger.chain)
    audit = audit_ledger(file)
    assert (audit.state_height, audit.state_root) == (3, ledger.roots[3])


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("voting", [1, 5, 6])
def test_every_size_of_network(make_ledger, protocol, voting, file):
    assert verdicts(file, make_ledger(protocol, voting).grow().bytes()) == (None, None)


def test_a_genesis_alone_is_a_ledger(make_ledger, file):
    assert verdicts(file, make_ledger("pbft").bytes()) == (None, None)


def test_another_quorum_than_the_first_voters_is_as_good(make_ledger, file):
    ledger = make_ledger("pbft")
    block = ledger.append(ledger.transaction())
    ledger.chain[-1] = (block, ledger.certificate(block, signers=(0, 2, 3), round_=7))
    assert verdicts(file, ledger.bytes()) == (None, None)


def test_the_ledger_in_the_docs_is_what_this_program_writes(make_ledger, file):
    """A golden file: if it changes, the format changed, and so must its version."""
    export_ledger(file, make_ledger("solo", voting=2).grow().chain)
    assert file.read_bytes() == (DOCS / "examples" / "solo.jsonl").read_bytes()


# Forged ledgers: everything that the forger can make right is right


def test_a_missing_certificate(make_ledger, file):
    for protocol in ("solo", "pbft"):
        ledger = make_ledger(protocol)
        ledger.append(certified=False)
        ledger.append()
        refused(file, ledger.bytes(), f"no certificate, which {protocol} demands", line=2)


def test_raft_s_head_must_be_certified(make_ledger, file):
    ledger = make_ledger("raft")
    ledger.append()
    ledger.append(certified=False)
    ledger.append(certified=False)
    refused(file, ledger.bytes(), "no certificate vouches for the blocks from height 2 on")


@pytest.mark.parametrize(
    ("signers", "match"),
    [
        ((0, 1), "2 signatures where a quorum is exactly 3"),
        ((0, 1, 2, 3), "4 signatures where a quorum is exactly 3"),
        ((0, 2, 1), "strictly ascending"),
        ((0, 1, 1), "strictly ascending"),
        ((0, 1, 4), "signer 4 does not vote"),
    ],
)
@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_a_certificate_that_is_no_quorum(make_ledger, file, protocol, signers, match):
    ledger = make_ledger(protocol)
    block = ledger.append(ledger.transaction())
    ledger.chain[-1] = (block, ledger.certificate(block, signers=signers))
    refused(file, ledger.bytes(), match, line=2)


def test_a_certificate_signed_by_another_key_for_another_block_or_too_early(make_ledger, file):
    ledger = make_ledger("pbft")
    first, second = ledger.append(), ledger.append(round=3)
    good = ledger.certificate(second)
    (zero, signature), *rest = good.signatures
    swapped = Certificate(good.round, good.height, good.hash, ((zero, rest[0][1]), *rest))
    for certificate, match in (
        (swapped, "signature of member 0 does not verify"),
        (ledger.certificate(first), "for another block"),
        (msgspec.structs.replace(good, height=1), "for another block"),
        (msgspec.structs.replace(good, round=4), "does not verify"),
        (ledger.certificate(second, round_=2), "of round 2, before the block was proposed in 3"),
    ):
        ledger.chain[-1] = (second, certificate)
        refused(file, ledger.bytes(), match, line=3)
    assert signature


@pytest.mark.parametrize(
    ("forged", "match"),
    [
        ({"version": 2}, "format version 2"),
        ({"network": "another"}, "belongs to network 'another'"),
        ({"height": 7}, "height 7 follows height 1"),
        ({"parent": bytes(32)}, "parent is not the block before"),
        ({"proposer": 4}, "proposer 4 does not vote"),
        ({"members": bytes(32)}, "other members"),
        ({"transactions": bytes(32)}, "transaction root"),
        ({"state_height": 2}, "does not lie before 2"),
        ({"state_height": 0, "state": b"\1" * 32}, "states root 0101"),
    ],
)
def test_a_header_that_a_quorum_signed_and_that_is_wrong(make_ledger, file, forged, match):
    ledger = make_ledger("pbft")
    ledger.append()
    ledger.append(**forged)
    refused(file, ledger.bytes(), match, line=3)


def test_two_headers_that_contradict_each_other_about_a_root(make_ledger, file):
    ledger = make_ledger("pbft")
    ledger.append(ledger.transaction())
    ledger.append()
    ledger.append(lag=2, state=b"\1" * 32)
    refused(file, ledger.bytes(), "states root 0101", line=4)


def test_a_wrong_root_is_found_by_executing_alone(make_ledger, file, tally_machine):
    ledger = make_ledger("pbft")
    ledger.append(ledger.transaction())
    ledger.append(state=b"\1" * 32)
    ours, theirs = verdicts(file, ledger.bytes())
    assert (ours, theirs) == (None, None)
    ours, _ = verdicts(file, ledger.bytes(), execute=tally_machine)
    assert "execution gives" in ours.what
    assert ours.line == 3


def test_a_genesis_whose_state_is_not_what_executing_gives(make_ledger, file, tally_machine):
    ledger = make_ledger("pbft")
    block, _ = ledger.chain[0]
    header = msgspec.structs.replace(block.header, state=b"\1" * 32)
    (content,) = lines_of([(msgspec.structs.replace(block, header=header), None)])
    assert verdicts(file, content) == (None, None)
    ours, _ = verdicts(file, content, execute=tally_machine)
    assert "the genesis gives state root" in ours.what

    def unable(genesis):
        raise ValueError(f"settings of {genesis.settings[0][0]}: no such contract")

    ours, _ = verdicts(file, content, execute=unable)
    assert ours.what == "genesis: settings of tally: no such contract"


def signed_by_bob(ledger, transaction):
    """Alice's transaction with Bob's signature under her name."""
    data = msgspec.msgpack.encode(("consortium/transaction", transaction.body))
    return Transaction(transaction.body, (("alice", ledger.sign("bob", data)),))


TRANSACTIONS = {
    "does not decode": lambda _: b"\x93\x01",
    "not the canonical encoding": lambda b: encode_transaction(b.transaction()).replace(b"\xa5alice", b"\xd9\x05alice"),
    "the signature of alice does not verify": lambda b: signed_by_bob(b, b.transaction()),
    "mallory is no client": lambda b: b.transaction("mallory"),
    "the first signature is not the client's": lambda b: Transaction(
        b.transaction("alice").body, b.transaction("bob").signatures
    ),
    "co-signers must ascend": lambda b: msgspec.structs.replace(
        (good := b.transaction("alice", ("bob", "carol"))),
        signatures=(good.signatures[0], good.signatures[2], good.signatures[1]),
    ),
    "0 signatures": lambda b: Transaction(b.transaction().body, ()),
    "meant for network another": lambda b: b.transaction(network="another"),
    "version 2": lambda b: b.transaction(version=2),
    "alice's number 1 was used before": lambda b: b.transaction(number=1, action="again"),
    "the limit is 262144": lambda b: b.transaction(arguments=bytes(262_144)),
}


@pytest.mark.parametrize("match", TRANSACTIONS)
def test_a_transaction_that_no_block_may_hold(make_ledger, file, match):
    ledger = make_ledger("pbft")
    ledger.append(ledger.transaction("alice"))
    bad = TRANSACTIONS[match](ledger)
    ledger.append(bad if isinstance(bad, bytes) else encode_transaction(bad))
    refused(file, ledger.bytes(), match, line=3)


@pytest.mark.parametrize("gone", [(1,), (2,), (1, 2)])
def test_a_co_signature_cannot_be_taken_off(make_ledger, file, gone):
    """Each signer says who else signs, so a block that holds less than was signed is invalid: nothing is refused."""
    ledger = make_ledger("pbft")
    whole = ledger.transaction("alice", ("bob", "carol"))
    left = tuple(pair for place, pair in enumerate(whole.signatures) if place not in gone)
    ledger.append(encode_transaction(Transaction(whole.body, left)))
    refused(file, ledger.bytes(), "the signature of alice does not verify", line=2)


def test_nor_can_one_be_put_on_that_the_client_does_not_know_of(make_ledger, file):
    ledger = make_ledger("pbft")
    alone = ledger.transaction("alice")
    for data in (signed_bytes(alone.body), signed_bytes(alone.body, ("bob",))):
        more = Transaction(alone.body, (*alone.signatures, ("bob", ledger.sign("bob", data))))
        ledger.append(encode_transaction(more))
        refused(file, ledger.bytes(), "the signature of alice does not verify", line=2)
        ledger.chain.pop()


def test_a_transaction_that_stands_twice(make_ledger, file):
    ledger = make_ledger("pbft")
    raw = encode_transaction(ledger.transaction("alice"))
    ledger.append(raw, raw)
    refused(file, ledger.bytes(), "holds one transaction twice", line=2)


def test_the_limits_of_a_block(make_ledger, file):
    ledger = make_ledger("pbft")
    ledger.append(*(number.to_bytes(3) for number in range(BLOCK_TRANSACTIONS_MAX + 1)))
    refused(file, ledger.bytes(), "4097 transactions; the limit is 4096", line=2)
    ledger = make_ledger("pbft")
    ledger.append(*(bytes([number]) * 250_000 for number in range(9)))
    refused(file, ledger.bytes(), "2250000 bytes of transactions; the limit is 2097152", line=2)


def regenesis(ledger, **changes):
    """A ledger whose genesis says something else, its header following suit as far as it can."""
    ledger.genesis = msgspec.structs.replace(ledger.genesis, **changes)
    block, _ = ledger.chain[0]
    raws = (ledger.genesis.encode(),)
    from node.ledger.merkle import merkle_root  # noqa: PLC0415 - for this forgery alone

    header = msgspec.structs.replace(block.header, transactions=merkle_root(raws))
    ledger.chain = [(msgspec.structs.replace(block, header=header, transactions=raws), None)]
    return ledger.bytes()


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        (lambda _: {"protocol": "paxos"}, "no protocol 'paxos'"),
        (lambda _: {"version": 2}, "format version 2"),
        (lambda g: {"members": g.members[4:]}, "no member votes"),
        (lambda g: {"members": (*g.members, g.members[0])}, "names one member twice"),
        (lambda g: {"clients": (*g.clients, g.clients[0])}, "names one client twice"),
        (lambda g: {"clients": (msgspec.structs.replace(g.clients[0], home=5),)}, "home is no member"),
        (lambda g: {"members": (msgspec.structs.replace(g.members[0], verify_key=b"x"),)}, "does not decode"),
        (lambda g: {"members": (msgspec.structs.replace(g.members[0], name="x\n"),)}, "does not decode"),
        (lambda _: {"protocol": "raft"}, "not the one that its transaction gives"),
    ],
)
def test_a_genesis_that_contradicts_itself(make_ledger, file, changes, match):
    ledger = make_ledger("pbft", voting=4)
    refused(file, regenesis(ledger, **changes(ledger.genesis)), match, line=1)


def test_a_ledger_must_begin_with_its_genesis(make_ledger, file):
    ledger = make_ledger("pbft").grow()
    lines = ledger.lines()
    refused(file, b"".join(lines[1:]), "the first line is no genesis", line=1)
    refused(file, b"", "it is empty", line=0)
    genesis, _ = ledger.chain[0]
    refused(file, encode_line(Line(genesis, ledger.certificate(genesis), 0)), "a genesis has no certificate", line=1)


def test_a_file_that_is_not_there(file):
    with pytest.raises(AuditError, match=r"node-0\.jsonl: cannot be read: No such file"):
        audit_ledger(file)


# Mutated ledgers


def test_lines_left_out_doubled_or_swapped(ledger, file):
    lines = ledger.lines()
    for index in range(len(lines) - 1):
        refused(file, b"".join(lines[:index] + lines[index + 1 :]), "")
        refused(file, b"".join([*lines[: index + 1], *lines[index:]]), "")
        refused(file, b"".join([*lines[:index], lines[index + 1], lines[index], *lines[index + 2 :]]), "")


SPELLINGS = {
    "a space": lambda line: line.replace(b":", b": ", 1),
    "a space at the end": lambda line: line[:-1] + b" \n",
    "no newline": lambda line: line[:-1],
    "two newlines": lambda line: line + b"\n",
    "a carriage return": lambda line: line[:-1] + b"\r\n",
    "an escape": lambda line: line.replace(b'"demo"', b'"\\u0064emo"', 1),
    "an exponent": lambda line: line.replace(b'"version":1', b'"version":1e0', 1),
    "a fraction": lambda line: line.replace(b'"version":1', b'"version":1.0', 1),
    "a boolean": lambda line: line.replace(b'"version":1', b'"version":true', 1),
    "a text": lambda line: line.replace(b'"version":1', b'"version":"1"', 1),
    "a key twice": lambda line: line.replace(b'{"version":1', b'{"version":1,"version":1', 1),
    "one key more": lambda line: line.replace(b'{"version":1', b'{"note":1,"version":1', 1),
    "upper case": lambda line: line.replace(b"a", b"A", 40),
    "a byte order mark": lambda line: b"\xef\xbb\xbf" + line,
    "nothing but white space": lambda _: b" \n",
    "no object": lambda _: b"[]\n",
    "deep nesting": lambda _: b"[" * 100_000 + b"\n",
    "no UTF-8": lambda line: line.replace(b"demo", b"d\xffmo", 1),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_of_the_same_line_is_refused(make_ledger, file, spelling):
    lines = make_ledger("pbft").grow().lines()
    for index in (0, 2, len(lines) - 1):
        changed = SPELLINGS[spelling](lines[index])
        assert changed != lines[index]
        refused(file, b"".join([*lines[:index], changed, *lines[index + 1 :]]), "")


def test_keys_in_another_order_are_refused(make_ledger, file):
    lines = make_ledger("pbft").grow().lines()
    for path in ((), ("header",), ("certificate",)):
        line = json.loads(lines[2])
        part = line
        for key in path:
            part = part[key]
        items = list(part.items())
        part.clear()
        part.update(reversed(items))
        changed = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        refused(file, b"".join([*lines[:2], changed, *lines[3:]]), "not written canonically", line=3)


def test_any_changed_byte_is_refused(ledger, file):
    """A dense sample of the offsets, at each a random bit."""
    content = ledger.bytes()
    draw = random.Random(ledger.genesis.protocol)
    for offset in range(draw.randrange(29), len(content), 29):
        changed = bytearray(content)
        changed[offset] ^= 1 << draw.randrange(8)
        refused(file, bytes(changed), "")


def test_any_changed_field_is_refused(ledger, file):
    """Fields changed to other valid values, hash links left as they were."""
    lines = ledger.lines()
    for index, raw in enumerate(lines):
        for path, value in fields(json.loads(raw)):
            changed = json.loads(raw)
            parent = changed
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = altered(value)
            line = json.dumps(changed, separators=(",", ":")).encode() + b"\n"
            refused(file, b"".join([*lines[:index], line, *lines[index + 1 :]]), "")


@pytest.mark.parametrize("way", ["grow", "live"])
def test_random_mutations_are_refused(make_ledger, file, way):
    """A slice of ``tests/benchmarks/bench_mutations.py``, which shows 10,000 of them."""
    for protocol in PROTOCOLS[1:]:
        content = getattr(make_ledger(protocol), way)().bytes()
        draw = random.Random(f"{protocol}/{way}")
        for _ in range(40):
            mutation = mutated(content, draw)
            assert None not in verdicts(file, mutation.content), mutation.what


def test_no_certificate_can_be_left_out(make_ledger, file):
    """Not even where a later one vouches for its block: that says how many blocks it proves."""
    for way in ("grow", "live"):
        ledger = getattr(make_ledger("raft"), way)()
        exported = [decode_line(raw) for raw in ledger.lines()]
        certified = [place for place, line in enumerate(exported) if line.certificate is not None]
        for place, later in pairwise(certified):
            without = [*exported]
            without[place] = exported[place]._replace(certificate=None, proves=0)
            content = b"".join(map(encode_line, without))
            refused(file, content, f"it says {exported[later].proves} blocks", line=later + 1)


def test_a_certificate_that_says_to_prove_more_or_less_is_refused(ledger, file):
    exported = [decode_line(raw) for raw in ledger.lines()]
    for other in (0, exported[-1].proves + 1, exported[-1].proves - 1, 2**63 - 1):
        lines = [*exported[:-1], exported[-1]._replace(proves=other)]
        refused(file, b"".join(map(encode_line, lines)), f"it says {other} blocks", line=len(lines))


@pytest.mark.parametrize(("protocol", "accepted"), [("solo", False), ("raft", False), ("pbft", True)])
def test_a_certificate_of_a_later_round_proves_under_pbft_alone(make_ledger, file, protocol, accepted):
    """There a new view decides again what an earlier one proposed; in Raft's figure 8 that would prove nothing."""
    ledger = make_ledger(protocol)
    block = ledger.append(ledger.transaction())
    ledger.chain[-1] = (block, ledger.certificate(block, round_=1))
    if accepted:
        assert verdicts(file, ledger.bytes()) == (None, None)
    else:
        refused(file, ledger.bytes(), f"under {protocol} they are the same", line=2)


def test_the_example_s_two_files_are_short_and_import_nothing_of_ours():
    for name in ("audit.py", "identities.py"):
        source = (DOCS / "examples" / name).read_text()
        assert source.count("\n") < 150
        for room in ("node", "consensus", "network", "scenarios", "configs"):
            assert f"import {room}" not in source
            assert f"from {room}" not in source
