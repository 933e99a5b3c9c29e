"""Orders: whatever is sent, sent again, answered or taken back, the book has each once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.orders import ConfirmArgs, OrderArgs, PlaceArgs
from node.privacy.sealing import commit, seal_openings
from tests.node.contracts.inclusive.bench import Bench
from tests.node.contracts.parties import SENDER, public, sealed

PARTIES = ("manager", "regulator", "trust")
ROLES = {"manager": "manager", "trust": "trust", "regulator": "regulator"}
TERMS = {"amount_fen": 100, "price": "par", "product": "plan", "side": "redeem"}


def shown_again(record, order):
    """The terms of ``order`` as they were committed to, in another envelope."""
    return seal_openings(SENDER, record, commit(SENDER, order, TERMS), [(name, public(name)) for name in PARTIES])


class Market(Bench):
    """One pair; ``orders`` are those that were placed, by number, with what each came to."""

    def __init__(self):
        super().__init__(ROLES)
        self.orders = {}
        self.states = {}

    def place(self, number):
        made = f"manager/{self._number + 1}"
        args = PlaceArgs("trust", number, 10**6, sealed(made, TERMS, PARTIES))
        outcome = self.do("manager", "orders.place", args, at=1)
        if outcome.code == "ok":
            self.orders[number], self.states[number] = made, "PLACED"
        return outcome.code

    def answer(self, what, number):
        order = self.orders[number]
        if what == "confirm":
            args = ConfirmArgs(order, shown_again(f"trust/{self._number + 1}", order))
        else:
            args = OrderArgs(order)
        outcome = self.do("manager" if what == "cancel" else "trust", f"orders.{what}", args, at=2)
        if outcome.code == "ok":
            self.states[number] = outcome.output["state"]
        return outcome.code


acts = st.tuples(st.sampled_from(["place", "confirm", "reject", "cancel"]), st.integers(1, 4))


@given(st.lists(acts, max_size=14))
@settings(max_examples=25, deadline=None)
def test_the_book_has_every_order_once(drawn):
    market = Market()
    for what, number in drawn:
        if what == "place":
            due = len(market.orders) + 1
            wanted = "ok" if number == due else "order_exists" if number < due else "order_missing"
            assert market.place(number) == wanted
        elif number in market.orders:
            state = market.states[number]
            assert market.answer(what, number) == ("ok" if state == "PLACED" else "illegal_transition")
    book = market.tree.get("otc_books", "manager/trust")
    counts = [list(market.states.values()).count(state) for state in ("PLACED", "CONFIRMED", "REJECTED", "CANCELLED")]
    if book is None:
        assert not market.orders
    else:
        assert [book.open, book.confirmed, book.rejected, book.cancelled] == counts
        assert book.placed == sum(counts) == len(list(market.tree.items("otc_orders")))
