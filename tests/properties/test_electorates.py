"""Who votes at which height follows the blocks that stand, and not those that a crash took back."""

import pytest

from consensus.configuration import Change, Reconfiguration, Verb
from consensus.properties import Electorates, Violation, standard_oracles
from consensus.vocabulary import Commit
from tests.properties.blocks import GENESIS, NOTARY, certificate, chain

FIRST, SECOND = (Reconfiguration((Change(Verb.ADD_VOTER, node),)) for node in (4, 5))
GONE, STAYED = chain(4, mark="gone"), chain(4, mark="stayed")


def electorates(**asked: Reconfiguration) -> Electorates:
    """A checkpoint every second height; ``gone_2`` is what the block of height 2 asks for that is taken back."""
    wanted = {(GONE if word.startswith("gone") else STAYED)[int(word[-1]) - 1].hash: asked[word] for word in asked}
    return Electorates((0, 1, 2, 3), 2, lambda block: wanted.get(block.hash))


def test_the_change_of_a_block_that_was_taken_back_is_not_pending() -> None:
    watched = electorates(gone_1=FIRST, stayed_1=SECOND)
    for block in (GONE[0], *STAYED[:2]):
        watched.follow(block)
    assert watched.voters(3) == (0, 1, 2, 3, 5)


def test_members_that_began_with_a_block_that_was_taken_back_decide_nothing() -> None:
    watched = electorates(gone_1=FIRST)
    for block in (*GONE[:3], *STAYED[:2]):
        watched.follow(block)
    assert (watched.voters(3), watched.began(3), watched.changes) == ((0, 1, 2, 3), 0, 0)


def test_what_stands_below_a_block_that_was_taken_back_still_counts() -> None:
    watched = electorates(stayed_1=FIRST, stayed_3=SECOND)
    for block in (*STAYED[:2], *GONE[2:], *STAYED[2:]):
        watched.follow(block)
    assert (watched.voters(3), watched.voters(5)) == ((0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5))


def test_what_was_asked_for_and_stands_is_still_pending() -> None:
    watched = Electorates((0, 1, 2, 3), 4, lambda block: {1: FIRST, 3: SECOND}.get(block.height))
    watched.follow(STAYED[0])
    watched.follow(GONE[1])
    watched.follow(STAYED[1])
    with pytest.raises(Violation, match="one change"):
        watched.follow(STAYED[2])


@pytest.mark.parametrize("crashes", [True, False])
def test_only_what_a_crash_takes_back_may_be_decided_otherwise(crashes: bool) -> None:
    """The oracle of agreement, told first, judges whether another block may stand there; the others follow it."""

    class Asking:
        def reconfiguration(self, block):
            return {GONE[0].hash: FIRST, STAYED[1].hash: SECOND}.get(block.hash)

    oracles = standard_oracles(
        protocol="pbft",
        voters=(0, 1, 2, 3),
        quorum=3,
        genesis=GENESIS,
        verify=NOTARY.verify,
        application=Asking(),
        options={"checkpoint_interval": 2},
    )

    def tell(word, *details):
        for oracle in oracles:
            getattr(oracle, word)(*details)

    def decide(node, block):
        tell("on_commit", 1, node, 1, Commit(block.height, block, certificate(block, (0, 1, 2))))

    for node in range(2):
        tell("on_start", 0, node, 1, {})
    decide(0, GONE[0])
    if not crashes:
        with pytest.raises(Violation, match="agreement"):
            decide(1, STAYED[0])
        return
    tell("on_crash", 2, 0, 1)
    for block in STAYED[:2]:
        decide(1, block)
