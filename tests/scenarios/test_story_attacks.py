"""After the story: what a party would try that it should not, on the state the story left or had on the way."""

import msgspec
import pytest
from msgspec.structs import replace

from node.contracts import CATALOGUE, execute_block
from node.contracts.claims import AdjudicateArgs, ClaimArgs, ReferArgs
from node.contracts.custody import CompareArgs, DepositArgs
from node.contracts.policy import BindArgs, NotariseArgs, PolicyArgs
from node.contracts.statements import DisputeArgs, IssueArgs, SettleArgs, StatementArgs
from node.contracts.supervision import ReportArgs
from node.contracts.treaty import LineArgs, NoticeArgs, TreatyArgs, line_key
from node.contracts.underwriting import ApplicationArgs, AssessArgs
from node.ledger.transaction import Body, Transaction, decode_transaction
from node.membership import Directory
from node.privacy import Opening, seal, unseal
from tests.scenarios.telling import one_claim

DAY = 86_400_000


class Stage:
    """The story's state after one of its steps; ``do`` tries something on it, keeping what comes of it."""

    def __init__(self, told, after):
        self.told = told
        self.tree = told.trees[list(told.steps).index(after)]
        self.time_ms = decode_transaction(told.steps[after].raw).body.time_ms
        self._number = 10_000

    def do(self, who, what, args, cosigners=(), later_ms=1):
        contract, action = what.split(".")
        self._number += 1
        body = Body(
            version=1,
            network=self.told.plan.genesis.network,
            client=who,
            number=self._number,
            contract=contract,
            action=action,
            arguments=msgspec.msgpack.encode(args),
            time_ms=self.time_ms + later_ms,
        )
        signatures = tuple((name, bytes(64)) for name in (who, *sorted(cosigners)))
        transaction = Transaction(body=body, signatures=signatures)
        execution = execute_block(self.tree, Directory(self.told.plan.genesis), [transaction])
        self.tree = execution.tree
        return execution.outcomes[0].code

    def sealed(self, who, fields, parties):
        """For the object that the next transaction of ``who`` makes."""
        keyring = self.told.plan.keyring
        keys = [(name, keyring.seal_key(name)) for name in parties]
        return seal(keyring.secret(f"test/{who}"), f"{who}/{self._number + 1}", fields, keys)

    def openings(self, who, step):
        for envelope in self.told.outcomes[step].envelopes:
            openings = unseal(envelope, who, self.told.plan.keyring.seal_secret(who))
            return {opening.path: opening for opening in openings}
        raise AssertionError(step)


@pytest.fixture(scope="module")
def told():
    return one_claim()


def at(told, step):
    return Stage(told, step)


# --- claims


def adjudication(stage, **changes):
    papers = stage.openings("insurer-1", "answer-claim-zhu")
    charges = tuple(papers[path] for path in sorted(papers) if path.endswith("/charge"))
    args = AdjudicateArgs(
        claim=stage.told.object("discharge-zhu"),
        query=stage.told.object("ask-claim-zhu"),
        token=papers["e_invoice/token"],
        total=papers["e_invoice/total_fen"],
        charges=charges,
    )
    return replace(args, **{key: change(args) for key, change in changes.items()})


def test_the_untouched_bill_is_approved(told):
    stage = at(told, "answer-claim-zhu")
    assert stage.do("insurer-1", "claims.adjudicate", adjudication(stage)) == "ok"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"charges": lambda args: args.charges[:-1]}, "charges_incomplete"),
        ({"charges": lambda args: (*args.charges, args.charges[0])}, "charges_incomplete"),
        ({"charges": lambda args: args.charges[::-1]}, "charges_incomplete"),
        (
            {"charges": lambda args: (replace(args.charges[0], value=("bed", 26_001)), *args.charges[1:])},
            "opening_does_not_match",
        ),
        (
            {"charges": lambda args: (*args.charges[:-1], replace(args.charges[-1], value=("bed", 4_600)))},
            "opening_does_not_match",
        ),
        ({"total": lambda args: replace(args.total, value=1)}, "opening_does_not_match"),
        ({"total": lambda args: args.token}, "wrong_opening"),
        ({"token": lambda args: args.total}, "wrong_opening"),
        ({"token": lambda args: replace(args.token, salt="00" * 32)}, "opening_does_not_match"),
    ],
)
def test_a_bill_that_is_not_what_the_hospital_committed_to_is_refused(told, changes, code):
    stage = at(told, "answer-claim-zhu")
    assert stage.do("insurer-1", "claims.adjudicate", adjudication(stage, **changes)) == code
    assert list(stage.tree.items("invoices")) == []


