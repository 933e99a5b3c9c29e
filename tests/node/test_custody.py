"""A node keeps payloads of collections for their members alone, for as long as they may live, and proves their end."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest
from msgspec.structs import replace

from consensus.vocabulary import Persist, Rejected, Reply, Send, SetTimer, Trace
from network.custody import Deposit, Hand, IsErased, State, Want, custody_bytes
from node.contracts.context import Event
from node.contracts.deposits import Deposit as Entrusted
from node.contracts.runtime import Execution, Outcome
from node.custody import CUSTODY, DEPOSIT_BLOCKS, DEPOSITS_MAX, Safe, Safekept, Stage
from node.custody.errand import ASKED_AT_ONCE, GIVEN_MAX, RETRY_NS
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
        if node >= len(NAMES):
            return None
        seal_key = KEYS[NAMES[node]].seal_key.hex()
        certificate = SimpleNamespace(standing=lambda height: standing, seal_key=seal_key)  # noqa: ARG005 - from the start
        return SimpleNamespace(name=NAMES[node], certificate=certificate)

    def numbers_of(self, name):
        return (NAMES.index(name),) if name in NAMES else ()


class Chain:
    """What a safe sees of the chain: how high it is, what is executed, and what the state says of deposits."""

    def __init__(self, height=5):
        self.height = height
        self.gap = None
        self.deposits = {}
        self.done = set()
        self.tree = SimpleNamespace(get=lambda namespace, key: self.deposits.get(key))  # noqa: ARG005 - one is asked for

    def executed(self, client, number):
        return (client, number) in self.done

    def says(self, state, record="ann/7", members=("ann", "bob")):
        """A block was executed at our head that left the deposit in that state."""
        self.done.add(("ann", int(record.partition("/")[2])))
        self.deposits[record] = Entrusted(state=state, members=members, until=0, attest_within_ms=1)


def safe(name, image=None, *, identities=None, secret=None, chain=None):
    keys, identities = KEYS[name], identities or Identities()
    return Safe(
        me=NAMES.index(name),
        name=name,
        network="net",
        registry=lambda: identities,
        chain=chain or Chain(),
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
    return [kept.stage for kept in node._shelf]


def on_disk(node):
    return {CUSTODY: {kept.key: kept for kept in node._shelf}}


def executed(node, height, execution):
    """At its head."""
    node._chain.height = height
    return node.executed(height, execution)


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
    (answer,) = only(giver.receive(0, NAMES.index(taker_name), Want(RECORD, 0)), Send)
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
    before = list(ann._shelf)
    effects = ann.keep(wrong)
    assert [type(effect) for effect in effects] == [Trace]
    assert list(ann._shelf) == before


def test_deposits_that_nothing_commits_to_are_bounded():
    node = safe("ann")
    for number in range(DEPOSITS_MAX):
        node._shelf.put(Safekept(f"ann/1{number}", 0, Stage.DEPOSITED, ()))
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
    (answer,) = ann.receive(0, 1, want.message)
    (persist,) = bob.receive(0, 0, answer.message)
    assert persist.records[0].value.openings == openings()
    assert b"N61" not in answer.message.sealed
    assert bob.timer() == []  # nothing is awaited any more


def test_who_is_no_member_gets_nothing(ann):
    effects = ann.receive(0, 2, Want(RECORD, 0))
    assert [type(effect) for effect in effects] == [Rejected]
    assert safe("eve").executed(5, block(collected())) == ([], [])


@pytest.mark.parametrize("sender", [1, 7])
def test_a_node_that_is_revoked_or_unknown_gets_nothing(sender):
    identities = Identities()
    node = safe("ann", identities=identities)
    node.keep(deposit())
    node.executed(5, block(collected()))
    identities.revoked.add(1)
    assert [type(effect) for effect in node.receive(0, sender, Want(RECORD, 0))] == [Rejected]


@pytest.mark.parametrize("want", [Want("ann/8", 0), Want(RECORD, 1)])
def test_what_is_not_here_is_not_answered(ann, want):
    assert ann.receive(0, 1, want) == []


def test_nothing_is_handed_out_before_a_block_says_to_whom():
    node = safe("ann")
    node.keep(deposit())
    assert node.receive(0, 1, Want(RECORD, 0)) == []


@pytest.mark.parametrize("damage", ["other values", "sealed to another", "another record", "no envelope"])
def test_a_payload_that_is_not_what_the_chain_commits_to_is_refused(ann, damage):
    bob, hand = fetched(ann)
    keys = {"to": "eve"} if damage == "sealed to another" else {"to": "bob"}
    fields = {**FIELDS, "visit/days": 5} if damage == "other values" else FIELDS
    sealed = {"another record": deposit(to="bob", record="ann/8").sealed, "no envelope": b""}.get(
        damage, deposit(fields=fields, **keys).sealed
    )
    before = list(bob._shelf)
    assert [type(effect) for effect in bob.receive(0, 0, Hand(RECORD, 0, sealed))] == [Rejected]
    assert list(bob._shelf) == before
    assert bob.receive(0, 0, hand)  # the true one is taken still
    assert bob.receive(0, 0, hand) == []  # once


def test_it_is_asked_for_until_it_comes_of_one_member_after_the_other():
    bob = safe("bob")
    three = ("ann", "bob", "eve")
    _, effects = bob.executed(5, block(collected(three)))
    asked = [effect.to for effect in effects if isinstance(effect, Send)]
    for _ in range(3):
        asked += [effect.to for effect in bob.timer() if isinstance(effect, Send)]
    assert asked == [0, 2, 0, 2]  # first whose transaction it came with


def test_whoever_asks_again_and_again_is_given_so_many_in_a_time(ann):
    given = [bool(ann.receive(now, 1, Want(RECORD, 0))) for now in range(GIVEN_MAX + 5)]
    assert sum(given) == GIVEN_MAX
    assert not given[-1]
    assert ann.receive(RETRY_NS, 1, Want(RECORD, 0))


# --- the end


def erased(node):
    (kept,) = node._shelf
    return kept.stage, kept.openings


def test_a_purge_leaves_a_note_and_no_value(ann):
    records, effects = ann.executed(9, block(purge=(RECORD,)))
    assert erased(ann) == (Stage.ERASED, ())
    assert [record.value for record in records] == list(ann._shelf)
    assert b"N61" not in msgspec.msgpack.encode(records)
    assert openings()[0].salt.encode() not in msgspec.msgpack.encode(records)
    assert only(effects, Trace)
    assert ann.receive(0, 1, Want(RECORD, 0)) == []


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
    executed(node, height, block())
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
    bob.receive(0, 0, hand)
    for node, again in ((ann, lambda: ann.keep(deposit())), (bob, lambda: bob.receive(0, 0, hand))):
        node.executed(9, block(purge=(RECORD,)))
        assert not only(again(), Persist)
        assert erased(node) == (Stage.ERASED, ())


# --- a transaction that does not come


OTHERS = Execution(tree=None, outcomes=())
"""A block of others."""


def lapsed(code):
    """A block that used up number 7 of ann's without committing to anything."""
    return Execution(tree=None, outcomes=(Outcome(transaction=b"", client="ann", number=7, code=code),))


