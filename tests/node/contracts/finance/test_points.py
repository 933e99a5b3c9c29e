"""Points: value is conserved to the thousandth of a fen, whatever is changed into what, and positions clear."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.points import (
    IssueArgs,
    PlatformArgs,
    RedeemArgs,
    Settings,
    SettleArgs,
    SwapArgs,
    exchanged,
    in_fen,
)
from tests.node.contracts.inclusive.bench import Bench

RATES = {"alpha": 10_000, "beta": 47_500, "gamma": 333}
USERS = ("ann", "u1")
rates = st.integers(1, 10**6)


@given(st.integers(1, 10**6), rates, rates)
def test_an_exchange_buys_the_most_for_the_least(points, give, take):
    used, got, owed, kept = exchanged(points, give, take)
    assert got == Fraction(points * give, take).__floor__()
    assert used <= points
    assert used == Fraction(got * take, give).__ceil__(), "a point less would not pay for them"
    assert owed == got * take
    assert used * give == owed + kept
    assert 0 <= kept < give


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=31))
def test_positions_are_paid_in_whole_fen_that_add_up_to_nothing(drawn):
    positions = {f"p{n:02d}": value for n, value in enumerate([*drawn, -sum(drawn)])}
    paid = in_fen(positions)
    assert sum(paid.values()) == 0
    assert all(abs(paid[name] - Fraction(value, 1_000)) < 1 for name, value in positions.items())


def bench(line_fen=10**9):
    table = tuple(PlatformArgs(name, rate, line_fen) for name, rate in RATES.items())
    return Bench({**dict.fromkeys(RATES, "bank"), "ann": "patient"}, points=Settings(table))


def platforms(found):
    return {name: found.tree.get("point_platforms", name) for name in RATES}


def worth(found):
    """All points at their rates and what was kept back, counted from the accounts alone."""
    held = sum(points.balance * RATES[key.partition("/")[0]] for key, points in found.tree.items("points"))
    return held + sum(platform.kept for platform in platforms(found).values())


def state(found):
    return [*found.tree.items("points"), *found.tree.items("point_platforms"), *found.tree.items("accounts")]


names, holders = st.sampled_from(sorted(RATES)), st.sampled_from(USERS)
amounts = st.integers(1, 5_000)
acts = st.one_of(
    st.tuples(st.just("issue"), names, holders, amounts),
    st.tuples(st.just("swap"), names, names, holders, amounts),
    st.tuples(st.just("redeem"), names, names, holders, amounts),
    st.tuples(st.just("settle"), names),
)


def asked(act):
    """(who, what, arguments) of a drawn act; users without a wallet act through the platform that issued."""
    match act:
        case ("issue", name, holder, points):
            return name, "issue", IssueArgs(((holder, points),))
        case ("swap", give, take, holder, points):
            return holder if holder == "ann" else give, "swap", SwapArgs(holder, give, take, points)
        case ("redeem", name, merchant, holder, points):
            return holder if holder == "ann" else name, "redeem", RedeemArgs(holder, name, merchant, points)
    return act[1], "settle", SettleArgs()


@given(st.lists(acts, max_size=12))
@settings(max_examples=40, deadline=None)
def test_value_changes_by_issue_and_redemption_alone(drawn):
    found, due = bench(), 0
    for time, act in enumerate(drawn):
        before = state(found)
        who, what, arguments = asked(act)
        outcome = found.do(who, f"points.{what}", arguments, at=time)
        if outcome.code != "ok":
            assert state(found) == before, "a refusal changes nothing"
        elif what == "issue":
            due += act[3] * RATES[act[1]]
        elif what == "redeem":
            due -= act[4] * RATES[act[1]]
        assert worth(found) == due
        assert sum(platform.position for platform in platforms(found).values()) == 0
        assert sum(found.balance(name, "cash") for name in RATES) == 0
        for name, platform in platforms(found).items():
            held = sum(points.balance for key, points in found.tree.items("points", f"{name}/"))
            assert platform.outstanding == held
            assert what != "settle" or outcome.code != "ok" or platform.position == 0


def test_a_line_is_kept_to_the_thousandth():
    found = bench(line_fen=10)
    found.do("alpha", "points.issue", IssueArgs((("ann", 5),)), at=0)
    spend = RedeemArgs("ann", "alpha", "gamma", 1)
    assert found.do("ann", "points.redeem", spend, at=1).code == "ok", "ten fen are the line"
    assert found.do("ann", "points.redeem", spend, at=2).code == "beyond_the_line"
    assert found.do("ann", "points.redeem", RedeemArgs("ann", "alpha", "alpha", 1), at=3).code == "ok"
