"""Every expectation fails when its rule is broken, each broken here on purpose, and passes when it is not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from node.contracts.accounts import Account
from node.ledger.transaction import decode_transaction
from scenarios.language.models.expect import MetricBound
from scenarios.language.models.world import Canary
from scenarios.language.quantities import Quantity
from scenarios.results import Metrics
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.expectations import Evidence, judge_run, verdict_of
from scenarios.runner.holdings import Holdings
from scenarios.runner.leaks import BUS, LeakScan
from scenarios.runner.record import FaultDone, RunRecord
from tests.node.lab import Net, block_on, transfer
from tests.scenarios.runner.steps import step, workload

SAFETY = ("agreement", "total_order", "validity", "durability", "no_double_payment", "conservation", "privacy")
NODES = ("n0", "n1")
CANARY = Canary(id="secret", value="a well-kept secret", holders=("n0",))


class Case:
    """Two nodes that hold one transfer each of ann's first three, all acknowledged; then something is broken."""

    def __init__(self, blocks=3, submitted=3):
        self.steps = [step(number) for number in range(1, submitted + 1)]
        self.nets = [Net(), Net()]
        for net in self.nets:
            for number in range(1, blocks + 1):
                net.submit(0, transfer(number))
        self.record = RunRecord(
            acknowledged=[acknowledged(position, item, position + 1) for position, item in enumerate(self.steps)]
        )
        self.scan = LeakScan([CANARY])
        self.scan.look_at_value("n0", CANARY.value, "vault/1")
        self.metrics = Metrics()
        self.bounds = ()
        self.drains = True

    def replica(self, node):
        return self.nets[node][0].replica

    def append(self, node, *raws):
        """Decide a block at one node, whatever is in it."""
        replica = self.replica(node)
        replica.chain.append(block_on(replica, raws), None)

    def refused(self):
        """Another step, which asks both nodes for more than ann has."""
        number = len(self.steps) + 1
        raw = transfer(number, amount=10**9)
        for net in self.nets:
            net.submit(0, raw)
        asked = replace(step(number), transaction_id=decode_transaction(raw).id)
        self.record.acknowledged.append(acknowledged(number - 1, asked, number, code="insufficient_funds"))
        self.steps.append(asked)

    def judged(self):
        liveness = SimpleNamespace(drains=self.drains, stalls_during=(), recovers_within=None, converges_within=None)
        expect = SimpleNamespace(safety=SAFETY, metrics=self.bounds, liveness=liveness, leakage={}, detection={})
        scenario = SimpleNamespace(expect=expect, canaries=(CANARY,), story=(), workload=(), faults=(1, 2))
        plan = SimpleNamespace(scenario=scenario, workload=workload(*self.steps), node_names=NODES, seed=1)
        holdings = [Holdings(name, self.replica(node).chain, {}) for node, name in enumerate(NODES)]
        return judge_run(
            Evidence(
                plan=plan,
                record=self.record,
                holdings=holdings,
                metrics=self.metrics,
                common=self.nets[0].common,
                scan=self.scan,
            )
        )

    def verdicts(self):
        return {expectation.name: expectation.verdict for expectation in self.judged()}

    def failure(self, name):
        """The detail of the one expectation that fails."""
        failed = {
            expectation.name: expectation.detail for expectation in self.judged() if expectation.verdict == "fail"
        }
        assert name in failed, f"{name} did not fail; {failed} did"
        return failed[name]


def acknowledged(position, item, height, code="ok"):
    return Acknowledged(
        step=item, position=position, code=code, output=None, height=height, receipt="", called_ns=0, returned_ns=1
    )


@pytest.fixture
def case():
    return Case()


def test_a_sound_run_passes_everything(case):
    assert case.verdicts() == dict.fromkeys((*SAFETY, "steps", "drained"), "pass")
    assert verdict_of(case.judged(), interrupted=False) == "pass"


# Safety


def test_two_blocks_at_one_height_break_agreement(case):
    case.append(0, transfer(4))
    case.append(1, transfer(1, "bob"))
    case.steps += [step(4), step(1, "bob")]
    assert case.failure("agreement") == "height 4: n0 and n1 hold different blocks"


