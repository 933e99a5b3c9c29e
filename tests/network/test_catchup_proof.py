"""Which of the blocks that a peer calls decided are: those that link to our head, as far as a certificate reaches."""

from hypothesis import given
from hypothesis import strategies as st

from consensus.proof import proven_length
from network.catchup import above
from tests.properties.blocks import GENESIS, block, certificate, chain

CHAIN = chain(5)


def proof(of, signers=(0, 1, 2)):
    return certificate(of, signers)


def certifies(candidate, shown):
    return shown == proof(candidate)


def given_blocks(*certified, blocks=CHAIN):
    return [(b, proof(b) if b.height in certified else None) for b in blocks]


def heights(blocks, height=0, head=GENESIS):
    run = above(blocks, height)
    return [b.height for b, _ in run[: proven_length(run, height, head, certifies)]]


def test_a_certificate_vouches_for_all_before_it():
    assert heights(given_blocks(4)) == [1, 2, 3, 4]


def test_blocks_after_the_last_certificate_prove_nothing():
    assert heights(given_blocks(2)) == [1, 2]
    assert heights(given_blocks()) == []


def test_blocks_that_we_have_are_passed_over():
    assert heights(given_blocks(5), height=3, head=CHAIN[2].hash) == [4, 5]


def test_blocks_that_do_not_link_to_our_head_prove_nothing():
    assert heights(given_blocks(5), height=0, head=b"x" * 32) == []
    assert heights(given_blocks(5), height=3, head=b"x" * 32) == []


def test_a_gap_ends_what_is_proven():
    blocks = given_blocks(2, 5)
    assert heights([*blocks[:2], *blocks[3:]]) == [1, 2]
    assert heights(blocks[1:]) == []


def test_a_block_that_names_another_parent_ends_what_is_proven():
    stranger = block(3, b"x" * 32)
    assert heights([*given_blocks(2)[:2], (stranger, proof(stranger))]) == [1, 2]


def test_a_certificate_that_does_not_hold_ends_what_is_proven():
    blocks = given_blocks(1, 5)
    blocks[2] = (CHAIN[2], proof(CHAIN[2], signers=(4, 5)))
    assert heights(blocks) == [1]


def test_blocks_out_of_order_prove_nothing():
    assert heights(list(reversed(given_blocks(1, 5)))) == []


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=10), st.integers(0, 5))
def test_whatever_comes_what_is_proven_follows_our_head_and_ends_in_a_certificate(picks, height):
    head = CHAIN[height - 1].hash if height else GENESIS
    shown = [(CHAIN[i], proof(CHAIN[i]) if certified else None) for i, certified in picks]
    run = above(shown, height)
    found = run[: proven_length(run, height, head, certifies)]
    assert [b.height for b, _ in found] == list(range(height + 1, height + 1 + len(found)))
    assert not found or found[-1][1] is not None
