"""The flows of a market: to the fen whatever the order, one number each, and refused where they cannot be."""

from collections import Counter

import msgspec
import pytest

from node.contracts import execute_block
from node.contracts.accounts import overdrawn, total_of_all_accounts
from node.contracts.runtime import genesis_state
from node.ledger.transaction import decode_transaction
from node.membership import Directory
from scenarios.dashboard import NoView
from scenarios.language import ScenarioInvalid, parse_scenario
from scenarios.runner import run
from scenarios.runner.flows import flow_differences, flow_problems
from scenarios.runner.plan import make_plan
from tests.scenarios.telling import any_causal_order

MEMBERS = """\
version: 1
name: market
run: {seed: 7, duration: 30s}
members: {insurer: {count: 3}, hospital: {count: 2}, reinsurer: , regulator: {vote: false}}
workload:
"""
UNDERWRITING = (
    "- {flow: underwriting, arrivals: 2/s, for: 0s..9s, premium: 300 CNY, deductible: 1000 CNY, limit: 9000 CNY}\n"
)
CLAIMS = """\
- flow: claims
  arrivals: {poisson: 5/s}
  for: 1s..9s
  amount: {dist: lognormal, median: 3000 CNY, p99: 40000 CNY}
  resubmitted: 20%
"""
REINSURANCE = "- {flow: reinsurance, retention: 4000 CNY, limit: 3000 CNY}\n"
PAYMENTS = """\
- flow: payments
  by: [hospital, insurer-2]
  arrivals: {closed: {actors: 2, rounds: 5, think: 50ms}}
  amount: 7 CNY
"""
EVERYTHING = MEMBERS + UNDERWRITING + CLAIMS + REINSURANCE + PAYMENTS


def planned(text, seed=7):
    scenario = parse_scenario(text)
    return scenario, make_plan(scenario, seed=seed)


def executed(plan, steps):
    tree, directory = genesis_state(plan.genesis), Directory(plan.genesis)
    codes, told = {}, Counter()
    for start in range(0, len(steps), 20):
        part = steps[start : start + 20]
        execution = execute_block(tree, directory, [decode_transaction(step.raw) for step in part])
        tree = execution.tree
        for step, outcome in zip(part, execution.outcomes, strict=True):
            codes[step.id] = outcome.code
            if isinstance(outcome.output, dict) and "state" in outcome.output:
                told[outcome.output["state"]] += 1
    return tree, codes, told


@pytest.fixture(scope="module")
def market():
    return planned(EVERYTHING)


def test_every_step_gets_the_answer_that_was_foreseen(market):
    _, plan = market
    steps = plan.workload.steps
    tree, codes, told = executed(plan, steps)
    assert {step.id: step.expect for step in steps} == codes
    assert told["APPROVED"] == told["PAID"] > 20
    assert min(told["DENIED"], told["RECOVERED"]) > 0
    assert Counter(codes.values())["duplicate_invoice"] > 2
    assert (total_of_all_accounts(tree), overdrawn(tree)) == (0, ())


@pytest.mark.parametrize("order", [1, 2])
def test_accounts_come_to_what_the_draws_say_in_any_order(market, order):
    scenario, plan = market
    tree, _, _ = executed(plan, any_causal_order(plan.workload.steps, order))
    assert flow_differences(scenario, tree, 7) == ()
    assert flow_differences(scenario, tree, 8) != ()


def test_all_that_is_missing_shows_in_the_accounts(market):
    scenario, plan = market
    steps = [step for step in plan.workload.steps if step.stage != "recovered"]
    tree, _, _ = executed(plan, steps)
    assert any("recoveries" in line for line in flow_differences(scenario, tree, 7))


def test_numbers_and_ids_are_used_once_by_all_flows_together(market):
    steps = market[1].workload.steps
    assert len({(step.client, step.number) for step in steps}) == len({step.id for step in steps}) == len(steps)
    assert [step.at_ns for step in steps] == sorted(step.at_ns for step in steps)


def test_millions_of_people_are_one_record_of_each_insurer():
    claims = "- {flow: claims, arrivals: 5/s, for: 0s..9s, amount: 900 CNY, population: 58_000_000, limit: 5000 CNY}\n"
    scenario, plan = planned(MEMBERS + claims)
    tree, codes, _ = executed(plan, plan.workload.steps)
    covers = [record for _, record in tree.items("indemnity-covers")]
    assert sum(cover.people for cover in covers) == 58_000_000
    assert len(covers) == 3
    people = {record.person for _, record in tree.items("indemnity-losses")}
    assert (len(people), max(people) > 1_000_000, set(codes.values())) == (45, True, {"ok"})
    assert flow_differences(scenario, tree, 7) == ()


def test_in_a_closed_loop_an_actor_waits_for_its_answer_and_thinks(market):
    steps = [step for step in market[1].workload.steps if step.flow == "payments"]
    assert [len(step.after) for step in steps].count(0) == 2
    assert {step.think_ns for step in steps if step.after} == {50_000_000}


def test_a_seed_draws_another_load_and_the_same_one_again():
    first, again, other = (planned(EVERYTHING, seed)[1] for seed in (7, 7, 8))
    assert first.workload == again.workload
    assert len(first.workload.steps) != len(other.workload.steps)


@pytest.mark.parametrize(
    ("flow", "key", "said"),
    [
        (CLAIMS, "against", "nobody is covered"),
        (UNDERWRITING + CLAIMS.replace("flow: claims", "flow: claims\n  by: hospitl"), "by", "did you mean `hospital`"),
        (UNDERWRITING.replace("writing,", "writing, by: hospital,"), "by", "only insurers can do this"),
        (REINSURANCE.replace("insurance,", "insurance, to: insurer-1,"), "to", "only reinsurers"),
        (PAYMENTS.replace("[hospital, insurer-2]", "insurer-2"), "by", "nobody pays themselves"),
    ],
)
def test_who_cannot_take_part_is_told_at_their_key(flow, key, said):
    (problem,) = flow_problems(parse_scenario(MEMBERS + flow))
    assert problem.path[-1] == key
    assert said in problem.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PAYMENTS.replace("flow: payments", "flow: payments\n  capital: 20 CNY"), "`capital` must cover"),
        (REINSURANCE + REINSURANCE, "has a layer by another flow"),
    ],
)
def test_what_shows_in_the_draws_alone_is_told_before_anything_runs(text, said):
    with pytest.raises(ScenarioInvalid, match=said):
        make_plan(parse_scenario(MEMBERS + text))


def test_in_a_run_nobody_begins_again_before_it_has_thought(tmp_path):
    """Closed loops wait for what the network really takes: the same cases, later."""
    closed = (
        "- {flow: payments, by: insurer, arrivals: {closed: {actors: 2, rounds: 4, think: 300ms}}, amount: 1 CNY}\n"
    )
    scenario = parse_scenario(MEMBERS + closed + "network: {default: {latency: 50ms}}\n")
    result = run(scenario, view=NoView(), out=tmp_path)
    assert result.verdict == "pass"
    lines = [msgspec.json.decode(line) for line in (result.folder / "history.jsonl").read_bytes().splitlines()]
    times = {line["key"]: (line["call"], line["return"]) for line in lines}
    steps = [step for step in make_plan(scenario).workload.steps if step.after]
    assert len(steps) == 6
    for step in steps:
        assert times[step.id][0] >= times[step.after[-1]][1] + 300_000_000
