"""Every shipped scenario passes, and none of them cannot fail: each has a change under which one expectation does."""

import json
from pathlib import Path

import pytest

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.shipped import shipped
from tests.scenarios.rules import told_by_themes

ELSEWHERE = {
    *("chain_and_paper", "city_plan_year", "gossip_22", "one_claim", "real_spending", "thousand_claims"),
    *(name for name in shipped() if name.startswith("privacy_")),
}
"""Those that have tests of their own: end_to_end, test_story.py (and what extends its story), test_flows.py,
test_privacy_modes.py, test_zero_perception.py."""

TOLD = json.loads(Path(__file__).parents[2].joinpath("docs", "library_runs.json").read_text(encoding="utf-8"))
"""What the gallery says of each."""

_END = "run.duration=12s"


def _crashing(*names):
    """These nodes crash for good after a second, and nothing else happens."""
    return f"faults=[{', '.join(f'{{at: 1 s, crash: {name}}}' for name in names)}]"


def _executing(each):
    """Nothing costs time but the execution of transactions."""
    return f"costs={{input: 0 s, encode: 0 s, hash: 0 s, sign: 0 s, verify: 0 s, transaction: {each}}}"


BROKEN = {
    # what is worse than the scenario can bear
    "broken_disks": ("drained", "faults.2={at: 2 s, full_disk: hospital}", "faults.3={at: 3 s, crash: bureau}", _END),
    "broker_down": ("commit_latency.max", "faults.0.for=5s", "faults.1.at=8s"),
    "censoring_primary": (
        "commit_latency.max",
        "consensus.nodes.complain_after=20s",
        "consensus.pbft.view_change_timeout=5s",
    ),
    "everybody_crashes": ("drained", _crashing("hospital", "bureau"), _END),
    "flapping_line": ("drained", "faults.0.flap=[insurer-1, insurer-2, bureau]", "faults.0.for=1min", _END),
    "garbled": ("drained", "faults.0={at: 1 s, corrupt: 100%}", _END),
    "hospital_cut_off": ("converges_within", "faults.0={at: 2 s, cut: [hospital]}"),
    "late_and_overtaken": ("commit_latency.p90", "faults.0.delay=1ms", "faults.1.by=1ms"),
    "leaders_crash": ("drained", _crashing("insurer-1", "insurer-2", "bureau"), _END),
    "lost_and_doubled": ("drained", "faults.0={at: 1 s, loss: 90%}", _END),
    "lying_member": ("drained", _crashing("hospital", "bureau"), _END),
    "mute_primary": ("commit_latency.max", "consensus.pbft.view_change_timeout=5s"),
    "no_quorum": ("stalls_during", "faults.0.partition=[[insurer-1], rest]"),
    "one_way_line": ("commit_latency.max", "consensus.pbft.view_change_timeout=20s", "faults.0.for=8s"),
    "partition_and_equivocation": ("drained", "faults.1={at: 1 s, cut: [insurer-2, reinsurer]}", "run.duration=6s"),
    "partition_heals": ("commit_latency.max", "faults.0.partition=[[insurer-1, hospital], [insurer-2, bureau], rest]"),
    "primary_crashes": ("recovers_within", "consensus.pbft.view_change_timeout=4s"),
    "replaying_member": ("commit_latency.max", "consensus.pbft.view_change_timeout=4s"),
    "slow_disk": ("commit_latency.max", "faults.0.by=900ms"),
    "slow_machine": ("commit_latency.p90", "faults.0.by=1ms"),
    "two_liars": ("drained", "faults.3={at: 1 s, cut: [hospital-3, bureau]}", "run.duration=15s"),
    "wrong_clocks": ("drained", _crashing("hospital", "bureau"), _END),
    # other numbers than the scenario counts with
    "members_4": ("heard.pbft.prepare.count", "members.hospital.count=4"),
    "members_7": ("heard.pbft.prepare.count", "members.hospital.count=7"),
    "members_16": ("heard.pbft.commit.count", "members.hospital.count=8"),
    "members_31": ("commit_latency.p90", "network.default.latency=50ms", "workload.0.transfers=4"),
    "protocols_on_bad_links": ("drained", "network.default.loss=95%", _END),
    "protocols_and_sizes": ("drained", _crashing("hospital-1", "hospital-2"), _END),
    "three_regions": ("drained", "faults.0={at: 3 s, cut: [insurer-3, hospital-3, bureau]}", "run.duration=15s"),
    "reads_while_leaders_fall": ("drained", _crashing("insurer-1", "insurer-2", "bureau"), _END),
    # other machines and blocks than were published
    "bitcoin": ("throughput.rate", "network.disk.write=1ms"),
    "fabric_2_5": ("commit_latency.max", "consensus.blocks.delay=100ms"),
    "fisco_bcos": ("commit_latency.max", _executing("10 ms")),
    "shie_2017": ("commit_latency.max", _executing("20 ms")),
    # nothing stops what should be stopped
    "claims_in_a_split": ("stalls_during", "faults=[]"),
    # contributions
    "for_everyone": ("steps", "world.cash.insurer-1=2_000_000 CNY"),
    "one_place": ("steps", "world.cash.patient-1=379 CNY"),
    "payment_lock": ("steps", "run.clock.ahead=60 min"),
    "prior_year_balance": ("steps", "story.credit-2022.at=2021-12-31 10:00"),
    "red_seal": ("steps", "world.cash.patient-2=760 CNY"),
    "two_channels": ("records.contributions == 40", "workload.0.pairs=39"),
    "who_may_pay": ("steps", "world.people.lin.fields.name=孙"),
    # underwriting
    "checked_unseen": ("steps", "settings.checks.guesses_max=2"),
    "consented_query": ("steps", "world.query_timeout=3 days"),
    "cover_summary": ("steps", "world.cash.patient-1=400 CNY"),
    "identified_once": ("story", "settings.kyc.alert_institutions=3"),
    "onboarding": ("steps", "world.listed_fields.genome=Genome"),
    "scored_and_decided": ("steps", "world.people.p3.age=58"),
    # zero perception
    "reads_off_the_log": ("story", "story.reconcile-after.output.unlogged=4"),
    "claims_by_themselves": (
        "arms.chain.max",
        "assumptions.chain-audit.value={low: 6 min, likely: 8 min, high: 20 min}",
    ),
    # policies
    "by_choice": ("records.notarisations == 140", "story.record-{n}.repeat.n=1..139"),
    "cancelled": ("story", "settings.policy.terms.0.cooling_off_ms=11 days"),
    "card_passed_on": ("steps", "story.pass-2.at=2016-08-10 12:01"),
    "changed_in_mid_term": ("story", "story.amend-alone.at=2023-05-14 00:00"),
    "coinsured": ("story", "story.amend.at=2023-04-08 00:00"),
    "lapsed_and_revived": ("steps", "settings.policy.terms.0.grace_ms=31 days"),
    "many_policies": ("records.e_policies == 532", "workload.0.one_in=401"),
    "one_account_each": ("steps", "story.stolen.wallet=patient-1"),
    "pledged": ("steps", "settings.pledges.value_ppm=81 %"),
    "shared_loss": ("story", "world.stays.zhu-april.items.0.amount=261.00 CNY"),
    "silent_edit": ("story", "story.deposit-edited.edited=false"),
    "told_before_sold": ("steps", "settings.policy.terms=[]"),
    # people who lie: seen too late, by too dull an eye, or no lie after all
    "backdated_cover": ("detection.backdated-cover", "expect.detection.backdated-cover.threshold=600"),
    "colluding_hospital": ("detection.colluding-hospital", "expect.detection.colluding-hospital.threshold=2000"),
    "double_claim": ("detection.double-claim", "expect.detection.double-claim.threshold=1"),
    "forged_invoice": ("detection.forged-invoice", "expect.detection.forged-invoice.within=10 s"),
    "lying_oracle": ("detection.lying-oracle", "assumptions.0.value=500"),
    "silent_policy_edit": ("detection.silent-policy-edit", "expect.detection.silent-policy-edit.within=1 h"),
    "withheld_loss_notice": ("detection.withheld-loss-notice", "misbehaviour.0.delay=1 day"),
    # stories: other answers than are told
    "code_maps": ("story", "story.rate-1.output.unmapped=0"),
    "priced_from_data": ("story", "story.seen.output.heads=20_189"),
    "own_product": ("story", "story.audit-second.output.payable_fen=18_240.00 CNY"),
    "claimed_twice": ("steps", "story.unclear.expect=ok"),
    "contested": ("story", "story.rule-fraud.output.paid_fen=3112.90 CNY"),
    "hospital_linked": ("story", "story.on-paper.output.hospital_trips=0"),
    "notice_to_close": ("story", "story.assess-excluded.output.payable_fen=3113.90 CNY"),
    "rules_of_their_time": ("story", "story.switch.output.version=v1"),
    "three_layers": ("story", "story.settle-one-fen.output.own_fen=10 CNY"),
    "what_is_left": ("story", "story.approved.output.total_fen=3255.00 CNY"),
    "treated_elsewhere": ("story", "story.net.output.sum_fen=1"),
    "carried_together": ("accounts.insurer-3.claims-paid == 0.33 CNY", "story.2.pool.2=[insurer-3, 2]"),
    "duplicate_cover": ("story", "story.15.output.state=AGREED"),
    "lost_key": ("steps", "story.6.expect=ok"),
    "members_come_and_go": ("steps", "story.3.expect=ok"),
    **told_by_themes("BROKEN"),
}
"""Scenario: the expectation that fails, and with which values."""


