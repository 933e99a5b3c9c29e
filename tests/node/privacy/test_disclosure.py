"""Selective disclosure: chosen fields with proof, to one verifier, for one purpose, once; and nothing of the others."""

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.consent import Query
from node.ledger.light_client import Handover, gather_evidence
from node.membership.certificates import Certificate, ClientEntry
from node.privacy import derive
from node.privacy.commitments import commitment, commitments_of, openings_of
from node.privacy.disclosure import (
    OPEN_MAX,
    PRESENTATION_BYTES_MAX,
    Examiner,
    PresentationError,
    challenge_digest,
    decode_presentation,
    present,
)
from tests.node.ledger.conftest import LedgerBuilder

FIELDS = {
    "visit/diagnosis": "hepatitis-b",
    "visit/hospital": "hospital-1",
    "visit/nights": 4,
    "invoice/total": 325_500,
}
KEY = "bureau/1"
_encode = msgspec.msgpack.Encoder().encode
replace = msgspec.structs.replace


def openings(fields=None, secret=b"s" * 32):
    fields = FIELDS if fields is None else fields
    salts = {path: derive(secret, "salt", KEY, 0, path).hex() for path in fields}
    return openings_of(fields, salts)


def query(commitments):
    return Query("ANSWERED", "i", "i", "bureau", "aa", "claim", ("visit",), "", 0, "alice/1", ("visit",), commitments)


def entry(*certificates):
    return ClientEntry(role="patient", home=0, certificates=certificates)


def certificate(name, from_height=0, until_height=0, *, revoked=False):
    return Certificate(
        from_height=from_height,
        until_height=until_height,
        verify_key=LedgerBuilder.key(name).hex(),
        seal_key="00" * 32,
        recorded=0,
        revoked=revoked,
    )


class Scene:
    """A ledger whose state commits to ``FIELDS``; Alice shows some of them to a school abroad."""

    def __init__(self, protocol="pbft", fields=None, identity=None):
        self.ledger = LedgerBuilder(protocol)
        self.openings = openings(fields)
        changes = {("queries", KEY): query(commitments_of(self.openings))}
        if identity is not None:
            changes[ClientEntry.namespace, "alice"] = identity
        machine = self.ledger.machine
        machine.tree = machine.tree.update(changes)
        self.ledger.append()
        self.tree = machine.tree
        self.ledger.append()
        self.school = self.examiner("school")

    def examiner(self, name):
        count = iter(range(10**6))
        return Examiner(
            self.ledger.genesis,
            name,
            LedgerBuilder.key(name),
            lambda data: LedgerBuilder.sign(name, data),
            lambda: sha256(f"{name}/{next(count)}".encode()).digest(),
        )

    def evidence(self, namespace, key):
        return gather_evidence(self.ledger.chain, 2, self.tree, namespace, key)

    def present(self, challenge, *paths, signs="alice", asked_by="school", **changes):
        given = {
            "holder": "alice",
            "field": "commitments",
            "openings": [opening for opening in self.openings if opening.path in paths],
            "record": self.evidence("queries", KEY),
            "identity": self.evidence(ClientEntry.namespace, "alice"),
        }
        return present(
            challenge,
            asked_by=LedgerBuilder.key(asked_by),
            sign=lambda data: LedgerBuilder.sign(signs, data),
            **{**given, **changes},
        )


@pytest.fixture(scope="module")
def scene():
    return Scene()


def refused(scene, presentation, match):
    raw = presentation if isinstance(presentation, bytes) else _encode(presentation)
    with pytest.raises(PresentationError, match=match):
        scene.school.check(raw)


@pytest.mark.parametrize("protocol", ["solo", "raft", "pbft"])
def test_chosen_fields_are_shown_with_proof_to_one_who_knows_the_genesis(protocol):
    scene = Scene(protocol)
    challenge = scene.school.ask("enrolment", height=1)
    raw = _encode(scene.present(challenge, "visit/nights", "visit/hospital"))
    disclosed = scene.school.check(raw)
    assert disclosed.values == {"visit/hospital": "hospital-1", "visit/nights": 4}
    assert (disclosed.holder, disclosed.purpose, disclosed.height) == ("alice", "enrolment", 1)
    assert (disclosed.namespace, disclosed.key, disclosed.record["holder"]) == ("queries", KEY, "bureau")


