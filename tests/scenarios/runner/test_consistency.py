"""The judge of what clients heard: a sound run has an order; each way of being told wrong has none."""

from __future__ import annotations

import msgspec
import pytest

from scenarios.runner import consistency
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.consistency import linearizable
from scenarios.runner.holdings import Holdings
from scenarios.runner.record import RunRecord, Unacknowledged
from scenarios.runner.workload import Step
from tests.node.lab import OPENING_FEN, Net, transfer
from tests.scenarios.runner.steps import step

PAYMENTS = 3


def read(number=1, client="ann"):
    return Step(id=f"read/{number}", client=client, number=number, query=("accounts", f"{client}/cash"))


class Heard:
    """Ann pays a fen three times, a block each: the payment ``n`` is called at 10 n and acknowledged at 10 n + 5."""

    def __init__(self):
        net = Net()
        for number in range(1, PAYMENTS + 1):
            net.submit(0, transfer(number))
        self.common = net.common
        self.chain = net[0].replica.chain
        self.record = RunRecord()
        for number in range(1, PAYMENTS + 1):
            self.hear(step(number), {"paid_fen": 1}, 10 * number, 10 * number + 5, height=number)

    def hear(self, asked, output, called, returned, *, height=0, code="ok"):
        heard = self.record.acknowledged if asked.query is None else self.record.answered
        heard.append(
            Acknowledged(
                step=asked,
                position=0,
                code=code,
                output=output,
                height=height,
                receipt="",
                called_ns=called,
                returned_ns=returned,
            )
        )

    def reads(self, paid, called, returned, *, number=1):
        """Ann finds that ``paid`` of her payments are done."""
        account = {"owner": "ann", "kind": "cash", "balance_fen": OPENING_FEN - paid}
        self.hear(read(number), account, called, returned, height=paid)

    def judged(self):
        return linearizable(self.record, Holdings("n0", self.chain, {}), self.common)


def test_reads_that_see_what_was_acknowledged_have_an_order():
    heard = Heard()
    for number, (paid, called, returned) in enumerate([(0, 1, 2), (1, 16, 17), (1, 18, 22), (2, 19, 23), (3, 36, 40)]):
        heard.reads(paid, called, returned, number=number)
    judged = heard.judged()
    assert (judged.name, judged.verdict) == ("linearizable", "pass")
    assert judged.detail == "3 transactions and 5 reads have an order"


@pytest.mark.parametrize(
    ("paid", "called", "returned"),
    [
        pytest.param(1, 26, 29, id="stale: the second payment was acknowledged before it was asked"),
        pytest.param(2, 16, 19, id="early: the second payment was not even called"),
        pytest.param(4, 50, 60, id="undone: nothing ever paid this"),
    ],
)
def test_a_read_at_the_wrong_time_has_none(paid, called, returned):
    heard = Heard()
    heard.reads(paid, called, returned)
    judged = heard.judged()
    assert judged.verdict == "fail"
    assert "read/1" in judged.detail


def test_two_reads_that_go_back_in_time_have_none():
    heard = Heard()
    heard.reads(2, 21, 22, number=1)
    heard.reads(1, 23, 24, number=2)
    assert heard.judged().verdict == "fail"


def test_an_answer_that_the_contracts_would_not_give_has_no_order():
    heard = Heard()
    heard.record.acknowledged[1] = msgspec.structs.replace(heard.record.acknowledged[1], code="insufficient_funds")
    assert heard.judged().verdict == "fail"


def test_a_payment_of_unknown_fate_may_have_been_made_or_not():
    for paid in (3, 4):
        heard = Heard()
        heard.record.unacknowledged.append(Unacknowledged(step(4), 38))
        heard.reads(paid, 50, 60)
        assert heard.judged().verdict == "pass"


def test_what_a_refused_read_says_of_the_state_is_nothing():
    heard = Heard()
    heard.hear(read(), None, 50, 60, code="not_public")
    assert heard.judged().verdict == "pass"


def test_a_search_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(consistency, "ORDERS_PER_OPERATION_MAX", 0)
    heard = Heard()
    heard.reads(0, 1, 2)
    assert heard.judged().verdict == "inconclusive"
