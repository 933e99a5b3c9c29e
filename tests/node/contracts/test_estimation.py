"""Estimation on pooled data: what may be known of all published tables together."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.estimation import AGE_END, BandSum, JoinArgs, Pool, PublishArgs, Rates, SupplyArgs
from node.contracts.estimation.pooling import ModelArgs, OpenArgs, ProposeArgs
from node.contracts.estimation.studies import AskArgs
from node.privacy.envelope import Hashed
from tests.node.contracts import network
from tests.node.contracts.network import Network

PARTIES = ("insurer-1", "insurer-2", "insurer-3")
SIGNERS = ("bureau", *PARTIES)
POOL, MODEL = "platform/1", "insurer-1/1"
LEAST = 5
TERMS = OpenArgs(PARTIES, LEAST, 0, 1_000, 1_000)


@pytest.fixture(scope="module")
def opened():
    """An approved model and an open pool that nobody has joined yet."""
    roles = network.ROLES
    network.ROLES = {**roles, "insurer-3": "insurer", "platform": "platform", "other-platform": "platform"}
    told = Network()
    network.ROLES = roles
    assert told.do("insurer-1", "estimation.propose-model", ProposeArgs("ab" * 32, 250_000)).code == "ok"
    assert told.do("bureau", "estimation.approve-model", ModelArgs(MODEL)).code == "ok"
    assert told.do("platform", "estimation.open-pool", TERMS, cosigners=SIGNERS).code == "ok"
    return told


@pytest.fixture(scope="module")
def joined(opened):
    """All three have joined."""
    state = anew(opened)
    for party in PARTIES:
        assert state.do(party, "estimation.join", JoinArgs(POOL, "cd" * 32)).code == "ok"
    return state


def anew(world):
    copy = object.__new__(Network)
    copy.__dict__.update(world.__dict__)
    copy._numbers = dict(world._numbers)
    return copy


def ask(state, firsts, who="insurer-1"):
    answer = state.do(who, "estimation.ask", AskArgs(POOL, MODEL, firsts))
    return answer.output["study"] if answer.code == "ok" else answer.code


def supply(state, study, who, to=("bureau", "platform")):
    number = state._numbers[who] + 1
    share = Hashed(f"{who}/{number}", 0, (), to)
    return state.do(who, "estimation.supply", SupplyArgs(study, share)).code


def publish(state, study, bands, who="platform", cosigners=("bureau",)):
    args = PublishArgs(study, tuple(BandSum(*band) for band in bands))
    return state.do(who, "estimation.publish", args, cosigners=cosigners)


def published(state, ages, firsts):
    """The answer to a table of those ages in bands that begin at ``firsts``, all shares given."""
    study = ask(state, firsts)
    assert [supply(state, study, party) for party in PARTIES] == ["ok"] * 3
    ends = (*firsts[1:], AGE_END)
    counts = [sum(first <= age < end for age in ages) for first, end in zip(firsts, ends, strict=True)]
    return publish(state, study, [(count, 100 * count) for count in counts]).code


tables = st.lists(st.sets(st.integers(1, 30), max_size=4).map(lambda ages: (0, *sorted(ages))), min_size=1, max_size=4)


@given(ages=st.lists(st.integers(0, 31), max_size=60), tables=tables)
@settings(max_examples=30, deadline=None)
def test_nothing_can_be_subtracted_that_tells_of_fewer_than_the_minimum(joined, ages, tables):
    """An attacker with all published tables knows how many are between any two of their ages: nobody, or enough.

    And a table is refused only where it would have told him more.
    """
    state, told = anew(joined), {0, AGE_END}
    for firsts in tables:
        code = published(state, ages, firsts)
        would_tell = told | set(firsts) | {AGE_END}
        groups = [
            sum(one <= age < other for age in ages) for one, other in itertools.combinations(sorted(would_tell), 2)
        ]
        safe = all(group == 0 or group >= LEAST for group in groups)
        assert (code == "ok") == safe, (code, groups)
        if safe:
            told = would_tell


def test_a_rate_is_the_loaded_cost_a_head_up_to_the_fen(joined):
    state = anew(joined)
    study = ask(state, (0, 40))
    assert [supply(state, study, party) for party in PARTIES] == ["ok"] * 3
    assert publish(state, study, [(7, 1_000), (0, 0)]).code == "ok"
    found = state.tree.get(Rates.namespace, study)
    assert [(rate.people, rate.rate_fen) for rate in found.bands] == [(7, 179), (0, 0)]  # 1,000 / 7 * 1.25 = 178.57


def test_who_is_no_party_neither_joins_nor_supplies(opened, joined):
    state = anew(opened)
    assert state.do("insurer-1", "estimation.join", JoinArgs(POOL, "cd" * 32)).code == "ok"
    assert state.do("insurer-1", "estimation.join", JoinArgs(POOL, "ef" * 32)).code == "joined_already"
    assert ask(state, (0, 40)) == "pool_incomplete"
    other = OpenArgs(("insurer-1", "insurer-2", "bureau"), LEAST, 0, 1, 2_000)
    assert state.do("platform", "estimation.open-pool", other, cosigners=SIGNERS, at=1_000).code == "wrong_role"
    whole = anew(joined)
    study = ask(whole, (0, 40))
    assert publish(whole, study, [(7, 1), (7, 1)], who="other-platform").code == "not_your_pool"
    assert [supply(whole, study, party) for party in PARTIES] == ["ok"] * 3
    assert publish(whole, study, [(7, 1)]).code == "other_bands"


@pytest.mark.parametrize(
    ("terms", "at", "code"),
    [
        (OpenArgs(("insurer-1", "insurer-1", "insurer-2"), LEAST, 0, 1, 9_000), 2_000, "party_twice"),
        (OpenArgs(PARTIES, LEAST, 0, 1, 2_000), 2_000, "ends_in_the_past"),
        (OpenArgs(PARTIES, LEAST, 0, 1, 9_000), 999, "in_another_pool"),
        (OpenArgs(PARTIES, LEAST, 0, 1, 9_000), 1_000, "ok"),
    ],
)
def test_a_pool_s_terms(opened, terms, at, code):
    """The first pool ends at 1,000."""
    state = anew(opened)
    before = list(state.tree.items(Pool.namespace))
    assert state.do("platform", "estimation.open-pool", terms, cosigners=SIGNERS, at=at).code == code
    assert (list(state.tree.items(Pool.namespace)) == before) == (code != "ok")


def test_an_outsider_neither_joins_nor_supplies(joined):
    state = anew(joined)
    small = OpenArgs(PARTIES, LEAST, 0, 1, 9_000)
    assert state.do("platform", "estimation.open-pool", small, cosigners=PARTIES, at=1_000).code == "signature_missing"
    assert state.do("bureau", "estimation.join", JoinArgs(POOL, "cd" * 32)).code == "role_not_allowed"
    study = ask(state, (0, 40))
    assert supply(state, study, "insurer-1", to=("bureau", "insurer-2", "platform")) == "wrong_recipients"
    assert supply(state, study, "insurer-1", to=("bureau",)) == "wrong_recipients"
