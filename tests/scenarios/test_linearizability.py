"""The checker of histories, against a brute force that tries every order of every subset."""

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consensus.properties import Violation
from scenarios.linearizability import (
    Accounts,
    Operation,
    Places,
    Register,
    Stuck,
    linearize,
    partitioned,
    require_linearizable,
)


def op(client, action, *arguments, at, out=None, until=None, hint=0):
    return Operation(
        client=client, action=action, arguments=arguments, called=at, output=out, returned=until, hint=hint
    )


def brute_force(operations, model):
    """Every order of the known operations with every subset of the unknown ones."""
    known = [o for o in operations if o.known]
    unknown = [o for o in operations if not o.known]
    for count in range(len(unknown) + 1):
        for chosen in itertools.combinations(unknown, count):
            for order in itertools.permutations([*known, *chosen]):
                if _in_real_time(order) and _legal(order, model):
                    return True
    return False


def _in_real_time(order):
    pairs = itertools.combinations(order, 2)
    return all(later.returned is None or later.returned >= earlier.called for earlier, later in pairs)


def _legal(order, model):
    state = model.initial()
    for operation in order:
        state = model.apply(state, operation)
        if state is None:
            return False
    return True


def random_history(draws, kind):
    """Up to six operations at random times with random outcomes: about as often linearizable as not."""
    history = []
    for number in range(draws.randrange(1, 7)):
        at = draws.randrange(12)
        until = None if draws.random() < 0.2 else at + draws.randrange(1, 10)
        if kind == "register":
            action = draws.choice(["read", "write", "write", "cas"])
            arguments = {"read": ("x",), "write": ("x", draws.randrange(3))}.get(
                action, ("x", draws.randrange(3), draws.randrange(3))
            )
            out = {"read": draws.randrange(3), "write": None}.get(action, draws.random() < 0.5)
        elif draws.random() < 0.3:
            action, arguments, out = "balance", (draws.choice("ab"),), draws.choice([0, 2, 4, 5, 7, 10])
        else:
            payer, payee = draws.sample("ab", 2)
            action, arguments = "transfer", (payer, payee, draws.choice([2, 5, 7]))
            out = draws.choice(["ok", "ok", "insufficient_funds"])
        history.append(op(f"c{number}", action, *arguments, at=at, out=out, until=until, hint=draws.randrange(4)))
    return history


@pytest.mark.parametrize(("kind", "model"), [("register", Register(0)), ("accounts", Accounts("ab", 5))])
def test_it_agrees_with_brute_force_on_random_histories(kind, model):
    draws = random.Random(kind)
    verdicts = []
    for _ in range(2000):
        history = random_history(draws, kind)
        found = linearize(history, model)
        verdicts.append(not isinstance(found, Stuck))
        assert verdicts[-1] == brute_force(history, model), history
        if verdicts[-1]:
            assert _in_real_time(found)
            assert _legal(found, model)
            assert {o for o in history if o.known} <= set(found)
    assert 300 < sum(verdicts) < 1700


READS_AND_WRITES = st.one_of(
    st.tuples(st.just("read"), st.just(("x",)), st.integers(0, 2)),
    st.tuples(st.just("write"), st.integers(0, 2).map(lambda value: ("x", value)), st.none()),
    st.tuples(st.just("cas"), st.tuples(st.just("x"), st.integers(0, 2), st.integers(0, 2)), st.booleans()),
)
MONEY = st.one_of(
    st.tuples(st.just("balance"), st.sampled_from([("a",), ("b",)]), st.sampled_from([0, 2, 3, 5, 8, 10])),
    st.tuples(
        st.just("transfer"),
        st.tuples(st.sampled_from("ab"), st.sampled_from("ab"), st.sampled_from([2, 5, 7])),
        st.sampled_from(["ok", "insufficient_funds"]),
    ),
)
LOG = st.tuples(st.sampled_from(["append", "length"]), st.just(()), st.integers(0, 4))
TIMES = st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(1, 8)))


