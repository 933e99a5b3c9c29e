"""Identities that change, told to the end by the shipped scenarios: a lost key, and members who come and go."""

from __future__ import annotations

import pytest

from node.ledger.transaction import decode_transaction
from node.membership import Registry, Verifier
from scenarios.language import ScenarioInvalid, load_scenario
from scenarios.runner.plan import make_plan
from scenarios.runner.virtual import VirtualRun
from scenarios.shipped import find_scenario
from tests.end_to_end.test_gossip import Silent

PATH = find_scenario("lost_key")


@pytest.fixture(scope="module")
def plan():
    return make_plan(load_scenario(PATH))


@pytest.mark.parametrize("protocol", ["pbft", "raft"])
def test_the_members_give_her_another_key_and_everything_of_hers_is_still_hers(protocol):
    run = VirtualRun(make_plan(load_scenario(PATH), protocol=protocol), Silent())
    record = run.run()
    assert record.violations == []
    told = {item.step.id: item.code for item in record.acknowledged}
    assert told == {step.id: step.expect for step in run._plan.workload.steps}
    assert (told["last-use"], told["dead"], told["alive"], told["hers-still"]) == ("ok", "key_revoked", "ok", "ok")


def test_the_old_key_signs_the_step_that_says_so_and_the_newest_all_others(plan):
    by_id = {step.id: decode_transaction(step.raw) for step in plan.workload.steps}
    first, second = (plan.keyring.generation("patient-1", number).verify_key for number in (1, 2))
    assert Registry.of(plan.genesis).client_keys("patient-1") == (first,)
    signed = {"grant": first, "last-use": first, "dead": first, "alive": second, "hers-still": second}
    for step, key in signed.items():
        ((_, signature),) = by_id[step].signatures
        assert Verifier().verify(key, by_id[step].signed, signature), step


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ("story.2.by=[nobody]", "by", "no node is called `nobody`"),
        ("story.2.by=bureau", "by", "must be a list of names"),
        ("story.2.client=null", "", "`client` is missing"),
        ("story.10.home=nowhere", "home", "no node is called `nowhere`"),
        ("story.1.signed_with=0", "signed_with", "must be at least 1"),
    ],
)
def test_a_change_that_makes_no_sense_is_named_with_its_place(change, where, what):
    with pytest.raises(ScenarioInvalid) as invalid:
        make_plan(load_scenario(PATH, [change]))
    assert what in str(invalid.value)
    assert where in str(invalid.value)


@pytest.mark.parametrize("protocol", ["pbft", "raft"])
def test_members_come_and_go_while_the_chain_grows(protocol):
    """The same oracles as ever watch, which read from the blocks alone who votes at which height."""
    run = VirtualRun(make_plan(load_scenario(find_scenario("members_come_and_go")), protocol=protocol), Silent())
    record = run.run()
    assert record.violations == []
    assert {item.step.id: item.code for item in record.acknowledged} == {
        step.id: step.expect for step in run._plan.workload.steps
    }
    names = run._plan.node_names
    chain = run.replica(names.index("hospital")).chain
    registry = Registry.of(run._plan.genesis, chain.tree.get)
    assert [names[number] for number in registry.voters] == ["insurer-1", "insurer-2", "bureau", "hospital"]
    assert registry.member(names.index("insurer-3")).certificate.revoked
    named = list(dict.fromkeys(chain.entry(height).block.header.members for height in range(chain.height + 1)))
    assert len(named) == 3, "four voters, five, and other four"
