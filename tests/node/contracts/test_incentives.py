"""Rewards for shared data: what is charged is what is rewarded, to the fen, whatever was supplied and asked."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import accounts
from node.contracts.accounts import total_of_all_accounts
from node.contracts.context import BlockState, Context
from node.contracts.incentives import (
    Scheme,
    Settings,
    SettleArgs,
    Suppliers,
    Tally,
    count_query,
    count_supply,
    divided,
)
from node.contracts.risk import InquireArgs
from node.ledger.state_tree import StateTree
from tests.node.contracts.network import Network

NAMES = ("insurer-1", "insurer-2", "insurer-3")
TOKENS = ("a" * 64, "b" * 64)
SCHEME = Scheme(begins_ms=0, period_ms=100, price_fen=333, points_provided=1, points_used=2)

events = st.lists(st.tuples(st.booleans(), st.sampled_from(NAMES), st.sampled_from(TOKENS)), max_size=30)


class Nobody:
    """A directory in which nobody is."""

    def role(self, _):
        return None


@settings(deadline=None, max_examples=50)
@given(events)
def test_counts_are_what_a_plain_list_of_events_says(told):
    ctx = Context(BlockState(StateTree()), Nobody(), client="insurer-1", number=1, signers=(), time_ms=0)
    ctx.put("scheme", SCHEME)
    supplies, uses, queries, known = Counter(), Counter(), Counter(), {token: set() for token in TOKENS}
    for supplied, who, token in told:
        if supplied:
            count_supply(ctx, who, token)
            supplies[who] += 1
            known[token].add(who)
        else:
            count_query(ctx, who, token)
            queries[who] += 1
            uses.update(known[token] - {who})
    tally = ctx.get(Tally, f"{0:010d}") or Tally(())
    assert {name: rest for name, *rest in tally.counts} == {
        name: [supplies[name], uses[name], queries[name]]
        for name in NAMES
        if supplies[name] + uses[name] + queries[name]
    }
    assert all((ctx.get(Suppliers, token) or Suppliers(())).names == tuple(sorted(known[token])) for token in TOKENS)


counted = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))


@given(st.lists(counted, min_size=1, max_size=31), st.integers(0, 10**6))
def test_rewards_are_paid_out_of_charges(counts, price):
    tally = Tally(tuple((f"insurer-{place:02d}", *one) for place, one in enumerate(counts)))
    scheme = Scheme(0, 100, price, points_provided=1, points_used=2)
    charges, rewards = divided(scheme, tally)
    points = [supplies + 2 * used for supplies, used, _ in counts]
    assert sum(charges) == sum(rewards)
    if not any(points):
        assert sum(charges) == 0
        return
    assert list(charges) == [queries * price for *_, queries in counts]
    assert all(
        abs(reward * sum(points) - sum(charges) * one) < sum(points)
        for reward, one in zip(rewards, points, strict=True)
    )


def test_without_a_scheme_nothing_is_counted_or_refused():
    net = Network()
    assert net.do("insurer-1", "risk.inquire", InquireArgs(TOKENS[0])).code == "ok"
    assert list(net.tree.items(Tally.namespace)) == []
    assert net.do("insurer-1", "incentives.settle", SettleArgs(0), at=10**9).code == "unknown_scheme"


def test_a_period_is_settled_once_it_is_over_and_closed_to_counts():
    openings = accounts.Settings(tuple(accounts.Opening(name, 1_000) for name in NAMES))
    net = Network(settings=[("accounts", openings), ("incentives", Settings(50, 100, 10))])
    asked = InquireArgs(TOKENS[0])
    assert net.do("insurer-1", "risk.inquire", asked, at=49).code == "scheme_not_begun"
    assert net.do("insurer-1", "risk.inquire", asked, at=149).code == "ok"
    assert net.do("insurer-2", "incentives.settle", SettleArgs(0), at=149).code == "period_not_over"
    assert net.do("insurer-2", "incentives.settle", SettleArgs(1), at=250).code == "unknown_tally"
    assert net.do("insurer-2", "incentives.settle", SettleArgs(0), at=150).output["sum_fen"] == 0
    assert net.do("insurer-2", "risk.inquire", asked, at=149).code == "period_settled"
    assert total_of_all_accounts(net.tree) == 0