def test_a_claim_is_adjudicated_by_its_insurer_on_an_answer_of_its_own(told):
    stage = at(told, "answer-claim-zhu")
    assert stage.do("insurer-2", "claims.adjudicate", adjudication(stage)) == "wrong_insurer"
    other = adjudication(stage, query=lambda _: told.object("ask-zhu"))
    assert stage.do("insurer-1", "claims.adjudicate", other) == "wrong_matter"
    unanswered = at(told, "ask-claim-zhu")
    code = unanswered.do("insurer-1", "claims.adjudicate", adjudication(unanswered))
    assert code == "query_not_answered"


def test_an_unadjudicated_claim_is_not_paid_and_a_live_voucher_not_referred(told):
    stage = at(told, "answer-claim-zhu")
    claim = told.object("discharge-zhu")
    assert stage.do("insurer-1", "claims.pay", ClaimArgs(claim)) == "illegal_transition"
    refer = ReferArgs(claim, told.object("grant-claim-zhu"))
    assert stage.do("insurer-1", "claims.refer", refer) == "voucher_still_live"
    assert stage.do("insurer-1", "claims.refer", refer, later_ms=8 * DAY) == "ok"
    chen = at(told, "refer-chen")
    other = ReferArgs(told.object("discharge-chen"), told.object("grant-claim-zhu"))
    assert chen.do("insurer-1", "claims.refer", other) == "wrong_matter"


# --- underwriting and policies


def test_a_score_needs_the_bureau_and_an_answered_query(told):
    stage = at(told, "answer-zhu")

    def assess(
        *,
        query="ask-zhu",
        cosigners=("bureau",),
        version="hepatitis-care.v1",
        parties=("bureau",),
        paths=None,
        points=900,
    ):
        inputs = stage.sealed("insurer-1", dict.fromkeys(paths or ("age", "history"), 1), parties)
        args = AssessArgs(told.object("apply-zhu"), told.object(query), points, version, inputs)
        return stage.do("insurer-1", "underwriting.assess", args, cosigners)

    assert assess(cosigners=()) == "signature_missing"
    assert assess(version="v0") == "wrong_rule_version"
    assert assess(parties=("bureau", "insurer-1")) == "history_leaves_bureau"
    assert assess(paths=("age",)) == "wrong_inputs"
    assert assess(points=1_001) == "impossible_score"
    assert assess(points=901) == "impossible_score"  # every step is even
    assert assess() == "ok"
    early = at(told, "ask-zhu")
    inputs = early.sealed("insurer-1", {"age": 1, "history": 1}, ("bureau",))
    args = AssessArgs(told.object("apply-zhu"), told.object("ask-zhu"), 900, "hepatitis-care.v1", inputs)
    assert early.do("insurer-1", "underwriting.assess", args, ("bureau",)) == "query_not_answered"


def test_only_an_accepted_application_is_bound_and_only_once(told):
    application = told.object("apply-lin")

    def bind(stage, who="insurer-1", parties=("insurer-1", "patient-2")):
        document = stage.sealed(who, {"policy": "text"}, parties)
        return stage.do(who, "policy.bind", BindArgs(application, document))

    loaded = at(told, "assess-lin")
    assert bind(loaded) == "illegal_transition"
    agree = ApplicationArgs(application)
    assert loaded.do("patient-1", "underwriting.agree", agree) == "not_the_applicant"
    accepted = at(told, "agree-lin")
    assert bind(accepted, who="insurer-2") == "wrong_insurer"
    assert bind(accepted, parties=("insurer-1",)) == "wrong_recipients"
    assert [bind(accepted), bind(accepted)] == ["ok", "illegal_transition"]


def test_a_policy_is_the_holders_to_pay_and_notarise(told):
    stage = at(told, "bind-zhu")
    policy = PolicyArgs(told.object("bind-zhu"))
    notarise = NotariseArgs(told.object("bind-zhu"), "ab" * 32)
    assert stage.do("patient-1", "policy.notarise", notarise) == "policy_not_in_force"
    assert stage.do("patient-2", "policy.pay-premium", policy) == "not_the_holder"
    assert stage.do("patient-1", "policy.pay-premium", policy) == "ok"
    assert stage.do("patient-1", "policy.pay-premium", policy) == "illegal_transition"
    assert stage.do("patient-2", "policy.notarise", notarise) == "not_the_holder"
    assert stage.do("insurer-1", "policy.notarise", notarise) == "role_not_allowed"