def test_an_answer_is_taken_once(scene):
    raw = _encode(scene.present(scene.school.ask("enrolment", height=1), "visit/nights"))
    scene.school.check(raw)
    refused(scene, raw, "no challenge of ours that is still open")


def test_what_was_shown_to_one_cannot_be_shown_to_another_or_for_another_purpose(scene):
    mine, other = scene.school.ask("enrolment", height=1), scene.school.ask("marketing", height=1)
    presentation = scene.present(mine, "visit/nights")
    insurer = scene.examiner("insurer")
    insurer.ask("enrolment", height=1)
    with pytest.raises(PresentationError, match="no challenge of ours"):
        insurer.check(_encode(presentation))
    refused(scene, replace(presentation, challenge=challenge_digest(other)), "signature of alice")


def test_a_holder_answers_only_whom_they_mean_to_answer(scene):
    challenge = scene.school.ask("enrolment", height=1)
    with pytest.raises(PresentationError, match="not signed by school"):
        scene.present(challenge, "visit/nights", asked_by="insurer")
    relayed = replace(challenge, purpose="research")
    with pytest.raises(PresentationError, match="not signed by school"):
        scene.present(relayed, "visit/nights")


def test_the_record_must_stand_so_at_the_height_asked_for(scene):
    refused(scene, scene.present(scene.school.ask("enrolment", height=2), "visit/nights"), "asked for was 2")


@pytest.mark.parametrize(
    ("identity", "match"),
    [
        (entry(certificate("alice", 0, 1), certificate("new key", 1)), "signature of alice"),
        (entry(certificate("alice", 0, 1, revoked=True)), "no key in force"),
        (entry(certificate("alice", 2)), "no key in force"),
        (entry(), "no key in force"),
    ],
)
def test_a_key_that_was_revoked_or_replaced_speaks_for_nobody(identity, match):
    scene = Scene(identity=identity)
    refused(scene, scene.present(scene.school.ask("enrolment", height=1), "visit/nights"), match)


def test_a_key_that_was_issued_anew_speaks_for_its_holder():
    scene = Scene(identity=entry(certificate("alice", 0, 1), certificate("new key", 1)))
    presentation = scene.present(scene.school.ask("enrolment", height=1), "visit/nights", signs="new key")
    assert scene.school.check(_encode(presentation)).values == {"visit/nights": 4}


def test_whatever_is_changed_proves_nothing(scene):
    challenge = scene.school.ask("enrolment", height=1)
    good = scene.present(challenge, "visit/nights", "visit/hospital")
    shown = good.openings[0]
    identity = good.identity
    for changes, match in (
        ({"openings": (replace(shown, value="hospital-2"),)}, "signature of alice"),
        ({"openings": good.openings[:1]}, "signature of alice"),
        ({"holder": "bob"}, "not that of bob"),
        ({"field": "granted"}, "signature of alice"),
        ({"record": replace(good.record, key="bureau/2")}, "does not lead"),
        ({"record": replace(good.record, value=None)}, "does not lead"),
        ({"identity": replace(identity, key="bob")}, "not that of alice"),
        ({"identity": good.record}, "not that of alice"),
        ({"signature": bytes(64)}, "signature of alice"),
    ):
        refused(scene, replace(good, **changes), match)
    assert scene.school.check(_encode(good)).values == {"visit/hospital": "hospital-1", "visit/nights": 4}


