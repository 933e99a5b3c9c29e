from hashlib import blake2b

import msgspec
import pytest

from node.contracts import business_entries
from node.contracts.accounts import overdrawn, total_of_all_accounts
from node.contracts.runtime import execute_block
from node.ledger import business_root
from node.ledger.state_tree import encode_record
from node.ledger.transaction import decode_transaction
from node.membership import Directory
from node.privacy import Opening
from scenarios.language.problems import ScenarioInvalid
from scenarios.runner.story_checks import opened_by_parties_only, reads_logged
from scenarios.runner.story_outcomes import meant
from tests.scenarios.telling import Told, any_causal_order, one_claim, retold


@pytest.fixture(scope="module")
def told():
    return one_claim()


def record(told, namespace, step):
    return told.tree.get(namespace, told.object(step))


def cash(told, owner):
    return told.tree.get("accounts", f"{owner}/cash").balance_fen


def test_every_step_gets_the_answer_that_the_story_expects(told):
    surprises = {
        step.id: (outcome.code, outcome.detail)
        for step, outcome in ((told.steps[name], told.outcomes[name]) for name in told.steps)
        if outcome.code != step.expect
    }
    assert surprises == {}
    assert len(told.steps) == len(told.scenario.story) == 87


def test_every_receipt_says_what_the_story_says(told):
    for story in told.scenario.story:
        for name, wanted in story.output.items():
            found = told.outcomes[story.id].output[name]
            assert (list(found) if isinstance(found, tuple) else found) == meant(wanted), story.id


def test_every_party_finds_under_seal_what_the_story_says(told):
    for story in told.scenario.story:
        for party, wanted in story.sealed.items():
            found = told.opened(party, story.id)
            assert found is not None, story.id
            assert {name: found[name] for name in wanted} == {name: meant(v) for name, v in wanted.items()}, story.id


# --- filing and the query


def test_asked_five_covered_three_got_three_each_read_logged(told):
    query = record(told, "queries", "ask-zhu")
    assert (len(query.fields), query.granted) == (5, ("birth_date", "insured_status", "inpatient_days"))
    assert sorted(told.opened("insurer-1", "answer-zhu")) == sorted(query.granted)
    entries = [key for key, _ in told.tree.items("access_log", told.object("ask-zhu") + "/")]
    assert entries == [f"{told.object('ask-zhu')}/{field}" for field in sorted(query.granted)]
    assert reads_logged(told.tree).verdict == "pass"


def test_the_four_steps_of_a_query_come_in_order_with_their_signatures(told):
    signers = [decode_transaction(told.steps[name].raw).signers for name in ("ask-zhu", "grant-zhu", "answer-zhu")]
    assert signers == [("insurer-1",), ("patient-1",), ("bureau", "insurer-1")]
    assert decode_transaction(told.steps["answer-claim-zhu"].raw).signers == ("hospital-1", "bureau", "insurer-1")


def test_a_read_that_bypasses_the_log_is_caught(told):
    query = record(told, "queries", "ask-zhu")
    for field in query.granted:
        bypassed = told.tree.update({("access_log", f"{told.object('ask-zhu')}/{field}"): None})
        assert reads_logged(bypassed).verdict == "fail"


# --- underwriting and notarisation


def test_three_applicants_are_accepted_loaded_and_countered(told):
    decisions = [told.outcomes[f"assess-{name}"].output["decision"] for name in ("zhu", "lin", "chen")]
    assert decisions == ["accept", "load", "counter"]
    assert record(told, "applications", "apply-chen").attempt == 2
    premiums = [record(told, "policies", f"bind-{name}").premium_fen for name in ("zhu", "lin", "chen")]
    assert premiums == [36_000, 15_000, 21_600]


def test_the_history_stays_with_the_bureau(told):
    for name in ("zhu", "lin", "chen"):
        assert told.opened("bureau", f"assess-{name}") == {
            "age": told.scenario.world.people[name].age,
            "history": told.scenario.world.people[name].history,
        }
        others = [client.name for client in told.plan.genesis.clients if client.name != "bureau"]
        assert [other for other in others if told.opened(other, f"assess-{name}")] == []


