"""Solo: the smallest core, which shows what every core has to keep to."""

import inspect

import pytest

from consensus import solo
from consensus.chain import BLOCKS, verify_certificate
from consensus.protocols import Core, Setup, Slot
from consensus.solo import Solo
from consensus.vocabulary import Commit, LocalProtocolError, Rejected
from network.virtual.crypto import ModelCrypto
from tests.properties.blocks import GENESIS, NOTARY, block, certificate

FIRST = block(1, GENESIS, round_=0)
SECOND = block(2, FIRST.hash, round_=0)


def core(me=0, image=None):
    return Solo(
        Setup(
            me=me,
            voters=(0,),
            genesis=GENESIS,
            application=None,
            crypto=ModelCrypto(NOTARY, me),
            image=image or {},
            random=lambda: 0,
        )
    )


@pytest.fixture
def orderer():
    orderer = core()
    orderer.start(0)
    return orderer


@pytest.fixture
def observer():
    observer = core(me=1)
    observer.start(0)
    return observer


def refuses(core, call, match):
    before = core.state_hash()
    with pytest.raises(LocalProtocolError, match=match):
        call()
    assert core.state_hash() == before


def test_the_worked_example_stays_small():
    assert len(inspect.getsource(solo).splitlines()) < 150


def test_it_has_every_method_of_a_core_with_the_same_parameters():
    for name, method in inspect.getmembers(Core, inspect.isfunction):
        if not name.startswith("_"):
            assert list(inspect.signature(getattr(Solo, name)).parameters) == list(inspect.signature(method).parameters)


def test_the_orderer_may_always_propose_on_top_of_its_last_block(orderer):
    assert orderer.slot() == Slot(height=1, parent=GENESIS, round=0)
    orderer.propose(0, FIRST)
    assert orderer.slot() == Slot(height=2, parent=FIRST.hash, round=0)


def test_a_proposal_is_decided_at_once_with_a_certificate_that_holds(orderer):
    [commit] = orderer.propose(0, FIRST)
    assert (commit.height, commit.block) == (1, FIRST)
    assert verify_certificate(commit.certificate, (0,), 1, NOTARY.verify) is None
    assert orderer.certifies(FIRST, commit.certificate)


def test_a_block_that_does_not_fit_the_slot_is_our_own_bug(orderer):
    for wrong in (SECOND, block(1, b"x" * 32, round_=0), block(1, GENESIS, round_=1)):
        refuses(orderer, lambda wrong=wrong: orderer.propose(0, wrong), "no slot for a block")


def test_an_observer_has_no_slot_and_may_not_propose(observer):
    assert observer.slot() is None
    refuses(observer, lambda: observer.propose(0, FIRST), "no slot for a block at height 1")


def test_an_observer_adopts_decided_blocks_in_order(observer):
    proof = certificate(FIRST, (0,), 0)
    assert observer.adopt(0, FIRST, proof) == [Commit(1, FIRST, proof)]
    assert observer.adopt(0, SECOND, None) == [Commit(2, SECOND, None)]
    assert observer.status().height == 2


def test_a_block_that_does_not_follow_may_not_be_adopted(observer):
    refuses(observer, lambda: observer.adopt(0, SECOND, None), "does not follow height 0")
    refuses(observer, lambda: observer.adopt(0, block(1, b"x" * 32), None), "does not follow height 0")


def test_a_certificate_of_another_block_or_by_another_member_proves_nothing(observer):
    assert observer.certifies(FIRST, certificate(FIRST, (0,), 0))
    assert not observer.certifies(SECOND, certificate(FIRST, (0,), 0))
    assert not observer.certifies(FIRST, certificate(FIRST, (1,), 0))
    assert not observer.certifies(FIRST, certificate(FIRST, (0, 1), 0))
    assert not observer.certifies(FIRST, certificate(FIRST, (0,), 1)), "of another round than its block"


def test_any_message_is_refused_and_changes_nothing(orderer):
    before = orderer.state_hash()
    assert orderer.receive(0, 1, "hello") == [Rejected(1, "solo has no messages, got str")]
    assert orderer.state_hash() == before


def test_a_timer_is_our_own_bug(orderer):
    refuses(orderer, lambda: orderer.timer(0, "any"), "solo sets no timer, got 'any'")


def test_nobody_needs_a_block_and_demand_changes_nothing(orderer):
    before = orderer.state_hash()
    assert orderer.demand(0, waiting=True) == []
    assert not orderer.wants_block()
    assert orderer.state_hash() == before


def test_a_restart_goes_on_where_the_store_ends(orderer):
    orderer.propose(0, FIRST)
    orderer.propose(0, SECOND)
    again = core(image={BLOCKS: {1: FIRST, 2: SECOND}})
    assert again.start(0) == []
    assert again.state_hash() == orderer.state_hash()
    assert again.slot() == orderer.slot()


def test_status_tells_who_orders(orderer, observer):
    assert (orderer.status().role, orderer.status().leader) == ("leader", 0)
    assert (observer.status().role, observer.status().leader) == ("observer", 0)


def test_the_state_hash_tells_states_apart(orderer):
    hashes = {orderer.state_hash()}
    orderer.propose(0, FIRST)
    hashes.add(orderer.state_hash())
    orderer.propose(0, SECOND)
    hashes.add(orderer.state_hash())
    assert len(hashes) == 3
