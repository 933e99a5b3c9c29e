"""What is made of a run once it is over: measures, holdings from databases, values that a story means."""

from types import SimpleNamespace

import msgspec
import pytest

from consensus.chain import BLOCKS, CERTIFICATES, Block
from consensus.vocabulary import Put
from network.codec import RecordCodec
from node.ledger.store import SqliteStore
from node.privacy.vault import VaultRecord
from node.process import NODE_SPACE
from node.replica import VAULT
from scenarios.language.models.world import Arms
from scenarios.runner.clocks import ClaimClocks
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.finish import measure
from scenarios.runner.holdings import Holdings, from_databases
from scenarios.runner.record import Decision, RunRecord
from scenarios.runner.story_outcomes import meant, output_surprises, sealed_surprises
from tests.node.lab import Net, transfer
from tests.scenarios.runner.steps import step

MINUTE = 60 * 10**9


def acknowledged(item, *, called_ns=0, returned_ns=5, code="ok", output=None):
    return Acknowledged(
        step=item,
        position=0,
        code=code,
        output=output,
        height=1,
        receipt="",
        called_ns=called_ns,
        returned_ns=returned_ns,
    )


# Measures


def test_latency_runs_from_the_first_submission_to_the_acknowledgement():
    record = RunRecord(
        acknowledged=[
            acknowledged(step(1, flow="claims"), called_ns=10, returned_ns=40),
            acknowledged(step(2), called_ns=10, returned_ns=20, code="refused"),
        ]
    )
    summary = measure(record).summary()
    assert (summary["commit_latency"].max, summary["commit_latency"].count) == (30, 2)
    assert (summary["claims.latency"].count, summary["throughput"].count, summary["refused"].count) == (1, 2, 1)


def test_the_spread_of_a_block_runs_from_whoever_decided_first_though_it_told_last():
    record = RunRecord(decisions=[Decision(70, 1, 1), Decision(50, 0, 1), Decision(90, 0, 2)])
    summary = measure(record).summary()
    assert summary["block_spread"].max == 20
    assert summary["blocks"].count == 2
    assert record.first_decided() == {1: 50, 2: 90}


# Holdings


@pytest.fixture
def databases(tmp_path):
    """Two nodes' databases of the same three blocks; node 1 holds no certificate of the last one."""
    net = Net(observers=1)
    for number in (1, 2, 3):
        net.submit(0, transfer(number))
    chain = net[0].chain
    paths = [tmp_path / f"{node}.sqlite" for node in (0, 1)]
    codec = RecordCodec((), {NODE_SPACE: int, VAULT: VaultRecord})
    for node, path in enumerate(paths):
        store = SqliteStore(path, codec)
        for height in (1, 2, 3):
            entry = chain.entry(height)
            records = [Put(BLOCKS, height, entry.block)]
            if (node, height) != (1, 3):
                records.append(Put(CERTIFICATES, height, entry.certificate))
            store.append(records)
        store.close()
    return SimpleNamespace(common=net.common, chain=chain, paths=paths, codec=codec)


def test_what_nodes_hold_is_read_from_their_databases(databases):
    held = from_databases(databases.paths, databases.common)
    assert [h.name for h in held] == ["member-0", "member-1"]
    assert {h.chain.tree.root for h in held} == {databases.chain.tree.root}
    assert {h.chain.head.hash for h in held} == {databases.chain.head.hash}


def test_each_node_has_its_own_certificates_and_is_believed_as_far_as_they_reach(databases):
    held = from_databases(databases.paths, databases.common)
    assert [len(h.certified()) for h in held] == [4, 3]


def test_a_node_with_nothing_holds_genesis(databases, tmp_path):
    SqliteStore(tmp_path / "empty.sqlite", databases.codec).close()
    [held] = from_databases([tmp_path / "empty.sqlite"], databases.common)
    assert [block.height for block, _ in held.certified()] == [0]


def test_another_body_under_the_same_header_is_not_taken_for_the_same_block(databases):
    first = databases.chain.entry(1).block
    swapped = (transfer(7, "bob", payee="ann"),)
    store = SqliteStore(databases.paths[1], databases.codec)
    store.append([Put(BLOCKS, 1, Block(first.header, swapped))])
    store.close()
    held = from_databases(databases.paths, databases.common)
    assert [h.chain.entry(1).block.transactions for h in held] == [first.transactions, swapped]


def test_holdings_of_an_uncertified_chain_end_at_genesis(databases):
    bare = databases.chain.with_certificates({})
    assert len(Holdings("n0", bare, {}).certified()) == 1