def test_a_node_that_is_behind_does_not_break_agreement(case):
    case.append(0)
    assert case.verdicts()["agreement"] == "pass"


def test_a_block_that_does_not_follow_the_one_before_it_breaks_total_order(case):
    entries = case.replica(1).chain._entries
    entries[1], entries[2] = entries[2], entries[1]
    assert case.failure("total_order") == "n1: block 1 does not follow 0"


def test_a_transaction_that_nobody_submitted_breaks_validity(case):
    for node in (0, 1):
        case.append(node, transfer(9))
    assert case.failure("validity") == "n0: height 4 holds a transaction that nobody submitted"


def test_an_acknowledged_transaction_that_a_ledger_lacks_breaks_durability(case):
    case.record.acknowledged[0] = acknowledged(0, case.steps[0], 2)
    assert case.failure("durability") == "n0: ann/1, acknowledged at height 2, stands at [1]"


def test_an_acknowledged_transaction_that_no_ledger_reaches_breaks_durability(case):
    case.steps.append(step(4))
    case.record.acknowledged.append(acknowledged(3, case.steps[3], 4))
    assert case.failure("durability") == "ann/4, acknowledged at height 4, stands in no ledger"


def test_a_node_that_has_not_come_so_far_does_not_break_durability(case):
    case.steps.append(step(4))
    case.record.acknowledged.append(acknowledged(3, case.steps[3], 4))
    case.append(0, transfer(4))
    assert case.verdicts()["durability"] == "pass"


def test_an_acknowledged_transaction_that_stands_twice_breaks_durability_and_pays_double(case):
    for node in (0, 1):
        case.append(node, transfer(2))
    assert case.failure("durability") == "n0: ann/2, acknowledged at height 2, stands at [2, 4]"
    assert case.failure("no_double_payment") == "n0: ('ann', 2) stands 2 times"


def test_two_transactions_of_one_number_pay_double(case):
    rival = transfer(2, amount=50)
    for node in (0, 1):
        case.append(node, rival)
    assert case.failure("no_double_payment") == "n0: ('ann', 2) stands 2 times"


def test_money_that_comes_from_nowhere_breaks_conservation(case):
    chain = case.replica(1).chain
    chain.tree = chain.tree.update({(Account.namespace, "bob/cash"): Account("bob", "cash", 10**9)})
    assert "n1: accounts add up to" in case.failure("conservation")


def test_an_overdrawn_account_breaks_conservation(case):
    chain = case.replica(0).chain
    cash = chain.tree.get(Account.namespace, "ann/cash").balance_fen
    equity = chain.tree.get(Account.namespace, "ann/equity").balance_fen
    moved = {"cash": -1, "equity": equity + cash + 1}
    chain.tree = chain.tree.update(
        {(Account.namespace, f"ann/{kind}"): Account("ann", kind, fen) for kind, fen in moved.items()}
    )
    assert case.failure("conservation") == "n0: ann/cash is overdrawn"


def test_a_canary_on_the_bus_breaks_privacy(case):
    case.scan.look(BUS, CANARY.value.encode(), "a frame")
    assert case.failure("privacy") == "`secret` lies at the bus (a frame)"


def test_a_canary_that_its_party_does_not_hold_breaks_privacy(case):
    case.scan = LeakScan([CANARY])
    assert case.failure("privacy") == "`secret` is not at n0"


def test_privacy_is_not_judged_where_nothing_was_looked_for(case):
    case.scan = None
    assert case.verdicts()["privacy"] == "inconclusive"


def test_a_violation_that_an_oracle_saw_fails_the_run_and_is_not_judged_again(case):
    case.record.violations.append(("agreement", "two blocks at height 7"))
    assert case.failure("agreement") == "two blocks at height 7"
    assert [e.name for e in case.judged()].count("agreement") == 1


# The workload


def test_an_unexpected_answer_fails(case):
    case.record.acknowledged[1] = acknowledged(1, case.steps[1], 2, code="insufficient_funds")
    assert case.failure("steps") == "ann/2: expected ok, got insufficient_funds"


def test_an_unexpected_refusal_is_explained_as_the_contract_does(case):
    case.refused()
    assert case.failure("steps") == "ann/4: expected ok, got insufficient_funds: ann/cash"