@pytest.mark.parametrize("code", ["wrong_recipients", "ok", "duplicate"])
def test_what_its_transaction_did_not_commit_to_is_erased(code):
    node = safe("ann")
    node.keep(deposit())
    records, _ = executed(node, 9, lapsed(code))
    assert erased(node) == (Stage.LAPSED, ())
    assert [record.value for record in records] == list(node._shelf)
    assert b"N61" not in msgspec.msgpack.encode(records)
    node._chain.done.add(("ann", 7))
    assert [type(effect) for effect in node.keep(deposit())] == [Trace]


def test_a_refusal_takes_nothing_that_a_block_committed_to(ann):
    assert executed(ann, 9, lapsed("duplicate")) == ([], [])
    assert stages(ann) == [Stage.HELD]


@pytest.mark.parametrize("late", [False, True])
def test_what_nothing_commits_to_in_time_is_erased_and_may_be_brought_again(late):
    node = safe("ann", chain=Chain(100))
    node.keep(deposit())
    assert executed(node, 99 + DEPOSIT_BLOCKS, OTHERS) == ([], [])
    executed(node, 100 + DEPOSIT_BLOCKS, OTHERS)
    assert erased(node) == (Stage.LAPSED, ())
    assert node.keep(IsErased("ann", RECORD, 0)) == []  # the chain may yet say that she holds it
    if late:
        executed(node, 101 + DEPOSIT_BLOCKS, block(collected()))
        assert stages(node) == [Stage.AWAITED]
    assert only(node.keep(deposit()), Persist)
    assert stages(node) == [Stage.HELD if late else Stage.DEPOSITED]
    executed(node, 110 + DEPOSIT_BLOCKS, OTHERS)
    assert stages(node) == [Stage.HELD if late else Stage.DEPOSITED]


@pytest.mark.parametrize("record", ["ann", "ann/", "ann/x", "ann/07", "ann/-1", "ann/٧"])
def test_a_deposit_for_what_no_transaction_can_carry_is_refused(record):
    assert [type(effect) for effect in safe("ann").keep(deposit(record=record))] == [Trace]


def test_what_lapses_makes_room():
    node = safe("ann", chain=Chain(100))
    for number in range(DEPOSITS_MAX):
        node._shelf.put(Safekept(f"ann/1{number}", 0, Stage.DEPOSITED, (), height=1))
    executed(node, 1 + DEPOSIT_BLOCKS, OTHERS)
    assert only(node.keep(deposit()), Persist)