@pytest.mark.parametrize(
    ("asked", "model"),
    [(READS_AND_WRITES, Register(0)), (MONEY, Accounts("ab", 5)), (LOG, Places())],
    ids=["register", "accounts", "log"],
)
def test_it_agrees_with_brute_force_on_any_history(asked, model):
    verdicts = Counter()

    @settings(max_examples=250, deadline=None, database=None, derandomize=True)  # the same ones: the last line counts
    @given(st.lists(st.tuples(asked, TIMES, st.integers(0, 3)), min_size=1, max_size=5))
    def judge(drawn):
        history = [
            op(f"c{place}", action, *arguments, at=at, out=out, until=None if lasts is None else at + lasts, hint=hint)
            for place, ((action, arguments, out), (at, lasts), hint) in enumerate(drawn)
        ]
        found = not isinstance(linearize(history, model), Stuck)
        verdicts[found] += 1
        assert found == brute_force(history, model), history

    judge()
    assert min(verdicts[True], verdicts[False]) > 5


def test_a_read_of_what_was_overwritten_before_it_began_is_stale():
    history = [
        op("a", "write", "x", 1, at=0, until=1),
        op("a", "write", "x", 2, at=2, until=3),
        op("b", "read", "x", at=4, out=1, until=5),
    ]
    with pytest.raises(Violation, match="linearizability") as broken:
        require_linearizable(history, Register())
    assert "b: read" in broken.value.fact_a
    history[2] = op("b", "read", "x", at=3, out=1, until=5)
    require_linearizable(history, Register())


def test_a_write_of_unknown_outcome_may_show_late_or_never_but_not_come_and_go():
    lost = op("a", "write", "x", 1, at=0)
    seen = op("b", "read", "x", at=50, out=1, until=51)
    unseen = op("b", "read", "x", at=60, out=None, until=61)
    assert linearize([lost, seen], Register()) == (lost, seen)
    assert linearize([lost, unseen], Register()) == (unseen,)
    assert isinstance(linearize([lost, seen, unseen], Register()), Stuck)


def test_heights_must_not_fall_from_one_operation_to_a_later_one():
    first, second = op("a", "append", 1, at=0, out=7, until=2), op("b", "append", 2, at=3, out=6, until=4)
    assert isinstance(linearize([first, second], Places()), Stuck)
    overlapping = op("b", "append", 2, at=1, out=6, until=4)
    assert linearize([first, overlapping], Places()) == (overlapping, first)


def test_a_long_history_with_good_hints_is_quick_to_check():
    names = [f"p{n}" for n in range(8)]
    draws = random.Random(5)
    model = Accounts(names, 100)
    history, state = [], model.initial()
    for number in range(2000):
        payer, payee = draws.sample(names, 2)
        amount = draws.randrange(1, 120)
        pays = state[names.index(payer)] >= amount
        history.append(
            op(
                payer,
                "transfer",
                payer,
                payee,
                amount,
                at=number * 10 - draws.randrange(60),
                out="ok" if pays else "insufficient_funds",
                until=number * 10 + draws.randrange(60),
                hint=number,
            )
        )
        state = model.apply(state, history[-1])
    assert len(linearize(history, model)) == 2000


def test_parts_of_a_history_by_object():
    history = [op("a", "write", key, 1, at=0, until=1) for key in "xyx"]
    assert {key: len(part) for key, part in partitioned(history, lambda o: o.arguments[0]).items()} == {"x": 2, "y": 1}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("append", "length")),
            st.integers(0, 3),
            st.integers(0, 12),
            st.integers(0, 6),
            st.booleans(),
        ),
        max_size=7,
    )
)
def test_ranks_in_order_say_what_the_search_says(drawn):
    history = [
        Operation(
            client=str(place),
            action=action,
            arguments=(),
            called=called,
            output=height,
            returned=called + lasting if known else None,
        )
        for place, (action, height, called, lasting, known) in enumerate(drawn)
    ]
    searched = linearize(history, Places())
    if isinstance(searched, Stuck):
        with pytest.raises(Violation, match="linearizability"):
            require_linearizable(history, Places())
    else:
        require_linearizable(history, Places())
