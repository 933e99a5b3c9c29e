"""The oracles of what PBFT's replicas believe and do when views change: each speaks up, and lets what is right pass."""

from hashlib import sha256

import pytest

from consensus.chain import CERTIFICATES
from consensus.configuration import Configuration
from consensus.pbft.messages import PREPARED, VIEW, NewView, PreparedCertificate, Reproposal, ViewChange, ViewRecord
from consensus.properties import Violation
from consensus.snapshots import Snapshot
from consensus.vocabulary import Install, Put, Trace
from scenarios.adversary.pbft_oracles import Proofs, ViewWords
from tests.properties.blocks import GENESIS, block, chain

VOTERS = (0, 1, 2, 3)
S = bytes(64)
ONE = chain(1)[0]


def asks(node, view, *proofs):
    return ViewChange(view, node, 0, GENESIS, None, proofs, S)


@pytest.fixture
def words():
    oracle = ViewWords(VOTERS)
    for node in VOTERS:
        oracle.on_start(0, node, 1, {})
    return oracle


def hear(oracle, *views, node=3):
    for sender, view in enumerate(views):
        oracle.on_receive(5, node, 1, sender, asks(sender, view))


def test_who_is_asked_by_f_plus_1_for_higher_views_joins_them(words):
    hear(words, 2)
    hear(words, 2)
    hear(words, 2, 3)
    with pytest.raises(Violation, match=r"join f \+ 1: node 3\.1 is in view 0 still, .* views \[3, 2\]"):
        words.on_receive(6, 3, 1, 0, object())


def test_who_joined_or_started_again_since_is_not_blamed(words):
    hear(words, 2, 3)
    words.on_persist(5, 3, 1, (Put(VIEW, "view", ViewRecord(2, True)),))
    hear(words, 2, 3, node=2)
    words.on_start(6, 2, 2, {})
    for node in (2, 3):
        words.on_receive(7, node, 1, 0, object())
    assert words._views[3] == 2


def proofs(*, valid=True):
    return Proofs(VOTERS, lambda *_: valid)


def prepared(*backups, view=1, what=ONE):
    return PreparedCertificate(view, what.header, S, tuple((node, S) for node in backups))


def write(oracle, space, key, value, node=3):
    oracle.on_persist(5, node, 1, (Put(space, key, value),))


def test_a_prepared_certificate_holds_a_quorum():
    write(proofs(), PREPARED, 1, prepared(2, 3))
    for oracle, wrong in ((proofs(), prepared(2)), (proofs(), prepared(2, 2)), (proofs(valid=False), prepared(2, 3))):
        with pytest.raises(Violation, match="prepared is proven: node 3"):
            write(oracle, PREPARED, 1, wrong)


def new_view(*blocks, signers=(0, 1, 2), reported=()):
    changes = tuple(asks(node, 2, *reported) for node in signers)
    return NewView(2, changes, tuple(Reproposal(b.height, b.hash, S) for b in blocks), S)


def test_a_new_view_is_proven():
    write(proofs(), VIEW, "new-view", new_view(ONE, reported=(prepared(2, 3),)))
    wrong = (
        (proofs(), new_view(signers=(0, 1))),
        (proofs(valid=False), new_view()),
    )
    for oracle, message in wrong:
        with pytest.raises(Violation, match="new view is proven: node 3"):
            write(oracle, VIEW, "new-view", message)


def test_a_new_view_proposes_what_its_view_changes_prescribe():
    for message in (new_view(ONE), new_view(reported=(prepared(2, 3),))):
        with pytest.raises(Violation, match="new view recomputed: node 3"):
            write(proofs(), VIEW, "new-view", message)


def test_what_a_new_view_leaves_out_is_given_up():
    message, left = new_view(), {PREPARED: {1: prepared(2, 3)}}
    record = (Put(VIEW, "new-view", message),)
    proofs().on_durable(5, 3, 1, record, {PREPARED: {}})
    with pytest.raises(Violation, match="given up is forgotten: node 3"):
        proofs().on_durable(5, 3, 1, record, left)


def test_what_was_certified_before_the_new_view_came_needs_no_giving_up():
    """Its COMMITs overtook the NEW-VIEW, and it stands; what lies below it is reported no more."""
    two = block(2, ONE.hash)
    record, left = (Put(VIEW, "new-view", new_view()),), {1: prepared(2, 3), 2: prepared(2, 3, what=two)}
    proofs().on_durable(5, 3, 1, record, {PREPARED: left, CERTIFICATES: {1: S, 2: S}})
    with pytest.raises(Violation, match=f"keeps {two.hash.hex()[:8]}, prepared in view 1 at height 2"):
        proofs().on_durable(5, 3, 1, record, {PREPARED: left, CERTIFICATES: {1: S}})


def test_what_other_members_prepared_in_views_of_their_own_is_nothing_to_give_up():
    """A slow disk writes a NEW-VIEW, the checkpoint that ends its epoch, and what the next members prepare, at once."""
    two = block(2, ONE.hash)
    record, left = (Put(VIEW, "new-view", new_view()),), {PREPARED: {2: prepared(2, 3, what=two)}}
    oracle = proofs()
    oracle.on_trace(4, 3, 1, Trace("pbft.epoch", (1, *VOTERS)))
    oracle.on_durable(5, 3, 1, record, left)
    with pytest.raises(Violation, match="given up is forgotten: node 3"):
        proofs().on_durable(5, 3, 1, record, left)


def test_an_installed_state_is_the_one_that_is_listed():
    chunks = (b"one", b"two")
    digests = tuple(sha256(chunk).digest() for chunk in chunks)
    snapshot = Snapshot(block(3, GENESIS).header, Configuration(voters=VOTERS), digests)
    proofs().on_install(5, 3, 1, Install(3, snapshot, chunks))
    for wrong in ((*chunks[:-1], b"other"), chunks[:-1]):
        with pytest.raises(Violation, match="state as listed: node 3"):
            proofs().on_install(5, 3, 1, Install(3, snapshot, wrong))