# What a story means


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3112.90 CNY", 311_290),
        ("1_000", 1_000),
        ("-7", -7),
        ("--7", "--7"),
        ("-", "-"),
        ("", ""),
        ("1__0", "1__0"),
        ("2023-04-18", "2023-04-18"),
        ("inpatient", "inpatient"),
        (7, 7),
        (True, True),
        (None, None),
        (["1", ("2 CNY", "x")], [1, [200, "x"]]),
    ],
)
def test_texts_mean_money_numbers_or_themselves(text, value):
    assert meant(text) == value


def story(**fields):
    told = SimpleNamespace(**{"id": "ann/1", "output": {}, "sealed": {}, **fields})
    return SimpleNamespace(story=(told,))


def test_a_receipt_that_says_other_than_the_story_is_told():
    scenario = story(output={"paid_fen": "1.00 CNY", "note": "x"})
    item = acknowledged(step(1), output={"paid_fen": 100, "note": "y"})
    assert output_surprises(scenario, [item]) == (["ann/1: note is 'y', not x"], 2)


def test_whoever_took_another_name_for_it_is_told_what_there_is():
    item = acknowledged(step(1), output={"premium_fen": 100, "due_fen": 7})
    told = output_surprises(story(output={"paid_fen": "1"}), [item])[0]
    assert told == ["ann/1: paid_fen is None, not 1; it says due_fen, premium_fen"]


@pytest.mark.parametrize("output", [None, 7, {}])
def test_a_receipt_without_the_value_is_told(output):
    surprises, compared = output_surprises(story(output={"paid_fen": "1"}), [acknowledged(step(1), output=output)])
    assert (len(surprises), compared) == (1, 1)


def test_a_step_that_was_never_answered_is_told():
    assert output_surprises(story(output={"paid_fen": "1"}), [])[0] == ["ann/1: paid_fen is None, not 1"]


def opened(**fields):
    record = SimpleNamespace(record="ann/1", fields=fields)
    return {"insurer": [record]}


def test_an_envelope_that_says_other_than_the_story_is_told():
    scenario = story(sealed={"insurer": {"age": "40"}, "broker": {"age": "40"}})
    surprises, compared = sealed_surprises(scenario, [acknowledged(step(1))], opened(age=41))
    assert compared == 2
    assert surprises == ["ann/1: insurer finds age 41, not 40", "ann/1: broker finds age None, not 40"]


def test_an_envelope_that_says_what_the_story_says_is_no_surprise():
    scenario = story(sealed={"insurer": {"age": "40"}})
    assert sealed_surprises(scenario, [acknowledged(step(1))], opened(age=40)) == ([], 1)


# The two clocks


def clocks(paper=True):
    stage = {"low": 86_400 * 10**9, "likely": 86_400 * 10**9, "high": 86_400 * 10**9}
    arms = Arms.model_construct(paper={"post": SimpleNamespace(**stage)} if paper else {}, chain={})
    scale = SimpleNamespace(business_ns=60, run_ns=1)
    return ClaimClocks(
        SimpleNamespace(arms=arms, story=(), run=SimpleNamespace(clock=SimpleNamespace(scale=scale))), seed=1
    )


def stage(name, at_ns, latency_ns=0, case="c1"):
    return acknowledged(step(1, at_ns=at_ns, case=case, stage=name), called_ns=at_ns, returned_ns=at_ns + latency_ns)


def test_a_claims_clock_runs_from_its_notice_in_business_time_and_measured_latency():
    told = clocks()
    assert told.heard(stage("notice", 5 * MINUTE)) == ("c1 notice 0 min 0 s", "1.0 days")
    assert told.heard(stage("adjudicated", 5 * MINUTE + MINUTE // 60, 2 * 10**9)) == (
        "c1 adjudicated 1 min 2 s",
        "1.0 days",
    )


def test_a_claim_that_was_paid_is_over():
    told = clocks()
    told.heard(stage("notice", 0))
    assert told.heard(stage("paid", 0)) is not None
    assert told.heard(stage("recovered", 0)) is None


def test_steps_before_any_notice_and_between_stages_say_nothing():
    told = clocks()
    assert told.heard(stage("adjudicated", 0)) is None
    told.heard(stage("notice", 0))
    assert told.heard(stage("", 0)) is None


def test_without_a_paper_arm_there_is_nothing_to_compare():
    assert clocks(paper=False).heard(stage("notice", 0)) is None


def test_an_acknowledgement_crosses_a_pipe_unchanged():
    item = acknowledged(step(1), output={"paid_fen": 1})
    fields = msgspec.json.decode(msgspec.json.encode(msgspec.structs.asdict(item)))
    assert fields["output"] == {"paid_fen": 1}
