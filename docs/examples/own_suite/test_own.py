import pytest
import tally
from deputy import add

add()  # makes the protocol and its oracle known


@pytest.mark.adversary(runs=20)
def test_deputy(adversary):
    adversary.check("deputy", network="cores")


def draw_add(draws, parties):
    """One random call: who, what, with which arguments."""
    return parties[draws.below(len(parties))], "add", tally.Add(step=1 + draws.below(9))


def within_the_limit(tree):
    """What is wrong with this state, or None."""
    above = [record for _, record in tree.items("tallies") if record.count > tally.LIMIT]
    return f"{above[0].owner} counts {above[0].count}" if above else None


@pytest.mark.adversary(runs=30)
def test_tally(adversary):
    adversary.contract(tally.contract, draw_add, within_the_limit)


@pytest.mark.adversary(runs=30)
def test_careless_tally(adversary):
    adversary.contract(tally.careless, draw_add, within_the_limit)