def test_a_holder_who_lies_proves_nothing_either(scene):
    nights = next(opening for opening in scene.openings if opening.path == "visit/nights")
    for changes, match in (
        ({"openings": [replace(nights, value=5)]}, "visit/nights is not what"),
        ({"openings": [replace(nights, salt="00" * 32)]}, "visit/nights is not what"),
        ({"openings": [replace(nights, path="visit/hospital")]}, "visit/hospital is not what"),
        ({"openings": [nights, nights]}, "do not ascend"),
        ({"field": "granted"}, "visit/nights is not what"),
        ({"field": "state"}, "no commitments in state"),
        ({"field": "nothing"}, "no commitments in nothing"),
        ({"record": scene.evidence("queries", "none")}, "not to be there"),
        ({"signs": "bob"}, "signature of alice"),
        ({"holder": "bob", "identity": scene.evidence(ClientEntry.namespace, "bob")}, "signature of bob"),
        ({"holder": "eve", "identity": scene.evidence(ClientEntry.namespace, "eve")}, "eve has no key"),
    ):
        refused(scene, scene.present(scene.school.ask("enrolment", height=1), "visit/nights", **changes), match)


def test_a_challenge_names_a_height(scene):
    with pytest.raises(TypeError, match="height"):
        scene.school.ask("enrolment")
    with pytest.raises(ValueError, match="1 or later"):
        scene.school.ask("enrolment", height=0)


def test_every_flipped_byte_is_refused(scene):
    raw = _encode(scene.present(scene.school.ask("enrolment", height=1), "visit/nights"))
    for place in range(0, len(raw), 7):
        for bit in (1, 128):
            mutated = bytearray(raw)
            mutated[place] ^= bit
            with pytest.raises(PresentationError):
                scene.school.check(bytes(mutated))
    scene.school.check(raw)


@pytest.mark.parametrize(
    "raw", [b"", b"\xc1", b"\x91" * 5000, b"\x97" + b"\xc0" * 7, bytes(PRESENTATION_BYTES_MAX + 1)]
)
def test_what_is_no_presentation_is_refused(scene, raw):
    refused(scene, raw, "does not decode|the limit is")


def test_one_that_is_spelled_differently_is_refused(scene):
    raw = _encode(scene.present(scene.school.ask("enrolment", height=1), "visit/nights"))
    refused(scene, b"\xdc\x00\x07" + raw[1:], "not the canonical encoding")
    decode_presentation(raw)


def test_a_change_of_members_that_is_not_proven_is_not_followed(scene):
    evidence = scene.evidence("queries", KEY)
    with pytest.raises(PresentationError, match="not the only one"):
        scene.school.follow(Handover(evidence.headers, evidence.certificate, b"nothing", ()))


def test_challenges_that_nobody_answers_do_not_pile_up(scene):
    school = scene.examiner("school")
    first = school.ask("enrolment", height=1)
    for _ in range(OPEN_MAX):
        school.ask("enrolment", height=1)
    with pytest.raises(PresentationError, match="still open"):
        school.check(_encode(scene.present(first, "visit/nights")))


values = st.one_of(st.integers(-(2**40), 2**40), st.text("abcdefgh", min_size=6, max_size=12))


@settings(max_examples=10, deadline=None)
@given(
    st.lists(values, min_size=4, max_size=4, unique=True), st.sets(st.integers(0, 3), min_size=1, max_size=3), values
)
def test_nothing_of_the_other_fields_is_shown(four, chosen, guess):
    """Neither value nor salt of a hidden field is in it, and a right guess cannot be told from a wrong one."""
    fields = dict(zip(sorted(FIELDS), four, strict=True))
    scene = Scene(fields=fields)
    shown = {sorted(FIELDS)[place] for place in chosen}
    raw = _encode(scene.present(scene.school.ask("enrolment", height=1), *shown))
    assert scene.school.check(raw).values == {path: fields[path] for path in shown}
    salts_shown = [opening.salt for opening in decode_presentation(raw).openings]
    windows = {raw[place : place + 32].hex() for place in range(len(raw) - 31)}
    for opening in scene.openings:
        if opening.path in shown:
            continue
        assert opening.salt.encode() not in raw
        assert bytes.fromhex(opening.salt) not in raw
        if isinstance(opening.value, str):
            assert opening.value.encode() not in raw
        for salt in (*salts_shown, *windows):
            assert opening.digest not in {commitment(opening.path, value, salt) for value in (opening.value, guess)}
