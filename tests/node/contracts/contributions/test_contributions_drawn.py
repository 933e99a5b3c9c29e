"""Contributions under any order of any acts with any stamps, against a model written another way.

The model keeps no records: it remembers the history of what was allowed, and asks it.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.accounts import total_of_all_accounts
from tests.node.contracts.contributions.levies import AMOUNT, CASH, LIN, SUN, Town

CHANNELS, PEOPLE, WINDOW = ("channel-1", "channel-2"), (LIN, SUN), 1_200_000

minutes = st.integers(0, 60).map(lambda minute: minute * 60_000)
acts = st.one_of(
    st.tuples(st.just("query"), st.sampled_from(CHANNELS), st.sampled_from(PEOPLE), minutes),
    st.tuples(st.just("pay"), st.sampled_from(CHANNELS), st.sampled_from(PEOPLE), minutes),
    st.tuples(st.just("register"), st.sampled_from(("ningbo", "hangzhou")), st.sampled_from(PEOPLE), minutes),
    st.tuples(st.just("keep"), st.sampled_from(("ningbo", "hangzhou")), st.sampled_from(PEOPLE), minutes),
)


class History:
    """What was allowed so far, in order; every question is answered from it anew."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str, int]] = []

    def places(self, person):
        found: list[str] = []
        for what, who, whom, _ in self.told:
            if whom == person and what == "register":
                found = [*(place for place in found if place != who), who]
            elif whom == person and what == "keep":
                found = [who]
        return found

    def paid(self, person):
        return any(what == "pay" and whom == person for what, _, whom, _ in self.told)

    def last_query(self, person):
        asked = [(who, at) for what, who, whom, at in self.told if what == "query" and whom == person]
        return asked[-1] if asked else None

    def payable(self, person):
        return not self.paid(person) and len(self.places(person)) == 1

    def allows(self, what, who, person, at):
        asked = self.last_query(person)
        match what:
            case "register":
                return not self.paid(person) and who not in self.places(person)
            case "keep":
                return not self.paid(person) and who in self.places(person)
            case "query":
                return self.payable(person) and (asked is None or at - asked[1] >= WINDOW)
            case _:
                return self.payable(person) and asked is not None and asked[0] == who and at - asked[1] < WINDOW


def do(town, place, act):
    what, who, person, at = act
    match what:
        case "register":
            return town.register(person, place=who, at=at)
        case "keep":
            return town.keep(person, who).code
        case "query":
            return town.query(who, person, at=at).code
        case _:
            return town.pay(who, person, at=at, key=f"key-{place}").code


@settings(max_examples=60, deadline=None)
@given(st.lists(acts, max_size=24))
def test_whatever_is_done_in_whatever_order_there_is_one_charge_and_one_voucher_each_at_most(drawn):
    town, history = Town(), History()
    for person in PEOPLE:
        assert town.register(person) == "ok"
        history.told.append(("register", "ningbo", person, 0))
    for place, act in enumerate(drawn):
        allowed = history.allows(*act)
        assert (do(town, place, act) == "ok") == allowed, act
        if allowed:
            history.told.append(act)
    paid = sum(history.paid(person) for person in PEOPLE)
    assert len(town.charges()) == len(town.vouchers()) == len(town.enrolments()) == paid
    assert (town.cash("ann"), town.cash("tax")) == (CASH - paid * AMOUNT, paid * AMOUNT)
    assert total_of_all_accounts(town.tree) == 0