def test_the_duplicate_query_reads_a_yes_and_a_sum_and_nothing_else(told):
    assert told.outcomes["duplicate-zhu"].output == {"accumulated_fen": 15_000_000, "duplicate": True}
    assert told.vault("insurer-2") == ()
    log = [entry.reader for _, entry in told.tree.items("access_log")]
    assert "insurer-2" not in log


def test_two_of_three_are_notarised_and_each_index_resolves_to_its_voucher(told):
    notarised = dict(told.tree.items("notarisations"))
    assert {note.policy for note in notarised.values()} == {told.object("bind-zhu"), told.object("bind-chen")}
    for key, note in notarised.items():
        policy = told.tree.get("policies", note.policy)
        assert policy.notarisation == key
        query = told.tree.get("queries", note.authorisation)
        assert told.tree.get("vouchers", query.voucher).subject == policy.subject
    assert record(told, "policies", "bind-lin").notarisation == ""


def test_a_policy_changed_by_one_bit_does_not_verify(told):
    policy = record(told, "policies", "bind-zhu")
    copy = told.opened("broker", "deposit-zhu")
    document = Opening(path="policy", value=copy["policy"], salt=copy["salt"])
    assert document.digest == policy.fingerprint
    for index, letter in enumerate(copy["policy"]):
        forged = copy["policy"][:index] + chr(ord(letter) ^ 1) + copy["policy"][index + 1 :]
        assert msgspec.structs.replace(document, value=forged).digest != policy.fingerprint


# --- the claim


def test_the_claim_pays_3112_90_of_3255_once(told):
    claim = record(told, "claims", "discharge-zhu")
    assert (claim.state, claim.total_fen, claim.excluded_fen, claim.payable_fen) == ("PAID", 325_500, 14_210, 311_290)
    assert cash(told, "patient-1") == 500_000 - 36_000 + 311_290
    assert record(told, "policies", "bind-zhu").claimed_fen == 311_290


def test_one_more_yuan_eligible_is_paid_and_one_more_excluded_is_not():
    eligible = Told(retold((r"amount: 862\.40 CNY", "amount: 863.40 CNY")))
    assert eligible.outcomes["pay-zhu"].output == {"paid_fen": 311_390}
    excluded = Told(retold((r"amount: 96\.10 CNY", "amount: 97.10 CNY")))
    assert excluded.outcomes["audit-zhu"].output["total_fen"] == 325_600
    assert excluded.outcomes["pay-zhu"].output == {"paid_fen": 311_290}


def test_a_discharge_reports_itself_and_reminds_the_patient(told):
    events = told.outcomes["discharge-zhu"].events
    assert [(event.kind, event.values["to"]) for event in events] == [("reminder", "patient-1")]


def test_a_policy_without_the_benefit_denies_before_anything_is_read(told):
    claim = record(told, "claims", "discharge-lin")
    assert (claim.state, claim.reason, claim.answer) == ("DENIED", "benefit_not_covered", "")
    assert [key for key, query in told.tree.items("queries") if query.matter == told.object("discharge-lin")] == []


def test_a_revoked_voucher_sends_the_claim_down_the_manual_path_and_nothing_is_handed_over(told):
    assert record(told, "claims", "discharge-chen").state == "MANUAL"
    assert [event.kind for event in told.outcomes["refer-chen"].events] == ["documents_requested"]
    arguments = decode_transaction(told.steps["answer-claim-chen"].raw).body.arguments
    envelope = msgspec.msgpack.decode(arguments)[2]
    assert envelope[3] == []  # no commitment, so no field was sealed
    assert all("ICD-10:N10" not in str(vault.fields) for vault in told.vault("insurer-1"))


