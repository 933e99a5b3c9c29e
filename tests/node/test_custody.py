"""A node keeps payloads of collections for their members alone, for as long as they may live, and proves their end."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest
from msgspec.structs import replace

from consensus.vocabulary import Persist, Rejected, Reply, Send, SetTimer, Trace
from network.custody import Deposit, Hand, IsErased, State, Want, custody_bytes
from node.contracts.context import Event
from node.contracts.runtime import Execution, Outcome
from node.custody import CUSTODY, DEPOSITS_MAX, Safe, Safekept, Stage
from node.membership import Keys
from node.privacy import Mode, Payload, commit, enclose, seal_openings

NAMES = ("ann", "bob", "eve")
KEYS = {name: Keys(name.encode().ljust(32, b"s"), name.encode().ljust(32, b"x")) for name in NAMES}
RECORD = "ann/7"
FIELDS = {"visit/diagnosis": "ICD-10:N61", "visit/days": 4}
SECRET = b"a" * 32


class Identities:
    """Three organisations, each a member with a node and a wallet of its name; a node may be revoked."""

    def __init__(self):
        self.revoked = set()

    def member(self, node):
        standing = "key_revoked" if node in self.revoked else None
        certificate = SimpleNamespace(standing=lambda height: standing)  # noqa: ARG005 - from the start
        return SimpleNamespace(name=NAMES[node], certificate=certificate) if node < len(NAMES) else None

    def numbers_of(self, name):
        return (NAMES.index(name),) if name in NAMES else ()

    def seal_key_at(self, name, height):  # noqa: ARG002
        return KEYS[name].seal_key if name in KEYS else None


def safe(name, image=None, *, identities=None, secret=None):
    keys, identities = KEYS[name], identities or Identities()
    return Safe(
        me=NAMES.index(name),
        network="net",
        registry=lambda: identities,
        height=lambda: 5,
        seal_secret=keys.seal_secret if secret is None else secret,
        sign=keys.sign,
        image=image or {},
    )


def openings(fields=FIELDS, record=RECORD):
    return commit(SECRET, record, fields)


def collected(members=("ann", "bob"), live=0, record=RECORD, fields=FIELDS):
    recipients = [(name, KEYS[name].seal_key) for name in members]
    payload = Payload(
        record=record,
        openings=openings(fields, record),
        recipients=recipients,
        secret=SECRET,
        blocks_to_live=live,
    )
    return enclose(payload, Mode.COLLECTION)


def block(*envelopes, purge=()):
    events = tuple(Event(contract="collections", kind="purge_requested", values={"record": record}) for record in purge)
    outcome = Outcome(transaction=b"", client="ann", number=7, code="ok", envelopes=envelopes, events=events)
    return Execution(tree=None, outcomes=(outcome,))


def deposit(to="ann", fields=FIELDS, record=RECORD, client="ann"):
    sealed = seal_openings(b"w" * 32, record, openings(fields, record), [(to, KEYS[to].seal_key)])
    return Deposit(client, record, 0, msgspec.msgpack.encode(sealed))


def only(effects, kind):
    return [effect for effect in effects if isinstance(effect, kind)]


def stages(node):
    return [kept.stage for kept in node._kept.values()]


@pytest.fixture
def ann():
    """She brought it, and a block names her and bob."""
    node = safe("ann")
    node.keep(deposit())
    node.executed(5, block(collected()))
    return node


def fetched(giver, taker_name="bob"):
    """Bob's node, which has learnt of it and asked ``giver`` for it; and what it was handed."""
    bob = safe(taker_name)
    bob.executed(5, block(collected()))
    (answer,) = only(giver.receive(NAMES.index(taker_name), Want(RECORD, 0)), Send)
    return bob, answer.message


# --- our wallet


def test_a_deposit_is_durable_before_the_wallet_hears_of_it():
    effects = safe("ann").keep(deposit())
    assert [type(effect) for effect in effects] == [Persist, Reply]
    (put,) = effects[0].records
    assert (put.space, put.value.stage, put.value.openings) == (CUSTODY, Stage.DEPOSITED, openings())
    word = effects[1].message
    assert word.state is State.KEPT
    assert word.signature == KEYS["ann"].sign(custody_bytes("net", "ann", RECORD, 0, State.KEPT))


def test_a_deposit_that_comes_twice_is_kept_once(ann):
    effects = ann.keep(deposit())
    assert [type(effect) for effect in effects] == [Reply]
    assert stages(ann) == [Stage.HELD]


@pytest.mark.parametrize(
    "wrong",
    [
        deposit(client="bob"),
        deposit(to="bob"),
        replace(deposit(), record="ann/8"),
        replace(deposit(), version=1),
        replace(deposit(), sealed=b"\xc1"),
        replace(deposit(), sealed=deposit().sealed[:-1]),
        deposit(fields={"visit/diagnosis": "something else"}),
    ],
)
def test_a_deposit_that_is_none_changes_nothing(ann, wrong):
    before = dict(ann._kept)
    effects = ann.keep(wrong)
    assert [type(effect) for effect in effects] == [Trace]
    assert ann._kept == before


def test_deposits_that_nothing_commits_to_are_bounded():
    node = safe("ann")
    for number in range(DEPOSITS_MAX):
        node._note(Safekept(f"ann/1{number}", 0, Stage.DEPOSITED, ()))
    assert [type(effect) for effect in node.keep(deposit())] == [Trace]


# --- other members


