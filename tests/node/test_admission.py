"""Admission: what may wait to be ordered, and what it costs to be asked."""

import msgspec
import pytest

from node import admission as room
from node.admission import Admission
from node.ledger.transaction import TransactionError, encode_transaction
from node.membership import Certificate, ClientEntry, Directory, Registry, Verifier
from tests.node.lab import KEYS, genesis, transaction, transfer


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


# Keys that the chain certified


def registry_after(*changes):
    """A registry of that genesis in which ``changes`` of clients' entries were made."""
    records = {(ClientEntry.namespace, name): entry for name, entry in changes}
    return Registry.of(genesis(), lambda *place: records.get(place))


def signed_by(key, number=1):
    return transfer(number, signers={"ann": key})


def ann(*certificates):
    return "ann", ClientEntry("insurer", 0, certificates)


def certificate(key, recorded, **ends):
    return Certificate(recorded + 1, 0, KEYS.verify_key(key).hex(), KEYS.seal_key(key).hex(), recorded, **ends)


def test_any_key_that_the_registry_ever_certified_for_the_name_will_do(admission):
    registry = registry_after(ann(certificate("ann", -1), certificate("stranger", 5)))
    for key in ("ann", "stranger"):
        assert admission.check(signed_by(key), registry).signers == ("ann",)
    with pytest.raises(TransactionError, match="the signature of ann does not verify"):
        admission.check(signed_by("bob"), registry)


def test_what_a_later_registry_admitted_an_earlier_one_does_not(admission):
    """Replicas of a virtual world share one memory, and not all are equally far."""
    raw, later = signed_by("stranger"), registry_after(ann(certificate("ann", -1), certificate("stranger", 5)))
    admission.check(raw, later)
    for earlier in (None, registry_after()):
        with pytest.raises(TransactionError):
            admission.check(raw, earlier)
        with pytest.raises(TransactionError):
            admission.require_signed(raw, admission.read(raw), earlier)
    assert admission.check(raw, later, as_of=5) is admission.check(raw, later)
    with pytest.raises(TransactionError):
        admission.check(raw, later, as_of=4)


def test_keys_of_the_genesis_are_remembered_whatever_the_registry(admission):
    first = admission.check(transfer())
    again = admission.check(transfer(), registry_after(ann(certificate("ann", -1), certificate("stranger", 5))))
    assert again is first
    assert admission._verifier.asked == 1


def test_one_clients_key_is_no_others(admission):
    registry = registry_after(ann(certificate("ann", -1), certificate("stranger", 5)))
    with pytest.raises(TransactionError, match="the signature of bob does not verify"):
        admission.check(transfer(client="bob", payee="ann", signers={"bob": "stranger"}), registry)