def test_the_reused_invoice_is_refused_and_its_claim_stays_unpaid(told):
    assert told.outcomes["audit-zhu-again"].code == "invoice_reused"
    claim = record(told, "claims", "discharge-zhu-again")
    assert (claim.state, claim.payable_fen) == ("COVERED", None)


# --- the treaty


def test_the_recovery_is_1245_16_and_the_net_1867_74_for_both_parties_alone(told):
    for party in ("insurer-1", "reinsurer"):
        line = told.opened(party, "recover-zhu")
        assert (line["recovery_fen"], line["net_fen"]) == (124_516, 186_774)
    loss = told.tree.get("treaty_losses", f"{told.object('propose-treaty')}|{told.object('discharge-zhu')}")
    assert (loss.state, loss.late) == ("RECOVERED", False)


def test_the_statement_adds_up_and_only_its_balance_moves_cash(told):
    statement = told.opened("reinsurer", "statement")
    balance = statement["premium_fen"] - statement["commission_fen"] - statement["recovery_fen"]
    assert balance == statement["balance_fen"] == -104_188
    assert record(told, "statements", "statement").state == "SETTLED"
    assert cash(told, "reinsurer") == 1_000_000_000 - 104_188


def test_no_amount_of_the_treaty_lies_in_the_state_before_it_is_settled(told):
    for namespace in ("treaties", "treaty_lines", "treaty_losses", "statements"):
        for _, entry in told.tree.items(namespace):
            raw = encode_record(entry)
            for amount in (400_000, 300_000, 14_400, 124_516, 186_774, 29_040):
                assert msgspec.msgpack.encode(amount) not in raw


# --- supervision and privacy


def test_the_regulator_sees_the_scoped_fields_and_cannot_write(told):
    seen = {path for record in told.vault("regulator") for path, _ in record.fields}
    scope = {name for names in told.scenario.world.regulator_scope.values() for name in names}
    assert seen == scope
    assert "diagnosis" not in seen
    directory = Directory(told.plan.genesis)
    role_bound = told.outcomes["regulator-writes"]
    assert (role_bound.code, directory.role("regulator")) == ("role_not_allowed", "regulator")


def test_canaries_lie_with_their_holders_and_nowhere_else(told):
    shared = b"".join(step.raw for step in told.steps.values())
    shared += b"".join(encode_record(r) for ns in told.tree.namespaces() for _, r in told.tree.items(ns))
    for canary in told.scenario.canaries:
        needle = canary.value.encode()
        assert needle not in shared, canary.id
        for client in told.plan.genesis.clients:
            holds = any(needle in msgspec.msgpack.encode(record) for record in told.vault(client.name))
            if client.name not in canary.holders:
                assert not holds, (canary.id, client.name)
        found = [name for name in canary.holders if needle in msgspec.msgpack.encode(told.vault(name))]
        assert found == list(canary.holders), canary.id


def test_every_envelope_is_opened_by_its_parties_alone(told):
    vaults = {client.name: told.vault(client.name) for client in told.plan.genesis.clients}
    assert opened_by_parties_only(told.envelopes, vaults).verdict == "pass"
    vaults["broker"] += vaults["reinsurer"][:1]
    assert opened_by_parties_only(told.envelopes, vaults).verdict == "fail"


def test_identity_numbers_cannot_be_tried_out(told):
    """Without the bureau's key no hash of a number is the pseudonym on the chain."""
    pseudonyms = [key for key, _ in told.tree.items("subjects")]
    assert len(pseudonyms) == 4
    for person in told.scenario.world.people.values():
        for key in (told.plan.keyring.secret("anyone"), b""):
            assert blake2b(person.identity.encode(), key=key, digest_size=32).hexdigest() not in pseudonyms


# --- the whole


def test_money_is_conserved_after_every_step(told):
    assert len(told.trees) == 87
    for tree in told.trees:
        assert total_of_all_accounts(tree) == 0
        assert overdrawn(tree) == ()


