"""Strategies lay the faults that they are there for, the same ones each time, and end when the network heals."""

import msgspec
import pytest

from consensus.pbft.messages import NewView
from consensus.properties import Observer
from consensus.snapshots import MANIFEST, SNAPSHOT
from consensus.vocabulary import Put
from network.virtual.faults import Crash, Cut, Heal
from scenarios.adversary.bank import plan_of
from scenarios.adversary.bugs import bugs
from scenarios.adversary.hoard import HOARD
from scenarios.adversary.play import play
from scenarios.adversary.search import Plan, suited
from scenarios.adversary.trial import draw_trial


class Choices(Observer):
    """Counts the NEW-VIEWs that had to choose between certificates of different views for one height."""

    def __init__(self):
        self.views = set()

    def on_persist(self, now, node, incarnation, records):  # noqa: ARG002
        for record in records:
            if isinstance(record, Put) and isinstance(record.value, NewView):
                proofs = [proof for change in record.value.view_changes for proof in change.prepared]
                known = {}
                if any(known.setdefault(proof.height, proof.view) != proof.view for proof in proofs):
                    self.views.add(record.value.view)


class Installed(Observer):
    """Counts the snapshots that nodes began to write down, and in the middle of how many changes of members."""

    def __init__(self):
        self.count = self.joint = 0

    def on_persist(self, now, node, incarnation, records):  # noqa: ARG002
        for record in records:
            if isinstance(record, Put) and (record.space, record.key) == (SNAPSHOT, MANIFEST):
                self.count += 1
                self.joint += record.value.configuration.joint


def lagged(seed, *observers):
    trial = draw_trial("raft", seed, network="cores", nodes=5, strategy="lag", fixed={"log_keep": 2})
    return trial, play(trial, observers=observers, until_ns=trial.case.heal_ns)


def hoarded(seed, *observers):
    trial = draw_trial("pbft", seed, network="cores", nodes=4, liars=0, strategy="hoard")
    return trial, play(trial, observers=observers, until_ns=trial.case.heal_ns)


def test_hoarding_makes_certificates_of_one_height_differ():
    choices = Choices()
    assert any(hoarded(seed, choices) and choices.views for seed in range(12))


def test_a_hoard_is_the_same_each_time_and_ends_with_the_chaos():
    trial, played = hoarded(3)
    assert played.laid
    assert any(isinstance(fault, Cut) and fault.name == HOARD for fault in played.laid)
    assert all(fault.at_ns + getattr(fault, "for_ns", 0) <= trial.case.heal_ns for fault in played.laid)
    assert hoarded(3)[1].laid == played.laid


def test_who_lags_behind_installs_snapshots_and_crashes_as_it_does():
    installed, (trial, played) = Installed(), lagged(6)
    again = lagged(6, installed)[1]
    assert played.broken is None
    assert installed.count > 1
    assert {type(fault) for fault in played.laid} == {Cut, Heal, Crash}
    assert again.laid == played.laid
    assert all(fault.at_ns + getattr(fault, "for_ns", 0) <= trial.case.heal_ns for fault in played.laid)


def test_now_and_then_the_snapshot_is_of_the_middle_of_a_change():
    installed = Installed()
    assert any(lagged(seed, installed) and installed.joint for seed in range(1, 12, 2))


def test_settings_that_a_search_fixes_take_the_place_of_drawn_ones():
    plain = draw_trial("pbft", 8, liars=0)
    fixed = draw_trial("pbft", 8, liars=0, fixed={"checkpoint_interval": 23, "log_size": 64})
    assert fixed.case.settings == plain.case.settings | {"checkpoint_interval": 23, "log_size": 64}
    assert fixed == msgspec.structs.replace(plain, case=fixed.case)
    assert fixed.case == msgspec.structs.replace(plain.case, settings=fixed.case.settings)


@pytest.mark.parametrize("name", [name for name, bug in bugs().items() if bug.fixed])
def test_a_bug_that_asks_for_settings_is_searched_for_with_them(name):
    protocol, fixed = bugs()[name].protocol, bugs()[name].fixed
    assert plan_of(name, protocol).fixed == fixed
    assert suited(Plan(protocol=protocol, bug=name, fixed={"window": 1})).fixed == fixed | {"window": 1}
    assert fixed.items() <= plan_of(name, protocol).trial(3).case.settings.items()


def test_liars_have_the_behaviours_that_are_asked_for_besides_their_own():
    plain = draw_trial("pbft", 8, network="cores", nodes=7, liars=2, strategy="ambush")
    bent = draw_trial("pbft", 8, network="cores", nodes=7, liars=2, strategy="ambush", lies=("wrong-view",))
    assert [liar.node for liar in bent.liars] == [liar.node for liar in plain.liars]
    for before, after in zip(plain.liars, bent.liars, strict=True):
        assert set(after.behaviours) == {*before.behaviours, "wrong-view"}


@pytest.mark.parametrize("name", [name for name, bug in bugs().items() if bug.lies])
def test_a_bug_that_asks_for_lies_is_searched_for_with_them(name):
    assert plan_of(name, "pbft").lies == bugs()[name].lies
    assert suited(Plan(protocol="pbft", bug=name)).lies == bugs()[name].lies
