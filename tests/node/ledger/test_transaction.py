"""Bytes that come from anyone: nothing but TransactionError or GenesisError may come out of decoding them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.ledger.genesis import GenesisError, decode_genesis
from node.ledger.transaction import (
    TransactionError,
    decode_transaction,
    encode_transaction,
    sign_transaction,
    signed_bytes,
)


@pytest.fixture(scope="module")
def ledger(make_ledger):
    return make_ledger("solo")


def survives(decode, encode, error, raw):
    """``raw`` is refused in the way foreseen, or is exactly what its value encodes to."""
    try:
        value = decode(raw)
    except error:
        return
    assert encode(value) == raw


@given(st.binary(max_size=60))
def test_random_bytes(raw):
    survives(decode_transaction, encode_transaction, TransactionError, raw)
    survives(decode_genesis, lambda genesis: genesis.encode(), GenesisError, raw)


@given(st.data())
def test_changed_bytes(ledger, data):
    transaction = encode_transaction(ledger.transaction("alice", ("bob",)))
    for decode, encode, error, raw in (
        (decode_transaction, encode_transaction, TransactionError, transaction),
        (decode_genesis, lambda genesis: genesis.encode(), GenesisError, ledger.genesis.encode()),
    ):
        changed = bytearray(raw)
        changed[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        survives(decode, encode, error, bytes(changed))
        survives(decode, encode, error, raw[: data.draw(st.integers(0, len(raw)))])


def test_deep_nesting_and_broken_text_are_refused():
    for raw in (b"\x91" * 100_000, b"\x92\x98\x01\xa1\xff" + b"\x00" * 20):
        with pytest.raises(TransactionError, match="does not decode"):
            decode_transaction(raw)
        with pytest.raises(GenesisError, match="does not decode"):
            decode_genesis(raw)


def test_every_single_byte_broken_is_foreseen(ledger):
    raw = encode_transaction(ledger.transaction("alice"))
    for offset in range(len(raw)):
        survives(decode_transaction, encode_transaction, TransactionError, raw[:offset] + b"\xff" + raw[offset + 1 :])


def test_signing_makes_the_order_canonical_and_leaves_the_id_alone(ledger):
    body = ledger.transaction("bob").body

    def signer(name):
        return name, lambda data: ledger.sign(name, data)

    transaction = sign_transaction(body, [signer("bob"), signer("carol"), signer("alice")])
    assert transaction.signers == ("bob", "alice", "carol")
    assert decode_transaction(encode_transaction(transaction)) == transaction
    assert transaction.id == sign_transaction(body, [signer("bob")]).id
    assert transaction.id != msgspec.structs.replace(transaction, body=ledger.transaction("bob").body).id
    data = signed_bytes(body, ("alice", "carol"))
    assert transaction.signed == data != signed_bytes(body)
    assert transaction.signatures == tuple((name, ledger.sign(name, data)) for name in ("bob", "alice", "carol"))
    assert sign_transaction(body, [signer("bob")]).signed == signed_bytes(body)
    with pytest.raises(ValueError, match="the first signer is alice, not the client bob"):
        sign_transaction(body, [signer("alice")])