def test_another_member_asks_for_it_and_gets_it():
    ann = safe("ann")
    ann.keep(deposit())
    ann.executed(5, block(collected()))
    bob = safe("bob")
    records, effects = bob.executed(5, block(collected()))
    assert [record.value.stage for record in records] == [Stage.AWAITED]
    (want,) = only(effects, Send)
    assert (want.to, want.message) == (0, Want(RECORD, 0))
    assert only(effects, SetTimer)
    (answer,) = ann.receive(1, want.message)
    (persist,) = bob.receive(0, answer.message)
    assert persist.records[0].value.openings == openings()
    assert b"N61" not in answer.message.sealed
    assert bob.timer() == []  # nothing is awaited any more


def test_who_is_no_member_gets_nothing(ann):
    effects = ann.receive(2, Want(RECORD, 0))
    assert [type(effect) for effect in effects] == [Rejected]
    assert safe("eve").executed(5, block(collected())) == ([], [])


@pytest.mark.parametrize("sender", [1, 7])
def test_a_node_that_is_revoked_or_unknown_gets_nothing(sender):
    identities = Identities()
    node = safe("ann", identities=identities)
    node.keep(deposit())
    node.executed(5, block(collected()))
    identities.revoked.add(1)
    assert [type(effect) for effect in node.receive(sender, Want(RECORD, 0))] == [Rejected]


@pytest.mark.parametrize("want", [Want("ann/8", 0), Want(RECORD, 1)])
def test_what_is_not_here_is_not_answered(ann, want):
    assert ann.receive(1, want) == []


def test_nothing_is_handed_out_before_a_block_says_to_whom():
    node = safe("ann")
    node.keep(deposit())
    assert node.receive(1, Want(RECORD, 0)) == []


@pytest.mark.parametrize("damage", ["other values", "sealed to another", "another record", "no envelope"])
def test_a_payload_that_is_not_what_the_chain_commits_to_is_refused(ann, damage):
    bob, hand = fetched(ann)
    keys = {"to": "eve"} if damage == "sealed to another" else {"to": "bob"}
    fields = {**FIELDS, "visit/days": 5} if damage == "other values" else FIELDS
    sealed = {"another record": deposit(to="bob", record="ann/8").sealed, "no envelope": b""}.get(
        damage, deposit(fields=fields, **keys).sealed
    )
    before = dict(bob._kept)
    assert [type(effect) for effect in bob.receive(0, Hand(RECORD, 0, sealed))] == [Rejected]
    assert bob._kept == before
    assert bob.receive(0, hand)  # the true one is taken still
    assert bob.receive(0, hand) == []  # once


def test_it_is_asked_for_until_it_comes_of_one_member_after_the_other():
    bob = safe("bob")
    three = ("ann", "bob", "eve")
    _, effects = bob.executed(5, block(collected(three)))
    asked = [effect.to for effect in effects if isinstance(effect, Send)]
    for _ in range(3):
        asked += [effect.to for effect in bob.timer() if isinstance(effect, Send)]
    assert asked == [0, 2, 0, 2]  # first whose transaction it came with


# --- the end


def erased(node):
    (kept,) = node._kept.values()
    return kept.stage, kept.openings


def test_a_purge_leaves_a_note_and_no_value(ann):
    records, effects = ann.executed(9, block(purge=(RECORD,)))
    assert erased(ann) == (Stage.ERASED, ())
    assert [record.value for record in records] == list(ann._kept.values())
    assert b"N61" not in msgspec.msgpack.encode(records)
    assert openings()[0].salt.encode() not in msgspec.msgpack.encode(records)
    assert only(effects, Trace)
    assert ann.receive(1, Want(RECORD, 0)) == []


def test_the_wallet_is_told_once_the_purge_is_done_and_not_before(ann):
    question = IsErased("ann", RECORD, 0)
    assert ann.keep(question) == []
    ann.executed(9, block(purge=(RECORD,)))
    (reply,) = ann.keep(question)
    assert reply.message.state is State.ERASED
    assert ann.keep(replace(question, client="bob")) == []
    assert ann.keep(replace(question, record="ann/8")) == []


@pytest.mark.parametrize(("height", "stage"), [(7, Stage.HELD), (8, Stage.ERASED), (80, Stage.ERASED)])
def test_its_blocks_to_live_end_at_their_height(height, stage):
    node = safe("ann")
    node.keep(deposit())
    node.executed(5, block(collected(live=3)))
    node.executed(height, block())
    assert stages(node) == [stage]


def test_what_never_came_is_waived_and_fetched_no_more():
    bob = safe("bob")
    bob.executed(5, block(collected()))
    bob.executed(6, block(purge=(RECORD,)))
    assert erased(bob) == (Stage.WAIVED, ())
    assert bob.timer() == []
    assert bob.keep(IsErased("bob", RECORD, 0))


def test_a_purge_in_the_block_that_brings_it_counts():
    node = safe("ann")
    node.keep(deposit())
    node.executed(5, block(collected(), purge=(RECORD,)))
    assert erased(node) == (Stage.ERASED, ())


def test_what_is_erased_comes_back_neither_by_deposit_nor_by_hand(ann):
    bob, hand = fetched(ann)
    bob.receive(0, hand)
    for node, again in ((ann, lambda: ann.keep(deposit())), (bob, lambda: bob.receive(0, hand))):
        node.executed(9, block(purge=(RECORD,)))
        assert not only(again(), Persist)
        assert erased(node) == (Stage.ERASED, ())


# --- a restart


def test_a_restart_goes_on_from_what_was_durable(ann):
    bob, hand = fetched(ann)
    again = safe("bob", {CUSTODY: dict(bob._kept)})
    (want, _) = again.started()
    assert want.message == Want(RECORD, 0)
    assert again.receive(0, hand)
    assert safe("bob", {CUSTODY: dict(again._kept)}).started() == []


def test_a_node_without_its_secret_takes_part_in_no_collection():
    node = safe("ann", secret=b"")
    assert node.executed(5, block(collected())) == ([], [])
    assert [type(effect) for effect in node.keep(deposit())] == [Trace]
