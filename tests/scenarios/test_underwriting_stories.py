"""What the stories of underwriting leave behind, worked out from the ledger in another way."""

from collections import Counter

import pytest
from msgspec.structs import replace

from node.contracts import business_entries
from node.contracts.consent import AccessEntry, Query
from node.contracts.fairness import DECISIONS, FairnessTable
from node.contracts.policy import Policy
from node.contracts.products import Product
from node.contracts.underwriting import Application, score_holds
from node.contracts.vouchers import Voucher
from node.ledger.transaction import decode_transaction
from node.privacy import unseal
from scenarios.language import ScenarioInvalid, load_scenario
from scenarios.runner.plan import make_plan
from scenarios.runner.story_checks import reads_logged
from scenarios.runner.supervision_figures import supervision_figures
from scenarios.shipped import shipped
from tests.scenarios.telling import Told, any_causal_order, told


def kept(tree, kind):
    return dict(tree.items(kind.namespace))


def opened(story, step, name):
    """The openings that ``name`` finds in what a step carried, by path; none for those who are no party."""
    (envelope,) = story.outcomes[step].envelopes
    found = unseal(envelope, name, story.plan.keyring.seal_secret(name))
    return {opening.path: opening for opening in found or ()}


# --- scored_and_decided


def test_whoever_is_shown_the_inputs_recomputes_every_score_and_reason():
    story = told("scored_and_decided")
    applications, products = kept(story.tree, Application), kept(story.tree, Product)
    for number in range(1, 21):
        application = applications[f"patient-{number}/1"]
        again = f"assess-again-{number}"
        inputs = opened(story, again if again in story.outcomes else f"assess-{number}", "bureau")
        scoring = products[application.product].scoring
        assert score_holds(scoring, application, inputs["age"], inputs["history"])
        older = replace(inputs["age"], value=inputs["age"].value + 1)
        assert not score_holds(scoring, application, older, inputs["history"])


@pytest.mark.parametrize("name", ["insurer-1", "insurer-2", "hospital", "regulator", "patient-1"])
def test_third_parties_open_no_inputs(name):
    story = told("scored_and_decided")
    assert opened(story, "assess-1", "bureau")
    assert not opened(story, "assess-1", name)


def test_the_fairness_table_is_what_receipts_and_the_bureaus_drawers_add_up_to():
    story = told("scored_and_decided")
    standing = {}
    for step, outcome in story.outcomes.items():
        if step.startswith("assess-"):
            standing[step.rpartition("-")[2]] = outcome.output
    people = story.scenario.world.people
    cells = Counter((people[f"p{number}"].age >= 45, output["decision"]) for number, output in standing.items())
    (table,) = kept(story.tree, FairnessTable).values()
    assert [(band.first, band.last) for band in table.bands] == [(18, 44), (45, 65)]
    for old, band in enumerate(table.bands):
        assert band.counts == tuple(cells[bool(old), decision] for decision in DECISIONS)
    reasons = {reason: count for reason, count in table.reasons if count}
    assert reasons == Counter(output["reason"] for output in standing.values())


def test_the_report_tells_supervisors_shares_that_sum_to_the_whole():
    bands, reasons = supervision_figures(told("scored_and_decided").tree)
    assert [row[:2] for row in bands.rows] == [("18 to 44", 9), ("45 to 65", 11), ("all", 20)]
    assert [sum(row[2:]) for row in bands.rows] == [1_000_000] * 3
    assert bands.rows[2][2:] == (350_000, 250_000, 200_000, 200_000)
    assert sum(count for _, count in reasons.rows) == 20
    (identities,) = supervision_figures(told("identified_once").tree)
    assert [row[1:] for row in identities.rows] == [("broker, insurer-2, insurer-3", 5, 2)]
    assert supervision_figures(told("consented_query").tree) == ()


@pytest.mark.parametrize("name", ["scored_and_decided", "identified_once"])
def test_independent_chains_commute(name):
    story = told(name)
    order = any_causal_order(story.plan.workload.steps, 6)
    assert [step.id for step in order] != list(story.steps)
    again = Told(story.plan, order=order)
    assert list(business_entries(again.tree)) == list(business_entries(story.tree))


# --- cover_summary


