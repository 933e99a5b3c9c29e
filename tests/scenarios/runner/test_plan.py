"""The plan: all that follows from scenario, protocol and seed, the same wherever it is made."""

from importlib.resources import files

import pytest

import scenarios.runner
from consensus.pbft import Options
from consensus.raft import RaftOptions
from node.assembly import Common
from node.ledger.genesis import decode_genesis
from node.ledger.transaction import decode_transaction
from node.replica import ReplicaOptions
from scenarios.language import ScenarioInvalid
from scenarios.language.loader import load_scenario
from scenarios.language.models.consensus import Pbft, Raft
from scenarios.runner.plan import make_plan
from scenarios.runner.record import RunRecord

STORY = str(files("scenarios").joinpath("library", "stories", "one_claim.yaml"))


@pytest.fixture(scope="module")
def plan():
    return make_plan(load_scenario(STORY))


def loaded(*overrides):
    return load_scenario(STORY, overrides)


def test_the_face_of_the_room():
    assert set(scenarios.runner.__all__) == {
        "NodeView",
        "RunError",
        "RunResult",
        "RunView",
        "Step",
        "Workload",
        "run",
    }
    assert all(hasattr(scenarios.runner, name) for name in scenarios.runner.__all__)


def test_the_same_three_make_the_same_plan(plan):
    again = make_plan(loaded())
    assert again.genesis.encode() == plan.genesis.encode()
    assert again.workload == plan.workload


def test_another_seed_makes_other_keys_and_no_other_cast(plan):
    other = make_plan(loaded(), seed=plan.seed + 1)
    assert other.node_names == plan.node_names
    assert not {m.verify_key for m in other.genesis.members} & {m.verify_key for m in plan.genesis.members}


def test_another_protocol_changes_the_genesis_alone(plan):
    other = make_plan(loaded(), protocol="raft")
    assert other.genesis.protocol == "raft"
    assert (other.genesis.members, other.genesis.clients) == (plan.genesis.members, plan.genesis.clients)
    assert [step.transaction_id for step in other.workload.steps] == [s.transaction_id for s in plan.workload.steps]


def test_the_genesis_is_one_that_nodes_accept(plan):
    assert decode_genesis(plan.genesis.encode()) == plan.genesis


def test_every_step_is_a_transaction_that_nodes_admit_and_its_number_is_its_own(plan):
    admission = Common(plan.genesis).admission
    for step in plan.workload.steps:
        transaction = admission.check(step.raw)
        assert (transaction.id, transaction.body.client, transaction.body.number) == (
            step.transaction_id,
            step.client,
            step.number,
        )
    assert len({(step.client, step.number) for step in plan.workload.steps}) == len(plan.workload.steps)


def test_steps_stand_in_order_and_follow_earlier_ones_alone(plan):
    earlier = set()
    for step in plan.workload.steps:
        assert set(step.after) <= earlier
        earlier.add(step.id)
    times = [step.at_ns for step in plan.workload.steps]
    assert times == sorted(times)
    assert decode_transaction(plan.workload.steps[0].raw).body.network == plan.genesis.network


def test_a_node_and_its_organisations_wallet_have_keys_of_their_own(plan):
    name = plan.node_names[0]
    assert plan.keyring.verify_key(f"node.{name}") != plan.keyring.verify_key(name)


def test_settings_of_protocol_blocks_and_nodes_reach_the_nodes():
    raft = make_plan(
        loaded(
            "consensus.raft={heartbeat: 50 ms, election_timeout: 1s..2s}",
            "consensus.blocks={transactions_max: 7, bytes_max: 1 MiB, delay: 5 ms}",
            "consensus.nodes={forward: false, complain_after: 3 s, snapshots: false}",
        ),
        protocol="raft",
    )
    assert raft.protocol_options == {
        "heartbeat_ns": 50_000_000,
        "election_timeout_min_ns": 10**9,
        "election_timeout_max_ns": 2 * 10**9,
    }
    assert raft.replica_options == ReplicaOptions(
        block_transactions_max=7,
        block_bytes_max=2**20,
        batch_delay_ns=5_000_000,
        forward=False,
        complain_after_ns=3 * 10**9,
        snapshots=False,
    )


@pytest.mark.parametrize(("part", "kind"), [(Raft, RaftOptions), (Pbft, Options)])
def test_every_setting_of_a_protocol_has_its_place_in_the_language(part, kind):
    names = {"election_timeout" if "election_timeout" in n else n.removesuffix("_ns") for n in kind.__struct_fields__}
    assert set(part.model_fields) == names


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("consensus={protocol: raft, raft: {heartbeat: 2 s}}", "heartbeat_ns must be positive and less than"),
        ("consensus={protocol: raft, raft: {pre_vote: false, lease: 1 ms}}", "a lease needs pre_vote"),
        ("consensus={protocol: pbft, pbft: {window: 4, log_size: 2}}", "log_size 2 is less than window 4"),
        ("consensus={protocol: pbft, pbft: {view_change_timeout: 0 s}}", "view_change_timeout_ns"),
    ],
)
def test_settings_that_the_core_would_refuse_make_the_scenario_invalid(setting, said):
    with pytest.raises(ScenarioInvalid, match=said):
        loaded(setting)


def test_what_is_left_out_is_left_to_the_protocols_defaults(plan):
    assert make_plan(loaded(), protocol="solo").protocol_options == {}
    assert plan.replica_options == ReplicaOptions()


def test_the_clients_of_a_plan_need_as_many_receipts_as_liars_make_necessary(plan):
    common = Common(plan.genesis)
    conductor = plan.conductor(common)
    assert conductor._electors.receipts_needed(0) == common.protocol.replies(len(common.voters)) > 1
    assert conductor.progress == (0, len(plan.workload.steps))


def test_every_run_has_a_record_of_its_own():
    one, other = RunRecord(), RunRecord()
    one.faults.append("x")
    one.rejections["x"] = 1
    assert (other.faults, other.rejections) == ([], {})