# --- blocks that come late, or twice


@pytest.mark.parametrize("end", [None, "purge", "life"])
@pytest.mark.parametrize("came", [True, False])
def test_a_block_that_is_executed_again_changes_nothing(came, end):
    node = safe("ann")
    if came:
        node.keep(deposit())
    first = block(collected(live=3 if end == "life" else 0))
    node.executed(5, first)
    if end:
        executed(node, 9, block(purge=(RECORD,) if end == "purge" else ()))
    before = list(node._shelf)
    assert node.executed(5, first) == ([], [])
    assert list(node._shelf) == before


def skipping(state, members=("ann", "bob")):
    """Ann's chain: a snapshot of height 50 was installed, whose state says so of the record in the gap below."""
    chain = Chain(50)
    chain.gap = SimpleNamespace()
    chain.says(state, members=members)
    return chain


@pytest.mark.parametrize("state", ["PURGING", "PURGED"])
def test_a_purge_above_the_gap_reaches_a_record_inside_it(state):
    bob = safe("bob", chain=skipping(state))
    _, effects = bob.executed(7, block(collected()))
    assert erased(bob) == (Stage.WAIVED, ())
    assert not only(effects, Send)


def test_a_life_that_ended_above_the_block_is_over():
    bob = safe("bob", chain=skipping("HELD"))
    bob.executed(7, block(collected(live=3)))
    assert erased(bob) == (Stage.WAIVED, ())


@pytest.mark.parametrize("again", [True, False])
def test_a_purge_that_was_skipped_is_done_when_the_state_is_taken_over_or_at_the_next_start(again):
    chain = Chain()
    ann = safe("ann", chain=chain)
    ann.keep(deposit())
    ann.executed(5, block(collected()))
    chain.says("PURGING")
    if again:
        ann = safe("ann", on_disk(ann), chain=chain)
        (persist, *_) = ann.started()
        assert isinstance(persist, Persist)
    else:
        records, _ = ann.overtaken()
        assert [record.value.stage for record in records] == [Stage.ERASED]
    assert erased(ann) == (Stage.ERASED, ())


def test_a_deposit_waits_for_its_block_in_the_gap():
    chain = skipping("HELD")
    ann = safe("ann", chain=chain)
    assert only(ann.keep(deposit()), Persist)
    assert ann.overtaken() == ([], [])
    ann.executed(7, block(collected()))
    assert stages(ann) == [Stage.HELD]


@pytest.mark.parametrize("chain", [skipping("PURGED"), skipping("HELD", members=("bob", "eve"))])
def test_a_deposit_whose_time_is_over_by_the_state_taken_over_is_refused(chain):
    assert [type(effect) for effect in safe("ann", chain=chain).keep(deposit())] == [Trace]


def test_a_node_that_the_chain_has_yet_to_certify_asks_once_it_has():
    identities = Identities()
    identities.revoked.add(1)  # its number holds no certificate in force as far as it has executed
    bob = safe("bob", identities=identities)
    records, effects = bob.executed(5, block(collected()))
    assert [record.value.stage for record in records] == [Stage.AWAITED]
    assert [type(effect) for effect in effects] == [SetTimer]
    assert [type(effect) for effect in bob.timer()] == [SetTimer]
    identities.revoked.clear()
    assert [effect.message for effect in only(bob.timer(), Send)] == [Want(RECORD, 0)]


def test_a_backlog_is_asked_for_a_part_at_a_time_and_new_errands_put_nothing_off():
    bob = safe("bob")
    records = [f"ann/{number}" for number in range(1, 2 * ASKED_AT_ONCE + 1)]
    sent, timers = [], []
    for record in records:
        _, effects = bob.executed(5, block(collected(record=record)))
        sent += only(effects, Send)
        timers += only(effects, SetTimer)
    assert (len(sent), len(timers)) == (ASKED_AT_ONCE, 1)
    asked = [[send.message.record for send in only(bob.timer(), Send)] for _ in range(2)]
    assert [len(each) for each in asked] == [ASKED_AT_ONCE] * 2
    assert set(asked[0]) | set(asked[1]) == set(records)


# --- a restart


def test_a_restart_goes_on_from_what_was_durable(ann):
    bob, hand = fetched(ann)
    again = safe("bob", on_disk(bob))
    (want, _) = again.started()
    assert want.message == Want(RECORD, 0)
    assert again.receive(0, 0, hand)
    assert safe("bob", on_disk(again)).started() == []


def test_a_node_without_its_secret_takes_part_in_no_collection():
    node = safe("ann", secret=b"")
    assert node.executed(5, block(collected())) == ([], [])
    assert [type(effect) for effect in node.keep(deposit())] == [Trace]
