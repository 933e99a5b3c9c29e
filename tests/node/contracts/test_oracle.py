"""Oracles: fewer liars than are needed cannot move what is settled, in whatever order readings come."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import oracle
from node.contracts.oracle import AskArgs, CloseArgs, Question, ReadArgs, agreed
from tests.node.contracts import network
from tests.node.contracts.network import Network

ORACLES = ("eye-1", "eye-2", "eye-3")


@pytest.fixture(autouse=True)
def with_oracles(monkeypatch):
    monkeypatch.setattr(network, "ROLES", {**network.ROLES, **dict.fromkeys((*ORACLES, "eye-4"), "oracle")})


@st.composite
def readings(draw):
    """(honest values within the tolerance, liars' values, needed, tolerance), liars fewer than needed."""
    number = draw(st.integers(1, 9))
    needed = draw(st.integers(number // 2 + 1, number))
    liars = draw(st.integers(0, number - needed))
    tolerance, truth = draw(st.integers(0, 20)), draw(st.integers(-1000, 1000))
    honest = [truth + draw(st.integers(0, tolerance)) for _ in range(number - liars)]
    return honest, [draw(st.integers(-2000, 2000)) for _ in range(liars)], needed, tolerance


@settings(deadline=None)  # a busy machine
@given(readings())
def test_what_is_settled_lies_within_the_tolerance_of_an_honest_reading(drawn):
    honest, lies, needed, tolerance = drawn
    value = agreed([*honest, *lies], needed, tolerance)
    assert value is not None, "the honest alone are enough"
    assert min(abs(value - saw) for saw in honest) <= tolerance


@settings(deadline=None)  # a busy machine
@given(st.lists(st.integers(-10, 10), min_size=1, max_size=5), st.integers(1, 5), st.integers(0, 5))
def test_the_order_of_readings_plays_no_part(values, needed, tolerance):
    assert len({agreed(order, needed, tolerance) for order in permutations(values)}) == 1


@settings(deadline=None)  # a busy machine
@given(st.lists(st.integers(-10, 10), max_size=5), st.integers(1, 5), st.integers(0, 5))
def test_nothing_is_settled_by_fewer_than_are_needed(values, needed, tolerance):
    close = max((sum(abs(a - b) <= tolerance for b in values if b >= a) for a in values), default=0)
    assert (agreed(values, needed, tolerance) is None) == (close < needed)


def asked(net, needed=2, oracles=ORACLES):
    args = AskArgs(about="minutes", oracles=oracles, needed=needed, tolerance=5, known_ms=100, closes_ms=200)
    return net.do("insurer-1", "oracle.ask", args)


def read(net, who, value, at=100):
    return net.do(who, "oracle.read", ReadArgs(question="insurer-1/1", value=value), at=at)


def test_the_last_reading_settles_and_the_liar_changes_nothing():
    net = Network()
    asked(net)
    assert [read(net, who, value).code for who, value in zip(ORACLES, (183, 185, 0), strict=True)] == ["ok"] * 3
    question = net.tree.get(Question.namespace, "insurer-1/1")
    assert (question.state, question.value) == ("SETTLED", 183)
    assert read(net, "eye-1", 0).code == "illegal_transition"


def test_two_that_agree_settle_when_time_is_up():
    net = Network()
    asked(net)
    read(net, "eye-1", 60)
    read(net, "eye-3", 62)
    early = net.do("bob", "oracle.close", CloseArgs(question="insurer-1/1"), at=199)
    done = net.do("bob", "oracle.close", CloseArgs(question="insurer-1/1"), at=200)
    assert (early.code, done.code, done.output) == (
        "not_closed_yet",
        "ok",
        {"readings": 2, "state": "SETTLED", "value": 60},
    )


def test_where_the_honest_disagree_nothing_is_settled():
    net = Network()
    asked(net)
    outcomes = [read(net, who, value) for who, value in zip(ORACLES, (0, 10, 20), strict=True)]
    assert outcomes[-1].output == {"readings": 3, "state": "SPLIT", "value": None}


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"needed": 1}, "minority_settles"),
        ({"needed": 4}, "minority_settles"),
        ({"oracles": ("eye-1", "eye-1", "eye-2")}, "asked_twice"),
        ({"oracles": ("eye-1", "bob", "eye-2")}, "wrong_role"),
    ],
)
def test_a_question_that_some_could_settle_alone_is_refused(args, code):
    assert asked(Network(), **args).code == code


def test_only_who_was_asked_reads_once_and_not_before_it_is_known():
    net = Network()
    asked(net)
    found = [read(net, "eye-1", 1, at=99), read(net, "eye-4", 1), read(net, "eye-1", 1), read(net, "eye-1", 2)]
    assert [one.code for one in found] == ["not_known_yet", "not_asked", "ok", "read_already"]


def test_it_is_in_the_catalogue():
    assert network.CATALOGUE["oracle"] is oracle.contract