def test_an_expected_refusal_passes(case):
    case.steps[1] = step(2, expect="insufficient_funds")
    case.record.acknowledged[1] = acknowledged(1, case.steps[1], 2, code="insufficient_funds")
    assert case.verdicts()["steps"] == "pass"


def test_a_refusal_that_did_not_come_fails(case):
    case.steps[1] = step(2, expect="insufficient_funds")
    case.record.acknowledged[1] = acknowledged(1, case.steps[1], 2)
    assert case.failure("steps") == "ann/2: expected insufficient_funds, got ok"


def test_steps_left_over_fail_a_run_that_should_drain():
    assert Case(submitted=3).verdicts()["drained"] == "pass"
    case = Case()
    case.record.acknowledged.pop()
    assert case.failure("drained") == "only 2 of 3 steps were acknowledged"


def test_steps_left_over_are_told_where_the_run_need_not_drain(case):
    case.record.acknowledged.pop()
    case.drains = False
    assert case.verdicts()["drained"] == "warn"


def test_steps_left_over_by_an_interruption_prove_nothing(case):
    case.record.acknowledged.pop()
    case.record.interrupted = True
    assert case.verdicts()["drained"] == "inconclusive"


def test_an_interruption_is_told(case):
    assert "interrupted" not in case.verdicts()
    case.record.interrupted = True
    case.record.ended_ns = 1_500_000_000
    told = case.judged()[-1]
    assert (told.name, told.verdict, told.detail) == ("interrupted", "inconclusive", "after 1.5 s")


def test_faults_that_never_began_are_told(case):
    case.record.faults.append(FaultDone(1, "n0 is killed"))
    case.record.faults_waiting = 1
    [told] = [e for e in case.judged() if e.name == "faults"]
    assert (told.verdict, told.detail) == ("warn", "1 of 2 never began: the run was over before")


# Measures


@pytest.mark.parametrize(
    ("bound", "verdict"),
    [
        ({"max": 20}, "pass"),
        ({"max": 19}, "fail"),
        ({"min": 20}, "pass"),
        ({"min": 21}, "fail"),
        ({"equals": 20}, "pass"),
        ({"equals": 21}, "fail"),
        ({"max": 19, "severity": "warn"}, "warn"),
    ],
)
def test_a_measure_is_held_against_its_bounds(case, bound, verdict):
    limits = {key: Quantity(value, "duration") for key, value in bound.items() if key != "severity"}
    case.bounds = (
        MetricBound.model_construct(
            metric="commit_latency.max",
            min=limits.get("min"),
            max=limits.get("max"),
            equals=limits.get("equals"),
            severity=bound.get("severity", "fail"),
        ),
    )
    case.metrics.sample("commit_latency", 1, 20)
    assert case.verdicts()["commit_latency.max"] == verdict


def test_what_was_never_measured_is_inconclusive(case):
    bound = MetricBound.model_construct(metric="x.max", min=None, max=Quantity(1, "count"), equals=None)
    case.bounds = (bound,)
    assert case.verdicts()["x.max"] == "inconclusive"


@pytest.mark.parametrize("name", ["commit_latency", "commit_latency.median", "max"])
def test_a_name_that_asks_for_no_statistic_is_told(case, name):
    case.metrics.sample("commit_latency", 1, 20)
    case.bounds = (MetricBound.model_construct(metric=name, min=None, max=Quantity(1, "count"), equals=None),)
    assert case.verdicts()[name] == "inconclusive"


# The verdict


@pytest.mark.parametrize(
    ("verdicts", "interrupted", "expected"),
    [
        ((), False, "pass"),
        (("pass", "warn"), False, "pass"),
        (("pass", "inconclusive"), False, "inconclusive"),
        (("inconclusive", "fail"), False, "fail"),
        (("pass",), True, "inconclusive"),
        (("fail",), True, "fail"),
    ],
)
def test_the_worst_word_decides(verdicts, interrupted, expected):
    expectations = [SimpleNamespace(verdict=verdict) for verdict in verdicts]
    assert verdict_of(expectations, interrupted=interrupted) == expected
