import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts import access, consent
from node.contracts.access import DeployArgs, FileArgs, InstitutionArgs, NoArgs, UseArgs
from node.contracts.consent import AnswerArgs, AskArgs, GrantArgs, RegisterArgs, VoucherArgs, granted_fields
from tests.node.contracts.network import Network
from tests.node.contracts.parties import sealed

ANN = "aa" * 32
BOB = "bb" * 32
LISTED = ("birth_date", "chronic_register", "insured_status", "outpatient_visits", "visit")
DAY = 86_400_000
FILE = FileArgs((UseArgs("underwriting", LISTED[:4]), UseArgs("claim", ("visit",))), "to underwrite")


@pytest.fixture
def network():
    network = Network(
        settings=[
            ("access", access.Settings(tuple((name, name) for name in LISTED))),
            ("consent", consent.Settings(query_timeout_ms=7 * DAY)),
        ]
    )
    register = RegisterArgs(((ANN, ("ann",)), (BOB, ("bob", "ann"))))
    assert network.do("bureau", "consent.register", register).code == "ok"
    return network


def go_live(network, institution="insurer-1"):
    whose = InstitutionArgs(institution)
    steps = (
        (institution, "file", FILE),
        ("bureau", "approve", whose),
        (institution, "deploy", DeployArgs(institution, "1.0.0")),
        (institution, "test", NoArgs()),
        ("bureau", "go-live", whose),
    )
    return [network.do(who, f"access.{action}", args).code for who, action, args in steps]


def ask(network, fields=LISTED[:4], who="insurer-1", **changes):
    given = {"subject": ANN, "reader": "insurer-1", "holder": "bureau", "purpose": "underwriting", "matter": ""}
    args = AskArgs(fields=tuple(fields), **{**given, **changes})
    outcome = network.do(who, "consent.ask", args, at=DAY)
    return outcome.output["query"] if outcome.code == "ok" else outcome.code


def grant(network, fields=LISTED[:3], who="ann", **changes):
    given = {"subject": ANN, "audience": "insurer-1", "purpose": "underwriting", "matter": "", "expires_ms": 9 * DAY}
    outcome = network.do(who, "consent.grant", GrantArgs(fields=tuple(fields), **{**given, **changes}), at=DAY)
    return outcome.output["voucher"] if outcome.code == "ok" else outcome.code


def answer(network, query, voucher, fields=LISTED[:3], **options):
    options = {"at": 2 * DAY, "cosigners": ("insurer-1",), "parties": ("bureau", "insurer-1"), **options}
    parties = options.pop("parties")
    number = network._numbers["bureau"] + 1
    envelope = sealed(f"bureau/{number}", dict.fromkeys(fields, "x"), parties)
    return network.do("bureau", "consent.answer", AnswerArgs(query, voucher, envelope), **options)


def log(network):
    return dict(network.tree.items("access_log"))


def test_a_filing_goes_live_step_by_step(network):
    assert go_live(network) == ["ok"] * 5
    assert network.tree.get("filings", "insurer-1").state == "LIVE"


def test_a_filing_may_name_listed_fields_only(network):
    args = FileArgs((UseArgs("underwriting", ("genome",)),), "curiosity")
    assert network.do("insurer-1", "access.file", args).code == "field_not_listed"


def test_only_the_bureau_reviews_and_steps_may_not_be_skipped(network):
    network.do("insurer-1", "access.file", FILE)
    whose = InstitutionArgs("insurer-1")
    assert network.do("insurer-1", "access.approve", whose).code == "role_not_allowed"
    assert network.do("bureau", "access.go-live", whose).code == "illegal_transition"
    assert network.do("bureau", "access.approve", InstitutionArgs("insurer-2")).code == "unknown_filing"
    assert network.do("bureau", "access.reject", whose).code == "ok"
    assert network.do("insurer-1", "access.file", FILE).code == "ok"


def test_nothing_is_asked_before_going_live_or_while_suspended(network):
    assert ask(network) == "filing_not_live"
    go_live(network)
    query, voucher = ask(network), grant(network)
    network.do("bureau", "access.suspend", InstitutionArgs("insurer-1"))
    assert ask(network) == "filing_not_live"
    assert answer(network, query, voucher).code == "filing_not_live"
    network.do("bureau", "access.resume", InstitutionArgs("insurer-1"))
    assert answer(network, query, voucher).code == "ok"


def test_what_comes_back_is_asked_and_covered_and_filed_and_each_field_is_logged(network):
    go_live(network)
    query = ask(network, (*LISTED[:4], "visit"))
    voucher = grant(network, (*LISTED[:3], "visit"))
    outcome = answer(network, query, voucher)
    assert outcome.output["granted"] == LISTED[:3]
    assert sorted(log(network)) == [f"{query}/{field}" for field in LISTED[:3]]
    assert {entry.voucher for entry in log(network).values()} == {voucher}
    assert len(outcome.envelopes) == 1


@pytest.mark.parametrize(
    ("voucher", "code"),
    [
        ({"expires_ms": 2 * DAY}, "voucher_expired"),
        ({"subject": BOB}, "wrong_subject"),
        ({"audience": "insurer-2"}, "wrong_audience"),
        ({"purpose": "claim"}, "wrong_purpose"),
        ({"matter": "hospital-1/1"}, "wrong_matter"),
        ({"fields": ("visit",)}, "nothing_granted"),
    ],
)
def test_a_voucher_that_does_not_fit_brings_nothing_and_logs_nothing(network, voucher, code):
    go_live(network)
    outcome = answer(network, ask(network), grant(network, **voucher))
    assert (outcome.code, outcome.envelopes, log(network)) == (code, (), {})