def test_custody_is_for_the_custodian_and_a_mismatch_is_counted(told):
    stage = at(told, "deposit-zhu")
    policy = told.object("bind-zhu")
    again = DepositArgs(policy, "broker", stage.sealed("insurer-1", {"policy": "x"}, ("broker", "insurer-1")))
    assert stage.do("insurer-1", "custody.deposit", again) == "ok"  # an amended policy is handed over anew
    assert stage.do("broker", "custody.compare", CompareArgs(policy, "00" * 32)) == "ok"
    custody = stage.tree.get("custody", policy)
    assert (custody.comparisons, custody.mismatches) == (1, 1)
    assert stage.do("broker", "custody.compare", CompareArgs(told.object("bind-lin"), "00" * 32)) == "unknown_custody"


# --- treaty and statement


def line(stage, who, about, amounts=None, parties=("insurer-1", "reinsurer")):
    envelope = stage.sealed(who, amounts or {"premium_fen": 1}, parties)
    return LineArgs(stage.told.object("propose-treaty"), stage.told.object(about), envelope)


def test_a_treaty_binds_once_its_reinsurer_has_signed(told):
    stage = at(told, "propose-treaty")
    treaty = TreatyArgs(told.object("propose-treaty"))
    assert stage.do("insurer-1", "treaty.sign", treaty) == "role_not_allowed"
    assert stage.do("reinsurer", "treaty.sign", treaty) == "ok"
    assert stage.do("reinsurer", "treaty.sign", treaty) == "illegal_transition"


def test_a_policy_is_ceded_once_and_by_both(told):
    stage = at(told, "premium-zhu")
    assert stage.do("insurer-1", "treaty.cede", line(stage, "insurer-1", "bind-zhu")) == "signature_missing"
    strangers = line(stage, "insurer-1", "bind-zhu", parties=("broker", "insurer-1"))
    assert stage.do("insurer-1", "treaty.cede", strangers, ("reinsurer",)) == "wrong_recipients"
    for code in ("ok", "booked_already"):
        assert stage.do("insurer-1", "treaty.cede", line(stage, "insurer-1", "bind-zhu"), ("reinsurer",)) == code


def test_an_unpaid_policy_is_not_ceded(told):
    stage = at(told, "bind-zhu")
    code = stage.do("insurer-1", "treaty.cede", line(stage, "insurer-1", "bind-zhu"), ("reinsurer",))
    assert code == "policy_not_in_force"


def test_a_loss_is_noticed_reserved_and_recovered_once_and_in_order(told):
    stage = at(told, "pay-zhu")
    notice = NoticeArgs(told.object("propose-treaty"), told.object("discharge-zhu"))

    def recovery():
        return line(stage, "insurer-1", "discharge-zhu")

    def reserve():
        return line(stage, "reinsurer", "discharge-zhu")

    assert stage.do("insurer-1", "treaty.recover", recovery(), ("reinsurer",)) == "unknown_loss"
    assert stage.do("insurer-2", "treaty.notice", notice) == "not_a_party"
    assert stage.do("insurer-1", "treaty.notice", notice) == "ok"
    assert stage.do("insurer-1", "treaty.notice", notice) == "noticed_already"
    assert stage.do("insurer-1", "treaty.recover", recovery(), ("reinsurer",)) == "illegal_transition"
    assert stage.do("reinsurer", "treaty.reserve", reserve()) == "signature_missing"
    assert stage.do("reinsurer", "treaty.reserve", reserve(), ("insurer-1",)) == "ok"
    assert stage.do("insurer-1", "treaty.recover", recovery(), ("reinsurer",)) == "ok"
    assert stage.do("insurer-1", "treaty.recover", recovery(), ("reinsurer",)) == "illegal_transition"


def test_a_late_notice_is_measured(told):
    stage = at(told, "pay-zhu")
    notice = NoticeArgs(told.object("propose-treaty"), told.object("discharge-zhu"))
    assert stage.do("insurer-1", "treaty.notice", notice, later_ms=4 * DAY) == "ok"
    loss = stage.tree.get("treaty_losses", f"{told.object('propose-treaty')}|{told.object('discharge-zhu')}")
    assert loss.late
    assert loss.delay_ms > 3 * DAY


def test_a_denied_claim_or_an_unceded_policy_is_no_loss(told):
    treaty = told.object("propose-treaty")
    denied = at(told, "check-lin")
    code = denied.do("insurer-1", "treaty.notice", NoticeArgs(treaty, told.object("discharge-lin")))
    assert code == "claim_not_approved"
    stage = at(told, "pay-zhu")
    key = line_key(treaty, "cession", told.object("bind-zhu"))
    stage.tree = stage.tree.update({("treaty_lines", key): None})
    code = stage.do("insurer-1", "treaty.notice", NoticeArgs(treaty, told.object("discharge-zhu")))
    assert code == "policy_not_ceded"


