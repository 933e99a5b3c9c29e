"""Admission: what may wait to be ordered, and what it costs to be asked."""

import msgspec
import pytest

from node import admission as room
from node.admission import Admission
from node.ledger.transaction import TransactionError, encode_transaction
from node.membership import Directory, Verifier
from tests.node.lab import genesis, transaction, transfer


class CountingVerifier(Verifier):
    asked = 0

    def verify(self, key, data, signature):
        self.asked += 1
        return super().verify(key, data, signature)


@pytest.fixture
def admission():
    return Admission(Directory(genesis()), CountingVerifier())


def test_a_transaction_signed_by_its_client_is_admitted(admission):
    assert admission.check(transfer(4)) == transaction(4)


def test_a_co_signed_transaction_is_admitted(admission):
    assert admission.check(transfer(signers={"ann": "ann", "bob": "bob"})).signers == ("ann", "bob")


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        ({"signers": {"ann": "stranger"}}, "the signature of ann does not verify"),
        ({"signers": {"ann": "ann", "bob": "stranger"}}, "the signature of bob does not verify"),
        ({"signers": {"ann": "ann", "zoe": "stranger"}}, "zoe is no client of this network"),
        ({"client": "stranger", "signers": {"stranger": "stranger"}}, "stranger is no client of this network"),
        ({"network": "elsewhere"}, "meant for network elsewhere"),
    ],
)
def test_what_is_not_signed_by_clients_of_this_network_is_refused(admission, forged, reason):
    with pytest.raises(TransactionError, match=reason):
        admission.check(transfer(**forged))


def test_a_body_changed_after_signing_is_refused(admission):
    signed = transaction(1)
    changed = msgspec.structs.replace(signed, body=msgspec.structs.replace(signed.body, number=2))
    with pytest.raises(TransactionError, match="does not verify"):
        admission.check(encode_transaction(changed))


def test_the_same_bytes_are_verified_once(admission):
    first = admission.check(transfer())
    assert admission.check(transfer()) is first
    assert admission._verifier.asked == 1


def test_a_refusal_is_not_remembered_as_an_admission(admission):
    for _ in range(2):
        with pytest.raises(TransactionError):
            admission.check(transfer(signers={"ann": "stranger"}))


@pytest.mark.parametrize(("bound", "value"), [("REMEMBERED_MAX", 3), ("REMEMBERED_BYTES_MAX", 3 * len(transfer(1)))])
def test_what_is_remembered_is_bounded_in_count_and_in_bytes(admission, monkeypatch, bound, value):
    monkeypatch.setattr(room, bound, value)
    for number in range(1, 11):
        admission.check(transfer(number))
    assert len(admission._admitted) <= 3
    assert admission._bytes == sum(map(len, admission._admitted))
    assert admission.check(transfer(10)) == transaction(10)
