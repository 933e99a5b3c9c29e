"""The chain a node holds: nothing gets on it that contradicts what the node computed itself."""

import pytest

from consensus.chain import Block
from node.chain_state import ChainState, Divergence
from tests.node.lab import Net, block_on, reheaded, transfer


@pytest.fixture
def replica():
    return Net()[0].replica


@pytest.fixture
def chain(replica):
    """Five blocks, each with one transfer; certificates stand beside heights 2 and 4 only."""
    chain = replica.chain
    for number in range(1, 6):
        chain.append(block_on(replica, [transfer(number)]), f"certificate {number}" if number in (2, 4) else None)
    return chain


def heights(found):
    return [block.height for block, _ in found]


def test_a_block_that_does_not_follow_the_head_diverges(replica, chain):
    with pytest.raises(Divergence, match="does not follow our head at 5"):
        chain.append(block_on(replica, [], parent=chain.entry(3).block), None)


def test_a_block_that_names_another_parent_diverges(replica, chain):
    head = chain.head
    rival = Block(reheaded(head.header, state=b"x" * 32), head.transactions)
    with pytest.raises(Divergence, match="does not follow"):
        chain.append(block_on(replica, [], parent=rival), None)


def test_a_decided_block_with_another_state_diverges_and_changes_nothing(replica, chain):
    root = chain.tree.root
    with pytest.raises(Divergence, match="states root 0000"):
        chain.append(block_on(replica, [transfer(6)], state=bytes(32)), None)
    assert (chain.height, chain.tree.root) == (5, root)


def test_a_block_may_not_state_its_own_height(replica, chain):
    with pytest.raises(Divergence):
        chain.append(block_on(replica, [], state_height=6), None)


def test_blocks_are_given_as_far_as_a_certificate_proves_them(chain):
    assert heights(chain.between(1, 64, 10**6)) == [1, 2, 3, 4]
    assert heights(chain.between(3, 64, 10**6)) == [3, 4]
    assert chain.between(5, 64, 10**6) == ()


def test_no_more_blocks_are_given_than_asked_for(chain):
    assert heights(chain.between(1, 3, 10**6)) == [1, 2]


def test_blocks_too_large_together_are_given_as_far_as_the_first_certificate(chain):
    assert heights(chain.between(1, 64, 0)) == [1, 2]
    assert heights(chain.between(2, 64, 0)) == [2]


@pytest.mark.parametrize("start", [6, 2**62])
def test_nothing_is_given_above_the_head(chain, start):
    assert chain.between(start, 64, 10**6) == ()


def test_genesis_is_never_given(chain):
    assert heights(chain.between(0, 3, 10**6)) == [1, 2]


def test_a_chain_recovered_from_its_blocks_is_the_same_chain(chain):
    setup = Net().common
    other = ChainState(setup.genesis_block, setup.genesis_tree, setup.execute)
    blocks = {height: chain.entry(height).block for height in range(1, 6)}
    executions = other.recover(blocks, {2: "certificate 2"})
    assert len(executions) == 5
    assert (other.head, other.tree.root) == (chain.head, chain.tree.root)
    assert [other.entry(h).certificate for h in (1, 2, 3)] == [None, "certificate 2", None]


def test_recovery_stops_at_a_gap(chain):
    setup = Net().common
    other = ChainState(setup.genesis_block, setup.genesis_tree, setup.execute)
    other.recover({1: chain.entry(1).block, 3: chain.entry(3).block}, {})
    assert other.height == 1


def test_another_nodes_certificates_make_another_view_of_the_same_chain(chain):
    other = chain.with_certificates({5: "late"})
    assert [other.entry(h).certificate for h in range(6)] == [None, None, None, None, None, "late"]
    assert (other.height, other.tree.root, other.root(3)) == (chain.height, chain.tree.root, chain.root(3))
    assert chain.entry(2).certificate == "certificate 2"
