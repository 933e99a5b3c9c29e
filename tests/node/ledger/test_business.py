"""The business state's file and root, against plain json and msgpack."""

import json
import random
from hashlib import sha256

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.ledger.audit import AuditError
from node.ledger.business import audit_business, business_lines, business_root
from node.ledger.merkle import merkle_root


class Share(msgspec.Struct, frozen=True):
    party: str
    fen: int


class Policy(msgspec.Struct, frozen=True):
    holder: str
    active: bool
    shares: tuple[Share, ...] = ()
    note: str | None = None


TEXTS = st.text(max_size=4)
RECORDS = st.builds(
    Policy,
    holder=TEXTS,
    active=st.booleans(),
    shares=st.lists(st.builds(Share, party=TEXTS, fen=st.integers(-(2**53), 2**53)), max_size=2).map(tuple),
    note=st.none() | TEXTS,
)
ENTRIES = st.dictionaries(st.tuples(st.sampled_from(["claims", "policies", "保单"]), TEXTS), RECORDS, max_size=6).map(
    lambda entries: [(namespace, key, record) for (namespace, key), record in entries.items()]
)


def plain(record):
    shares = [{"fen": share.fen, "party": share.party} for share in record.shares]
    return {"active": record.active, "holder": record.holder, "note": record.note, "shares": shares}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "business.jsonl"


@settings(max_examples=40)
@given(ENTRIES)
def test_lines_and_root_are_what_json_and_msgpack_give(entries):
    ordered = [(namespace, key, plain(record)) for namespace, key, record in sorted(entries, key=lambda e: e[:2])]
    lines = [json.dumps(e, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" for e in ordered]
    assert list(business_lines(entries)) == lines
    assert business_root(entries) == merkle_root([msgpack.packb(entry) for entry in ordered])


@settings(max_examples=40)
@given(ENTRIES, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(entries, random):
    shuffled = entries.copy()
    random.shuffle(shuffled)
    assert business_root(shuffled) == business_root(entries)


@settings(max_examples=40)
@given(ENTRIES)
def test_the_file_alone_gives_the_root(tmp_path_factory, entries):
    file = tmp_path_factory.mktemp("state") / "business.jsonl"
    file.write_bytes(b"".join(business_lines(entries)))
    assert audit_business(file) == business_root(entries)


def test_no_entries(file):
    file.write_bytes(b"")
    assert audit_business(file) == business_root([]) == sha256(b"").digest()


def written(file):
    entries = [("policies", f"p/{i}", Policy("患者 a", active=True, shares=(Share("x", i),))) for i in range(9)]
    file.write_bytes(b"".join(business_lines(entries)))
    return entries


def test_any_changed_byte_is_refused_or_changes_the_root(file):
    root = business_root(written(file))
    content = file.read_bytes()
    draw = random.Random(1)
    refusals = 0
    for offset in range(len(content)):
        changed = bytearray(content)
        changed[offset] ^= 1 << draw.randrange(8)
        file.write_bytes(changed)
        try:
            found = audit_business(file)
        except AuditError:
            refusals += 1
        else:
            assert found != root
    assert refusals > 100


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b'["a","b",1]\n["a","b",1]\n', "2: does not stand in ascending order"),
        (b'["b","a",1]\n["a","b",1]\n', "2: does not stand in ascending order"),
        (b'["a","b", 1]\n', "1: not written canonically"),
        (b'["a","b",{"y":1,"x":1}]\n', "1: not written canonically"),
        (b'["a","b",1]', "1: not written canonically"),
        (b'["a","b"]\n', "1: not an entry"),
        (b"{}\n", "1: not an entry"),
    ],
)
def test_a_file_in_another_spelling_is_refused(file, content, match):
    file.write_bytes(content)
    with pytest.raises(AuditError, match=match):
        audit_business(file)


def test_a_file_that_is_not_there(file):
    with pytest.raises(AuditError, match="cannot be read"):
        audit_business(file)
