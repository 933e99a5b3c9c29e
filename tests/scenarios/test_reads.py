"""Reads in scenarios: the act "read" of stories, the flow "transfers", and what is wrong with either."""

from __future__ import annotations

import json

import pytest

from scenarios.dashboard import NoView
from scenarios.language import parse_scenario
from scenarios.language.problems import ScenarioInvalid
from scenarios.runner import run
from scenarios.runner.flows import flow_problems
from scenarios.runner.plan import make_plan

STORY = """
version: 1
name: balance
consensus: {{protocol: raft}}
members: {{insurer: {{count: 2}}, bureau: }}
privacy: encrypted
world: {{cash: {{insurer-1: 90 CNY}}}}
story:
  - {{id: look, who: insurer-1, do: read, namespace: accounts, key: insurer-1/cash, output: {{balance_fen: 90 CNY}}}}
  - {{{second}}}
expect: {{safety: [agreement, linearizable]}}
"""

FLOW = """
version: 1
name: small
members: {insurer: {count: 2}, bureau: }
clients: {patient: {count: 1}}
privacy: plain
workload:
  - {flow: transfers, transfers: 10, reads: 15, amount_max: 4 CNY, opening: 100 CNY, spread: 1 day}
expect: {safety: [agreement, conservation, linearizable]}
"""


def story(second):
    return parse_scenario(STORY.format(second=second))


def verdicts(result):
    return {expectation.name: expectation.verdict for expectation in result.finished.expectations}


def history_of(result):
    lines = (result.folder / "history.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


# In a story


def test_a_story_reads_what_may_be_read_and_shows_that_the_rest_may_not(tmp_path):
    peek = "id: peek, who: insurer-2, do: read, namespace: accounts, key: insurer-1/cash, expect: not_public"
    result = run(story(peek), view=NoView(), out=tmp_path)
    found = verdicts(result)
    assert (found["story"], found["steps"], found["linearizable"], result.verdict) == ("pass", "pass", "pass", "pass")
    look, refused = history_of(result)
    assert (look["op"], look["key"], look["out"]["value"]["balance_fen"]) == ("read", "accounts/insurer-1/cash", 9000)
    assert (refused["op"], refused["out"]["code"], refused["out"]["value"]) == ("read", "not_public", None)


def test_a_story_that_expects_another_record_fails(tmp_path):
    again = (
        "id: again, who: insurer-1, do: read, namespace: accounts, key: insurer-1/cash, output: {balance_fen: 1 CNY}"
    )
    result = run(story(again), view=NoView(), out=tmp_path)
    assert (verdicts(result)["story"], result.verdict) == ("fail", "fail")


@pytest.mark.parametrize(
    ("second", "key", "said"),
    [
        ("id: a, who: insurer-1, do: read, namespace: acounts, key: x", "namespace", "did you mean `accounts`"),
        ("id: a, who: insurer-1, do: read, key: x", "", "`namespace` is missing"),
        ("id: a, who: insurer-1, do: read, namespace: accounts", "", "`key` is missing"),
        ("id: a, who: insurer-2, do: read, namespace: accounts, key: insurer-1/cash", "namespace", "may not ask"),
        ("id: a, who: insurer-1, do: read, namespace: claims, key: x", "namespace", "`expect: not_public`"),
        (
            "id: a, who: insurer-1, do: read, namespace: accounts, key: insurer-1/cash, expect: not_public",
            "expect",
            "is not refused",
        ),
        ("id: a, who: insurer-1, do: read, namespace: accounts, of: nothing", "of", "no step `nothing`"),
        ("id: a, who: insurer-1, do: read, namespace: accounts, key: insurer-1/cash, as: b", "as", "no argument"),
        (
            "id: a, who: insurer-1, do: read, namespace: accounts, key: insurer-1/cash, sealed: {bureau: {a: 1}}",
            "sealed",
            "nothing is sent but a question",
        ),
        ("id: a, who: nobody, do: read, namespace: accounts, key: nobody/cash", "who", "nobody is called"),
    ],
)
def test_what_is_wrong_with_a_read_is_said_at_its_step(second, key, said):
    with pytest.raises(ScenarioInvalid) as refused:
        make_plan(story(second))
    (problem,) = refused.value.problems
    assert problem.path == ("story", 1, *((key,) if key else ()))
    assert said in problem.message


# In a workload


def test_transfers_and_reads_interleave_each_party_one_after_the_other():
    steps = make_plan(parse_scenario(FLOW)).workload.steps
    assert [step.query is None for step in steps].count(True) == 10
    assert len(steps) == 25
    last = {}
    for step in steps:
        assert step.after == ((last[step.client],) if step.client in last else ())
        last[step.client] = step.id
    assert sorted(last) == ["bureau", "insurer-1", "insurer-2"]
    for step in steps:
        assert step.query in {None, ("accounts", f"{step.client}/cash")}
    numbers = [(step.client, step.number, step.query is None) for step in steps]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_flow_passes_and_its_balances_follow_from_the_seed(tmp_path, seed):
    result = run(parse_scenario(FLOW), view=NoView(), out=tmp_path, protocol="raft", seed=seed)
    found = verdicts(result)
    assert (result.verdict, found["business"], found["linearizable"]) == ("pass", "pass", "pass")
    assert [line["op"] for line in history_of(result)].count("read") == 15


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("workload.0.opening=10 CNY", "must cover all that a party may send, 16.00 CNY"),
        ("workload.0.parties=[insurer-1, insurer-3]", "did you mean `insurer-"),
        ("workload.0.parties=[insurer-1]", "need 2 parties, not 1"),
        ("workload.0.parties=[insurer-1, insurer-1]", "twice"),
        ("workload.0.transfers=0", "must be at least 1"),
        ("workload.0.reads=-1", "must be at least 0"),
        ("workload.0.amount_max=0 CNY", "must be at least 1"),
    ],
)
def test_what_is_wrong_with_transfers_is_said(override, said):
    problems = flow_problems(parse_scenario(FLOW, overrides=[override]))
    assert [said in problem.message for problem in problems] == [True]
    assert problems[0].path[:2] == ("workload", 0)


def test_a_party_in_two_flows_is_refused():
    twice = FLOW.replace(
        "expect:", "  - {flow: transfers, transfers: 1, amount_max: 1 CNY, opening: 1 CNY, spread: 1 day}\nexpect:"
    )
    with pytest.raises(ScenarioInvalid, match="takes part in two flows"):
        make_plan(parse_scenario(twice))
