"""The gateways' two tables: filled by what the chain says, never by what it refused, and never on the chain."""

import pytest

from node.contracts.chain_accounts import account_of
from node.contracts.runtime import genesis_state
from node.membership import Directory
from scenarios.language import ScenarioInvalid, load_scenario
from scenarios.roles import Act, Desk, StoryError, verb_of
from scenarios.roles.mini_program import DigitalPolicy, Planet, Tables
from scenarios.runner.plan import make_plan
from scenarios.shipped import shipped
from tests.scenarios.telling import told


@pytest.fixture
def desk():
    plan = make_plan(load_scenario(shipped()["one_account_each"]))
    return Desk(plan.scenario, plan.keyring, Directory(plan.genesis), genesis_state(plan.genesis))


def mapped(desk, gateway="insurer-1", **given):
    act = Act("map", gateway, f"{gateway}/1", 0, given)
    return verb_of("insurer", "map-user")(desk, act)


def test_what_the_chain_says_is_saved_off_the_chain(desk):
    request = mapped(desk, person="zhu")
    assert desk.drawer("insurer-1", Tables).planets == {}
    request.saved({"account": account_of(request.arguments.user), "created": True})
    planet = desk.drawer("insurer-1", Tables).planets["patient-1"]
    assert planet == Planet("zhu", "patient-1", account_of(request.arguments.user))
    assert desk.drawer("insurer-2", Tables).planets == {}


def test_a_policy_is_uploaded_through_a_gateway_that_knows_its_holder(desk):
    mapped(desk, person="zhu").saved({"account": "a"})
    desk.remember("bind", "insurer-1/6", None, {})
    act = lambda gateway: Act("up", "patient-1", "patient-1/9", 0, {"policy": "bind", "through": gateway})  # noqa: E731
    upload = verb_of("patient", "upload-policy")
    upload(desk, act("insurer-1")).saved({"hash": "h"})
    assert desk.drawer("insurer-1", Tables).policies == [DigitalPolicy("a", "insurer-1/6", "h")]
    with pytest.raises(StoryError, match="`insurer-2` knows no account of patient-1"):
        upload(desk, act("insurer-2"))


def test_a_gateway_that_was_refused_saves_nothing():
    with pytest.raises(ScenarioInvalid, match="knows no account of patient-2"):
        make_plan(
            load_scenario(
                shipped()["one_account_each"], ["story.upload.who=patient-2", "story.upload.through=insurer-1"]
            )
        )


def test_the_chain_names_nobody():
    story = told("one_account_each")
    clear = repr(list(story.tree.items("chain_accounts")))
    assert "zhu" not in clear
    assert "330203" not in clear