def test_each_has_been_broken():
    assert set(BROKEN) == set(shipped()) - ELSEWHERE


def _played(name, *overrides):
    return run(load_scenario(shipped()[name], list(overrides)), view=NoView(), out=None, mode="virtual")


def _verdicts(name, *overrides):
    result = _played(name, *overrides)
    return result.verdict, {item.name: (item.verdict, item.detail) for item in result.finished.expectations}


@pytest.mark.parametrize("name", sorted(set(shipped()) - ELSEWHERE))
def test_it_passes_and_the_gallery_tells_what_it_comes_to(name):
    result = _played(name)
    expectations = result.finished.expectations
    assert result.verdict == "pass", [item for item in expectations if item.verdict != "pass"]
    told = TOLD[name]
    assert (told["verdict"], told["expectations"]) == (result.verdict, len(expectations))
    assert told["simulated_ns"] == result.left.record.ended_ns, "empty docs/library_runs.json, and run docs/generate.py"


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_its_expectation_can_fail(name):
    expectation, *overrides = BROKEN[name]
    verdict, judged = _verdicts(name, *overrides)
    assert (verdict, judged[expectation][0]) == ("fail", "fail"), judged


EITHER = (
    "broken_disks",
    "broker_down",
    "everybody_crashes",
    "flapping_line",
    "garbled",
    "hospital_cut_off",
    "late_and_overtaken",
    "lost_and_doubled",
    "no_quorum",
    "one_way_line",
    "slow_disk",
    "wrong_clocks",
)
"""Faults that Raft and PBFT bear alike, within the same bounds."""


@pytest.mark.parametrize("name", EITHER)
def test_the_other_protocol_bears_the_same_fault(name):
    other = {"pbft": "raft", "raft": "pbft"}[load_scenario(shipped()[name]).consensus.protocol]
    verdict, judged = _verdicts(name, f"consensus.protocol={other}")
    assert verdict == "pass", judged


def test_of_five_pbft_bears_one_crash_where_raft_bears_two():
    _, judged = _verdicts("leaders_crash", "consensus.protocol=pbft", _END)
    assert (judged["agreement"][0], judged["durability"][0], judged["drained"][0]) == ("pass", "pass", "fail")