def test_each_summary_equals_the_ledger_added_up_anew():
    """Over all policies there are, by the receipts of those who bound and paid, whoever holds them."""
    story = told("cover_summary")
    compared = 0
    for step, outcome in story.outcomes.items():
        body = decode_transaction(story.steps[step].raw).body
        if (body.contract, outcome.code) != ("cover-summary", "ok"):
            continue
        bound = ("bind-bao",) if step in {"childs", "not-over"} else ("bind-1", "bind-2")
        there = kept(story.trees[list(story.outcomes).index(step)], Policy)
        policies = [there.get(story.object(bind)) for bind in bound]
        covering = [
            policy
            for policy in policies
            if policy and policy.state == "IN_FORCE" and policy.starts_ms <= body.time_ms < policy.ends_ms
        ]
        benefits = [benefit for policy in covering for benefit in policy.benefits]
        lines = {name: [b for b in benefits if b.name == name] for name in {b.name for b in benefits}}
        told_lines = {name: (count, fen) for name, count, fen in outcome.output["lines"]}
        assert told_lines == {name: (len(b), sum(x.sum_insured_fen for x in b)) for name, b in lines.items()}
        assert outcome.output["policies"] == len(covering)
        assert outcome.output["premium_fen"] == sum(policy.premium_fen for policy in covering)
        compared += 1
    assert compared == 7


# --- identified_once


def test_what_is_shown_again_has_the_commitments_that_were_verified():
    story = told("identified_once")
    (entered,), (shown,) = (story.outcomes[step].envelopes for step in ("enter", "shown-2"))
    assert set(shown.commitments) < set(entered.commitments)
    verified = opened(story, "enter", "insurer-1")
    assert opened(story, "shown-2", "insurer-2") == {path: verified[path] for path, _ in shown.commitments}
    assert not opened(story, "shown-2", "insurer-1")


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("identity.fields", "[name, iris]", "holds no iris"),
        ("identity.again", "register", "nothing that parties share came with"),
        ("identity.again", "entered", "no step `entered`"),
        ("identity.to", "insurer-2", "shows again `fields`"),
        ("who", "insurer-3", "insurer-3 cannot open"),
    ],
)
def test_what_cannot_be_shown_again_is_named(place, value, said):
    path = shipped()["identified_once"]
    index = [step.id for step in load_scenario(path).story].index("shown-2")
    with pytest.raises(ScenarioInvalid) as raised:
        make_plan(load_scenario(path, [f"story.{index}.{place}={value}"]))
    assert said in str(raised.value)


@pytest.mark.parametrize(("who", "expect"), [("regulator", "not_public"), ("insurer-1", "ok"), ("patient-1", "ok")])
def test_who_may_read_a_view_for_supervisors_is_foreseen(who, expect):
    path = shipped()["identified_once"]
    index = [step.id for step in load_scenario(path).story].index("not-theirs") - 3  # so many are repeated
    with pytest.raises(ScenarioInvalid, match=r"may (not )?ask for aml_views"):
        make_plan(load_scenario(path, [f"story.{index}.who={who}", f"story.{index}.expect={expect}"]))


# --- consented_query


def test_every_field_read_was_asked_covered_filed_and_logged_and_no_other_came_back():
    story = told("consented_query")
    queries, vouchers = kept(story.tree, Query), kept(story.tree, Voucher)
    filed = {"birth_date", "insured_status", "inpatient_days", "outpatient_visits"}
    read = {}
    for step, outcome in story.outcomes.items():
        for envelope in outcome.envelopes:
            if decode_transaction(story.steps[step].raw).body.action == "answer":
                read[step] = {path for path, _ in envelope.commitments}
    logged = Counter(key.rpartition("/")[0] for key in kept(story.tree, AccessEntry))
    answered = {key: query for key, query in queries.items() if query.state == "ANSWERED"}
    assert sum(map(len, read.values())) == sum(logged.values()) == sum(len(q.granted) for q in answered.values())
    for key, query in answered.items():
        assert set(query.granted) == set(query.fields) & set(vouchers[query.voucher].fields) & filed
        assert logged[key] == len(query.granted)
    assert reads_logged(story.tree).verdict == "pass"


def test_a_read_without_a_voucher_for_it_would_be_found():
    story = told("consented_query")
    (key, entry), *_ = sorted(kept(story.tree, AccessEntry).items())
    for changes in ({"voucher": "patient-1/999"}, {"field": "chronic_register"}, {"reader": "insurer-2"}):
        tree = story.tree.update({(AccessEntry.namespace, key): replace(entry, **changes)})
        found = reads_logged(tree)
        assert (found.verdict, "1 without a voucher" in found.detail) == ("fail", True)