def test_a_revoked_voucher_brings_nothing_and_only_its_subject_revokes_it(network):
    go_live(network)
    query, voucher = ask(network), grant(network)
    assert network.do("bob", "consent.revoke", VoucherArgs(voucher), at=DAY).code == "not_the_subject"
    assert network.do("ann", "consent.revoke", VoucherArgs(voucher), at=DAY).code == "ok"
    assert network.do("ann", "consent.revoke", VoucherArgs(voucher), at=DAY).code == "illegal_transition"
    assert answer(network, query, voucher).code == "voucher_revoked"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"fields": LISTED[:2]}, "fields_not_granted"),
        ({"fields": LISTED[:4]}, "fields_not_granted"),
        ({"parties": ("bureau", "insurer-1", "insurer-2")}, "wrong_recipients"),
        ({"parties": ("bureau",)}, "wrong_recipients"),
        ({"cosigners": ()}, "signature_missing"),
        ({"at": 8 * DAY + 1}, "query_timed_out"),
    ],
)
def test_an_answer_hands_over_just_what_is_granted_to_just_the_reader(network, options, code):
    go_live(network)
    outcome = answer(network, ask(network), grant(network), **options)
    assert (outcome.code, log(network)) == (code, {})


def test_an_answer_comes_once_and_from_the_one_who_was_asked(network):
    go_live(network)
    query, voucher = ask(network, holder="hospital-1"), grant(network)
    assert answer(network, query, voucher).code == "wrong_holder"
    query = ask(network)
    assert [answer(network, query, voucher).code for _ in range(2)] == ["ok", "illegal_transition"]


def test_a_hospitals_answer_needs_the_bureau_too(network):
    go_live(network)
    query = ask(network, ("visit",), purpose="claim", holder="hospital-1")
    voucher = grant(network, ("visit",), purpose="claim")
    envelope = sealed("hospital-1/1", {"visit/in": "x"}, ("hospital-1", "insurer-1"))
    args = AnswerArgs(query, voucher, envelope)
    alone = network.do("hospital-1", "consent.answer", args, at=DAY, cosigners=("insurer-1",), number=1)
    assert alone.code == "signature_missing"
    envelope = sealed("hospital-1/2", {"visit/in": "x"}, ("hospital-1", "insurer-1"))
    args = AnswerArgs(query, voucher, envelope)
    both = network.do("hospital-1", "consent.answer", args, at=DAY, cosigners=("insurer-1", "bureau"), number=2)
    assert both.code == "ok"


def test_an_envelope_of_another_record_is_refused(network):
    go_live(network)
    query, voucher = ask(network), grant(network)
    envelope = sealed("bureau/999", dict.fromkeys(LISTED[:3], "x"), ("bureau", "insurer-1"))
    outcome = network.do(
        "bureau", "consent.answer", AnswerArgs(query, voucher, envelope), at=DAY, cosigners=("insurer-1",)
    )
    assert outcome.code == "envelope_mismatch"


def test_the_insured_starts_a_query_and_a_parent_does_for_a_child(network):
    go_live(network)
    assert ask(network, who="ann", subject=BOB).startswith("ann/")
    assert grant(network, who="ann", subject=BOB).startswith("ann/")
    assert ask(network, who="bob", subject=ANN) == "not_the_subject"
    assert grant(network, who="bob", subject=ANN) == "not_the_subject"
    assert ask(network, who="ann", reader="bureau") == "wrong_role"
    assert ask(network, reader="insurer-2") == "wrong_reader"


def test_a_pseudonym_is_given_once_and_to_wallets_of_people(network):
    assert network.do("bureau", "consent.register", RegisterArgs(((ANN, ("bob",)),))).code == "registered_already"
    assert network.do("bureau", "consent.register", RegisterArgs((("cc" * 32, ("broker",)),))).code == "wrong_role"
    assert network.do("ann", "consent.register", RegisterArgs((("cc" * 32, ("ann",)),))).code == "role_not_allowed"


def test_the_state_holds_no_value_that_was_handed_over(network):
    go_live(network)
    query, voucher = ask(network), grant(network)
    number = network._numbers["bureau"] + 1
    fields = dict.fromkeys(LISTED[:3], "a-value-that-must-not-show")
    envelope = sealed(f"bureau/{number}", fields, ("bureau", "insurer-1"))
    args = AnswerArgs(query, voucher, envelope)
    assert network.do("bureau", "consent.answer", args, at=DAY, cosigners=("insurer-1",)).code == "ok"
    for namespace in network.tree.namespaces():
        for _, record in network.tree.items(namespace):
            assert b"must-not-show" not in msgspec.msgpack.encode(record)
            assert envelope.ciphertext[:16] not in msgspec.msgpack.encode(record)


names = st.lists(st.sampled_from(LISTED), unique=True).map(tuple)


@given(names, names, names)
def test_minimum_disclosure_is_the_intersection_in_the_order_asked(asked, covered, filed):
    granted = granted_fields(asked, covered, filed)
    assert set(granted) == set(asked) & set(covered) & set(filed)
    assert list(granted) == [field for field in asked if field in granted]
