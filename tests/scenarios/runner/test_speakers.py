"""Who listens to a run's bus knows every key that a party of it ever has, and nobody else's."""

import pytest

from network.frames import FRAME_VERSION, Frame, seal_frame
from network.topics import wallet_address
from scenarios.language import load_scenario
from scenarios.runner.plan import make_plan
from scenarios.runner.speakers import Speakers, certificate_in
from scenarios.shipped import find_scenario


@pytest.fixture(scope="module")
def plan():
    return make_plan(load_scenario(find_scenario("lost_key")))


@pytest.fixture(scope="module")
def speakers(plan):
    return Speakers(plan)


def frame(plan, sender, sign, network=None):
    name = network or plan.genesis.network
    return seal_frame(Frame(FRAME_VERSION, name, sender, 1, 1, "submit", b"", "bureau"), sign)


@pytest.mark.parametrize("generation", [1, 2])
@pytest.mark.parametrize("client", ["patient-1", "insurer-3"])
def test_wallets_are_known_by_each_of_their_keys(plan, speakers, client, generation):
    assert speakers.signed(frame(plan, wallet_address(client), plan.keyring.generation(client, generation).sign))


def test_nodes_are_known_by_theirs(plan, speakers):
    assert speakers.signed(frame(plan, "bureau", plan.keyring.sign("node.bureau")))
    assert not speakers.signed(frame(plan, "bureau", plan.keyring.sign("bureau")))


def test_strangers_and_other_networks_are_passed_over(plan, speakers):
    mine = plan.keyring.generation("patient-1", 1).sign
    assert not speakers.signed(frame(plan, wallet_address("patient-1"), plan.keyring.generation("patient-1", 3).sign))
    assert not speakers.signed(frame(plan, wallet_address("nobody"), mine))
    assert not speakers.signed(frame(plan, wallet_address("patient-1"), mine, network="another"))
    assert not speakers.signed(b"\xff" * 100)


def test_steps_say_which_certificates_they_ask_for(plan):
    asked = {step.id: change.name for step in plan.workload.steps if (change := certificate_in(step)) is not None}
    assert asked == {
        **dict.fromkeys(("too-few", "not-theirs", "reissue"), "patient-1"),
        **dict.fromkeys(("stranger", "welcome", "back"), "insurer-3"),
        "one-more": "patient-2",
    }