def test_told_twice_it_changes_nothing(told):
    transactions = [decode_transaction(step.raw) for step in told.steps.values()]
    execution = execute_block(told.tree, Directory(told.plan.genesis), transactions)
    assert {outcome.code for outcome in execution.outcomes} == {"duplicate"}
    assert execution.tree.root == told.tree.root


def root(tree):
    return business_root(list(business_entries(tree))).hex()


@pytest.mark.parametrize("seed", range(6))
def test_the_business_root_does_not_depend_on_order_or_blocks(told, seed):
    """Any order that keeps each step behind those it comes after, cut into any blocks."""
    order = any_causal_order(told.steps.values(), seed)
    shuffled = Told(told.plan, cut=seed * 3 + 1, order=order)
    assert {name: outcome.code for name, outcome in shuffled.outcomes.items()} == {
        name: outcome.code for name, outcome in told.outcomes.items()
    }
    assert root(shuffled.tree) == root(told.tree)


def test_the_same_seed_tells_the_same_story_and_another_seed_another():
    again = Told(retold(("One claim, from", "One and the same claim, from")))
    assert [step.raw for step in again.steps.values()] == [step.raw for step in one_claim().steps.values()]
    other = Told(retold(("seed: 20230418", "seed: 7")))
    assert all(other.outcomes[name].code == step.expect for name, step in other.steps.items())
    assert root(other.tree) != root(one_claim().tree)


# --- mistakes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("do: go-live, institution: insurer-1,", "do: go-life, institution: insurer-1,"),
            "is no act of the role `bureau`; did you mean `go-live`",
        ),
        (("do: deploy, version", "do: deploy, verion"), "`version` is missing; did you mean `verion`"),
        (("do: test,", "do: test, colour: red,"), "no argument of this act"),
        (("query: ask-lin, voucher", "query: ask-linn, voucher"), "no step `ask-linn`"),
        (("after: \\[pay-zhu\\]", "after: [pay-zu]"), "no step `pay-zu`"),
        (("at: 2023-04-19 09:00", "at: 2023-04-01 09:00"), "lies before a step"),
        (("takes: check, who: insurer-1, do: refer", "takes: chek, who: insurer-1, do: refer"), "`chek` is not under"),
        (
            ("id: approve, at: 2023-03-03 10:00, who: bureau", "id: approve, wait: 1 h, who: buro"),
            "nobody is called `buro`; did you mean",
        ),
        (("    stay: zhu-april\n    flow", "    stay: zhu-may\n    flow"), "`zhu-may` is not under `world.stays`"),
        (("for: 30 days\n", "for: a month\n"), "for"),
        (("privacy: encrypted", "privacy: holder"), "cannot be left on a person's device"),
        (
            (
                "person: zhu\n    insurer: insurer-1\n    product: hepatitis-care",
                "person: zhu\n    insurer: insurer-1\n    product: care",
            ),
            "`apply-zhu` is refused with `unknown_product`",
        ),
        (("    share: \\$treaty-share\n", "    share: 41 %\n"), "write `\\$treaty-share`, which is 40 %"),
        (("    audit: \\$chain-audit", "    audit: {low: 1 s, likely: 2 s, high: 3 s}"), "assumed but not declared"),
        (("  - id: scoring\n", "  - id: rules-of-the-score\n"), "rests on the assumption `scoring`: declare"),
    ],
)
def test_a_mistake_in_a_step_is_told_with_the_step(change, message):
    with pytest.raises(ScenarioInvalid, match=message):
        retold(change)


def test_a_mistake_is_told_where_it_was_written():
    with pytest.raises(ScenarioInvalid) as refused:
        one_claim("story.1.do=fyle")
    assert str(refused.value).startswith("--set:1:12: story[1].do: ")


def test_an_argument_too_many_is_told_with_those_there_are():
    with pytest.raises(ScenarioInvalid, match="is no argument of this act; did you mean `person`"):
        retold(("do: ask, person: lin,", "do: ask, person: lin, persom: lin,"))
