"""The ledger's oracles: an honest execution passes, and each way to get it wrong is told apart."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.chain import BLOCKS
from consensus.properties import Agreement, Violation
from consensus.vocabulary import Commit, Put, Reply, Trace
from network.requests import Receipt, ReceiptEntry
from node.contracts.accounts import Account
from node.contracts.runtime import Execution
from node.ledger.state_tree import StateTree
from scenarios.adversary.books import Books, Tree
from tests.node.lab import CLIENTS, OPENING_FEN, Net, block_on, transfer

OPENING = dict.fromkeys(CLIENTS, OPENING_FEN)


@pytest.fixture
def replica():
    return Net()[0].replica


@pytest.fixture
def story(replica):
    """Two blocks of transfers and their executions: enough of them to overdraw, to oneself, and out of turn."""
    told, parent = [], None
    for numbers in ((1, 3), (2, 5, 4)):
        wanted = [transfer(n, amount=OPENING_FEN // 3, payee="ann" if n == 5 else "bob") for n in numbers]
        parent = block_on(replica, wanted, parent=parent)
        told.append((parent, replica.chain.append(parent, None)))
    return told


def tell(books, *story, node=0):
    for block, execution in story:
        books.on_commit(5, node, 1, Commit(block.height, block, None))
        books.on_trace(5, node, 1, Trace("executed", (block.height, execution)))


def bent(execution, changes):
    """An execution that leaves other entries behind."""
    return Execution(tree=execution.tree.update(changes), outcomes=execution.outcomes)


def cash(owner, fen):
    return {("accounts", f"{owner}/cash"): Account(owner=owner, kind="cash", balance_fen=fen)}


def test_an_honest_execution_passes_at_every_node(story):
    books = Books(OPENING)
    for node in range(3):
        tell(books, *story, node=node)
    assert books.height == 2
    assert [outcome.code for _, execution in story for outcome in execution.outcomes] == [
        *["ok"] * 4,
        "insufficient_funds",
    ]
    books.require_state(2, story[1][1].tree.root, "in the end")


def test_a_transfer_beyond_what_is_there_is_refused_by_the_model_too(replica):
    block = block_on(replica, [transfer(1, amount=OPENING_FEN + 1), transfer(2)])
    execution = replica.chain.append(block, None)
    tell(Books(OPENING), (block, execution))
    assert [outcome.code for outcome in execution.outcomes] == ["insufficient_funds", "ok"]


def test_two_roots_of_one_height(story):
    (block, execution), _ = story
    books = Books(OPENING)
    tell(books, story[0])
    other = bent(execution, cash("ann", 5))
    with pytest.raises(Violation, match=r"one root: the root after height 1 .*node 2\.1 at 5 ns; but .*node 0\.1"):
        tell(books, (block, other), node=2)
    with pytest.raises(Violation, match="one root"):
        books.require_state(1, other.tree.root, "in the end")


@pytest.mark.parametrize(
    ("changes", "property_", "told"),
    [
        (cash("bob", OPENING_FEN + 1), "money is conserved", "all accounts hold"),
        (cash("ann", -1) | cash("bob", 2 * OPENING_FEN + 1), "money is conserved", "ann holds -1 fen"),
        (cash("ann", 1) | cash("bob", 2 * OPENING_FEN - 1), "independent model", "ann/cash 1, not"),
        ({("postings", "ann/1"): None}, "independent model", "balances: all equal"),
        ({("client", "ann"): None}, "independent model", "the root after height 1"),
    ],
)
def test_an_execution_that_is_wrong(story, changes, property_, told):
    block, execution = story[0]
    with pytest.raises(Violation, match=told) as broken:
        tell(Books(OPENING), (block, bent(execution, changes)))
    assert broken.value.property == property_


def test_another_outcome_than_the_model_s(story):
    block, execution = story[0]
    refused = msgspec.structs.replace(execution.outcomes[0], code="insufficient_funds")
    wrong = Execution(tree=execution.tree, outcomes=(refused, *execution.outcomes[1:]))
    with pytest.raises(Violation, match=r"independent model: height 1: .*insufficient_funds.*the model says \['ok'"):
        tell(Books(OPENING), (block, wrong))


@pytest.fixture
def both(story):
    """The oracle of agreement, and books that ask it what a crash takes back."""
    agreement = Agreement(story[0][0].parent)
    for node in range(3):
        agreement.on_start(0, node, 1, {})
    return agreement, Books(OPENING, agreement)


def decide(both, *story, node=0):
    for block, execution in story:
        both[0].on_commit(5, node, 1, Commit(block.height, block, None))
        tell(both[1], (block, execution), node=node)


def crash(both, node=0):
    for oracle in both:
        oracle.on_crash(6, node, 1)


def test_a_crash_may_take_an_execution_back_and_another_comes_in_its_place(both, story):
    agreement, books = both
    decide(both, *story)
    agreement.on_durable(5, 0, 1, (Put(BLOCKS, 1, story[0][0]),), {})
    crash(both)
    assert books.height == 1
    replica = Net()[0].replica
    replica.chain.append(story[0][0], None)
    other = block_on(replica, [transfer(4)], parent=story[0][0])
    decide(both, story[0], (other, replica.chain.append(other, None)), node=1)
    assert books.height == 2
    books.require_state(2, replica.chain.tree.root, "in the end")


def test_a_crash_takes_back_no_execution_of_what_another_node_decided(both, story):
    decide(both, *story)
    decide(both, *story, node=1)
    crash(both)
    assert both[1].height == 2


def test_where_one_vote_decides_what_its_disk_holds_stands(story):
    agreement = Agreement(story[0][0].parent, sole=0)
    both = agreement, Books(OPENING, agreement)
    agreement.on_start(0, 0, 1, {})
    decide(both, *story)
    for oracle in both:
        oracle.on_start(6, 0, 2, {BLOCKS: {1: story[0][0]}})
    assert both[1].height == 1
    decide(both, story[1])
    assert both[1].height == 2


def receipt(outcome, code=None, client=None):
    entry = ReceiptEntry(outcome.number, outcome.transaction, code or outcome.code, b"")
    return Reply("ann", Receipt(client or outcome.client, 1, bytes(32), (entry,), bytes(64)))


def test_a_receipt_tells_what_became_of_it(story):
    books = Books(OPENING)
    tell(books, story[0])
    outcome = story[0][1].outcomes[0]
    books.on_leave(6, 0, 1, receipt(outcome), {})
    for wrong in (receipt(outcome, code="insufficient_funds"), receipt(outcome, client="bob")):
        with pytest.raises(Violation, match=r"true receipts: node 0\.1 at 6 ns tells"):
            books.on_leave(6, 0, 1, wrong, {})
    Books(OPENING, liars=frozenset({0})).on_leave(6, 0, 1, receipt(outcome, code="no"), {})


def test_nothing_is_asked_of_liars(story):
    block, execution = story[0]
    books = Books(OPENING, liars=frozenset({1}))
    tell(books, (block, bent(execution, cash("ann", 5))), node=1)
    assert books.height == 0


class Mark(msgspec.Struct, frozen=True):
    number: int


@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=3), st.integers(0, 9)), max_size=8)))
def test_the_tree_by_its_definition_is_the_ledger_s(batches):
    plain, tree = Tree(), StateTree.empty()
    for batch in batches:
        for namespace, key, number in batch:
            plain.put((namespace, key), {"number": number})
            tree = tree.update({(namespace, key): Mark(number)})
        assert plain.root() == tree.root
