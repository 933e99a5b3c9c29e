"""The same claim in each mode of privacy: who ever held what, and what a consent that is taken back still does."""

from __future__ import annotations

import json
from functools import cache

import msgspec
import pytest

from consensus.snapshots import DELIVERED, MANIFEST, SNAPSHOT
from network.virtual import Crash, Cut, Loss
from node.custody import CUSTODY, Stage
from node.ledger.transaction import decode_transaction
from node.membership import ClientEntry, Registry
from node.membership.certificates import Certificate
from node.privacy import Mode, Sealed, unseal
from scenarios.language import ScenarioInvalid, load_scenario
from scenarios.language.models.expect import OTHERS
from scenarios.results.leakage import Leakage
from scenarios.roles.custodian import Custodian
from scenarios.runner.leakage_expected import leakage_as_told
from scenarios.runner.plan import make_plan
from scenarios.runner.run import run
from scenarios.runner.virtual import VirtualRun
from scenarios.shipped import find_scenario, shipped

MODES = [mode.value for mode in Mode]
SECOND = 10**9


class Silent:
    """A view that shows nothing."""

    def __getattr__(self, name):
        return lambda *_, **__: None


def planned(mode, *overrides):
    return make_plan(load_scenario(find_scenario(f"privacy_{mode}"), overrides))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A scenario of the folder, told once in virtual time."""

    @cache
    def tell(mode, *overrides):
        scenario = load_scenario(find_scenario(f"privacy_{mode}"), overrides)
        return run(scenario, view=Silent(), mode="virtual", out=tmp_path_factory.mktemp(mode))

    return tell


def matrix(result):
    leakage = json.loads((result.folder / "leakage.json").read_text())
    return {(row["step"], row["path"]): row["cells"] for row in leakage["rows"]}


def test_every_mode_has_a_scenario_that_tells_its_whole_matrix():
    assert [f"privacy_{mode}" for mode in sorted(MODES)] == [name for name in shipped() if name.startswith("privacy_")]
    for mode in MODES:
        plan = planned(mode)
        wanted = plan.scenario.expect.leakage
        first = [shared.step for shared in plan.workload.shared if not shared.envelope.version]
        assert set(first) == wanted.keys()
        assert all(OTHERS in held.values() for patterns in wanted.values() for held in patterns.values())


@pytest.mark.parametrize("mode", MODES)
def test_the_claim_is_told_and_its_matrix_is_as_asserted(told, mode):
    result = told(mode)
    assert result.verdict == "pass", result.lines
    judged = {expectation.name: expectation.verdict for expectation in result.finished.expectations}
    assert judged["leakage"] == judged["story"] == judged["reads_logged"] == "pass"
    assert mode == "plain" or judged["privacy"] == "pass"


def test_the_business_comes_to_the_same_in_every_mode_where_the_same_is_told(told):
    roots = {mode: told(mode).finished.business_root for mode in ("plain", "encrypted", "collection", "hash")}
    assert len(set(roots.values())) == 1, roots


@pytest.mark.parametrize(
    ("mode", "cells"),
    [
        ("plain", {"insurer": "plain", "hospital": "plain", "reinsurer": "plain", "bus": "plain"}),
        ("encrypted", {"insurer": "plain", "hospital": "plain", "reinsurer": "ciphertext", "bus": "ciphertext"}),
        ("collection", {"insurer": "purged", "hospital": "purged", "reinsurer": "hash", "bus": "ciphertext"}),
        ("hash", {"insurer": "hash", "hospital": "hash", "reinsurer": "hash", "bus": "hash"}),
        ("holder", {"insurer": "hash", "hospital": "hash", "reinsurer": "hash", "bus": "hash"}),
    ],
)
def test_who_ever_held_the_diagnosis_that_was_read(told, mode, cells):
    held = matrix(told(mode))["answer", "visit/diagnosis"]
    assert {place: held[place] for place in cells} == cells


def test_the_table_tells_the_same_to_people(told):
    text = (told("collection").folder / "leakage.txt").read_text()
    assert "answer                   medical_record     collection  x  x  h  h  h  c" in text


def test_metadata_tells_who_talks_to_whom(told):
    leakage = json.loads((told("hash").folder / "leakage.json").read_text())
    talk = {(item["sender"], item["receiver"]): item for item in leakage["talk"]}
    assert talk["wallet.insurer", "insurer"]["messages"] >= 6
    assert talk["insurer", "wallet.insurer"]["bytes"] > 0
    assert not any("patient-1" in pair for pair in talk)  # a person has a wallet and no node
    assert sum(item["messages"] for item in talk.values()) > 100


@pytest.mark.parametrize(
    ("leakage", "message"),
    [
        ("{answer: {'visit/*': {plain: [hospital], ciphertext: others}}}", "insurer holds visit/admitted as plain"),
        ("{answer: {'visit/diag*': {plain: [hospital, insurer], ciphertext: others}}}", "nothing is said of"),
        ("{answer: {'*': {plain: [hospital, insurer], ciphertext: others}, 'bill/*': {}}}", "no field is like `bill/"),
        ("{answer: {'*': {plain: [hospital, insurer]}}}", "as ciphertext, not nothing"),
        ("{premium: {'*': {plain: others}}}", "premium shares nothing"),
    ],
)
def test_a_matrix_that_is_not_so_is_told(told, leakage, message):
    scenario = load_scenario(find_scenario("privacy_encrypted"), (f"expect.leakage={leakage}",))
    measured = msgspec.json.decode((told("encrypted").folder / "leakage.json").read_bytes(), type=Leakage)
    judged = leakage_as_told(measured, scenario.expect.leakage)
    assert (judged.verdict, message in judged.detail) == ("fail", True), judged.detail


def test_it_fails_the_run(tmp_path):
    scenario = load_scenario(find_scenario("privacy_encrypted"), ("expect.leakage={premium: {'*': {plain: others}}}",))
    result = run(scenario, view=Silent(), mode="virtual", out=tmp_path)
    failed = [expectation.name for expectation in result.finished.expectations if expectation.verdict == "fail"]
    assert (result.verdict, failed) == ("fail", ["leakage"])


# --- a purge


def test_every_member_attests_by_its_own_signature_once_its_node_has_erased(told):
    plan = planned("collection")
    steps = {step.id: step for step in plan.workload.steps}
    for step, member in (("attest-hospital", "hospital"), ("attest-insurer", "insurer")):
        transaction = decode_transaction(steps[step].raw)
        assert (transaction.body.client, transaction.signers) == (member, (member,))
        assert [errand.record for errand in steps[step].before] == [
            msgspec.msgpack.decode(transaction.body.arguments)[0]
        ]
    assert told("collection").verdict == "pass"


def test_purges_and_hand_overs_come_to_their_end_whatever_is_lost_and_whoever_crashes():
    plan = planned("collection")
    hospital, insurer, bureau = (plan.scenario.node_number(name) for name in ("hospital", "insurer", "bureau"))
    world = VirtualRun(plan, Silent())
    for fault in (
        Loss(at_ns=0, ppm=150_000),
        Crash(at_ns=int(1.42 * SECOND), node=bureau, for_ns=SECOND),
        Cut(at_ns=12 * SECOND, one=(hospital,), other=(insurer,), for_ns=3 * SECOND),
        Crash(at_ns=int(15.5 * SECOND), node=insurer, for_ns=SECOND),
    ):
        world.world.inject(fault)
    record = world.run()
    assert record.violations == []
    assert record.done == len(plan.workload.steps)
    for node in (hospital, insurer):
        stages = {kept.record: kept.stage for kept in world.world.image(node)[CUSTODY].values()}
        assert stages[_record(plan, "answer")] in {Stage.ERASED, Stage.WAIVED}


@pytest.mark.parametrize(
    ("protocol", "options", "down_s"), [("raft", {"log_keep": 2}, 1.3), ("pbft", {"checkpoint_interval": 4}, 12.2)]
)
def test_a_member_that_skipped_the_blocks_with_a_snapshot_comes_to_the_same_end(protocol, options, down_s):
    """It is down while records are shared and purged, takes over a state, and executes what it skipped afterwards."""
    plan = make_plan(load_scenario(find_scenario("privacy_collection")), protocol=protocol)
    options = {**plan.protocol_options, **options}
    lag = msgspec.structs.replace(plan.replica_options, snapshot_lag=2)
    world = VirtualRun(msgspec.structs.replace(plan, replica_options=lag, protocol_options=options), Silent())
    insurer = plan.scenario.node_number("insurer")
    world.world.inject(Crash(at_ns=int(down_s * SECOND), node=insurer, for_ns=14 * SECOND))
    record = world.run()
    image = world.world.image(insurer)
    assert (record.violations, record.done) == ([], len(plan.workload.steps))
    assert list(image[DELIVERED].values()) == [image[SNAPSHOT][MANIFEST].height]
    stages = {kept.record: kept.stage for kept in image[CUSTODY].values()}
    assert set(stages) == {_record(plan, "answer"), _record(plan, "bureau-answers")}
    assert set(stages.values()) <= {Stage.ERASED, Stage.WAIVED}


def _record(plan, step):
    return next(shared.envelope.record for shared in plan.workload.shared if shared.step == step)


# --- what cannot be


@pytest.mark.parametrize(
    ("mode", "override", "message"),
    [
        ("encrypted", "privacy=holder", "cannot be left on a person's device"),
        ("encrypted", "privacy=secret", "privacy"),
        ("encrypted", "privacy={medical_record: secret}", "medical_record"),
        ("encrypted", "privacy={diagnoses: hash}", "diagnoses"),
    ],
)
def test_a_mode_that_cannot_be_is_told(mode, override, message):
    with pytest.raises(ScenarioInvalid, match=message):
        planned(mode, override)


@pytest.mark.parametrize(
    ("leakage", "message"),
    [
        ("{anser: {'*': {plain: others}}}", "no step of the story is called `anser`; did you mean `answer`"),
        ("{answer: {'*': {plain: [hospitall]}}}", "`hospitall` is no node, nor `bus`; did you mean `hospital`"),
        ("{answer: {'*': {plain: [hospital], hash: [hospital]}}}", "`hospital` is named twice"),
        ("{answer: {'*': {plain: others, hash: others}}}", "`others` hold a field in one way"),
        ("{answer: {'*': {secret: others}}}", "secret"),
    ],
)
def test_an_expectation_that_makes_no_sense_is_told(leakage, message):
    with pytest.raises(ScenarioInvalid, match=message):
        load_scenario(find_scenario("privacy_encrypted"), (f"expect.leakage={leakage}",))


def test_a_deposit_is_for_the_node_s_own_key_whatever_became_of_its_wallet_s():
    plan = planned("collection")
    again = plan.keyring.generation("hospital", 2)
    certificate = Certificate(5, 0, again.verify_key.hex(), again.seal_key.hex(), recorded=4)
    entry = ClientEntry(role="hospital", home=0, certificates=(certificate,))

    def state(namespace, key):
        return entry if (namespace, key) == (ClientEntry.namespace, "hospital") else None

    custodian = Custodian(plan.scenario, plan.keyring, lambda: Registry.of(plan.genesis, state))
    custodian.enclose("hospital/1", "medical_record", {"visit/days": 4}, ("hospital", "insurer"), "hospital")
    (deposit,) = custodian.errands("hospital/1")
    sealed = msgspec.msgpack.decode(deposit.sealed, type=Sealed)
    assert unseal(sealed, "hospital", plan.keyring.seal_secret("hospital"))