def test_a_disputed_statement_frees_its_lines_and_is_stated_again(told):
    stage = at(told, "statement")
    statement = told.object("statement")
    keys = stage.tree.get("statements", statement).lines
    settle = SettleArgs(statement, stage.openings("insurer-1", "statement")["balance_fen"])
    assert stage.do("insurer-1", "statements.settle", settle, ("reinsurer",)) == "illegal_transition"
    assert stage.do("reinsurer", "statements.dispute", DisputeArgs(statement, ("no|such|line",))) == "no_such_line"
    assert stage.do("reinsurer", "statements.dispute", DisputeArgs(statement, keys[:1])) == "ok"
    assert stage.tree.get("statements", statement).breaks == keys[:1]
    assert stage.do("reinsurer", "statements.confirm", StatementArgs(statement)) == "illegal_transition"
    for code in ("ok", "stated_already"):
        amounts = stage.sealed("insurer-1", {"balance_fen": -104_188}, ("insurer-1", "reinsurer"))
        issue = IssueArgs(told.object("propose-treaty"), "2023-04", keys, amounts)
        assert stage.do("insurer-1", "statements.issue", issue) == code


def test_a_statement_is_settled_at_its_committed_balance_by_both_and_once(told):
    stage = at(told, "confirm")
    statement = told.object("statement")
    openings = stage.openings("insurer-1", "statement")
    balance = openings["balance_fen"]
    for opening, cosigners, code in (
        (balance, (), "signature_missing"),
        (replace(balance, value=-1), ("reinsurer",), "opening_does_not_match"),
        (openings["premium_fen"], ("reinsurer",), "wrong_opening"),
        (balance, ("reinsurer",), "ok"),
        (balance, ("reinsurer",), "illegal_transition"),
    ):
        assert stage.do("insurer-1", "statements.settle", SettleArgs(statement, opening), cosigners) == code


# --- supervision


@pytest.mark.parametrize(
    ("fields", "parties", "code"),
    [
        ({"premium_fen": 1}, ("insurer-1", "regulator"), "ok"),
        ({"premium_fen": 1, "diagnosis": "x"}, ("insurer-1", "regulator"), "out_of_scope"),
        ({"premium_fen/part": 1}, ("insurer-1", "regulator"), "ok"),
        ({"premium_fen": 1}, ("insurer-1", "regulator", "broker"), "wrong_recipients"),
        ({"premium_fen": 1}, ("insurer-1", "broker"), "wrong_recipients"),
        ({"premium_fen": 1}, ("insurer-1",), "wrong_recipients"),
    ],
)
def test_a_report_goes_to_the_regulator_alone_and_within_its_scope(told, fields, parties, code):
    stage = at(told, "settle")
    values = stage.sealed("insurer-1", fields, parties)
    args = ReportArgs("policy", told.object("bind-zhu"), values)
    assert stage.do("insurer-1", "supervision.report", args) == code


def test_no_action_of_the_story_is_open_to_the_regulator(told):
    """Whatever anyone did in the story, done by the regulator it is refused and nothing changes."""
    stage = at(told, "settle")
    before = {namespace: dict(stage.tree.items(namespace)) for namespace in stage.tree.namespaces()}
    tried = 0
    for step in told.steps.values():
        body = decode_transaction(step.raw).body
        code = stage.do("regulator", f"{body.contract}.{body.action}", msgspec.Raw(body.arguments))
        assert code == "role_not_allowed", step.id
        tried += 1
    assert tried == len(told.steps)
    del before["client"]
    assert {namespace: dict(stage.tree.items(namespace)) for namespace in before} == before


def test_no_action_is_open_to_the_regulator_but_its_registers_and_to_hand_in_what_others_approved():
    opened = [
        f"{contract.name}.{action.name}"
        for contract in CATALOGUE.values()
        for action in contract.actions.values()
        if action.is_open_to("regulator")
    ]
    # Whoever carries it there, a change of the registry is what a quorum of voting nodes approved, and nobody else's.
    handed_in = [f"registry.{action}" for action in ("certify", "revoke", "reissue", "members")]
    kept = [f"registers.{action}" for action in ("register", "strike", "appoint", "dismiss")]
    assert sorted(opened) == sorted([*handed_in, *kept])


def test_an_opening_is_bounded():
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(("a", "x" * 3000, "00" * 32)), type=Opening)
