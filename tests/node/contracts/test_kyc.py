"""Shared identification: every rule, by its code, and what supervisors see."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import consent, kyc
from node.contracts.consent import GrantArgs, VoucherArgs
from node.contracts.kyc import DiscloseArgs, EnterArgs, RelyArgs, RequestArgs, SubjectArgs
from node.contracts.runtime import may_read
from node.privacy import Collected, Hashed, commitment
from tests.node.contracts.network import Network

ANN = "aa" * 32
BOB = "bb" * 32
DAY = 86_400_000
VALUES = {"address": "Lingqiao 17", "mobile": "138", "name": "Ann"}


def hashed(record, fields, parties, salt="cc"):
    commitments = tuple((path, commitment(path, fields[path], salt * 32)) for path in sorted(fields))
    return Hashed(record=record, version=0, commitments=commitments, recipients=tuple(sorted(parties)))


class House:
    """Ann's data are entered with insurer-1 and verified."""

    def __init__(self, terms=None):
        self.network = Network(settings=[("kyc", terms or kyc.Settings())])
        self.network.do("bureau", "consent.register", consent.RegisterArgs(((ANN, ("ann",)), (BOB, ("bob",)))))
        assert self.enter() == "ok"
        assert self.verify() == "ok"

    def next(self, who):
        return f"{who}/{self.network._numbers.get(who, 0) + 1}"

    def enter(self, who="ann", subject=ANN, institution="insurer-1", fields=VALUES, parties=None):
        envelope = hashed(self.next(who), fields, parties or (who, institution))
        return self.network.do(who, "kyc.enter", EnterArgs(subject, institution, envelope)).code

    def verify(self, who="insurer-1", at=0):
        return self.network.do(who, "kyc.verify", SubjectArgs(ANN), at=at).code

    def request(self, who="insurer-2", fields=("name", "mobile"), at=1):
        outcome = self.network.do(who, "kyc.request", RequestArgs(ANN, fields), at=at)
        return outcome.output["request"] if outcome.code == "ok" else outcome.code

    def grant(self, audience="insurer-2", **changes):
        given = {"subject": ANN, "purpose": "kyc", "fields": ("name", "mobile"), "matter": "", "expires_ms": 9 * DAY}
        args = GrantArgs(audience=audience, **{**given, **changes})
        return self.network.do("ann", "consent.grant", args).output["voucher"]

    def disclose(self, request, voucher, *, fields=("name", "mobile"), who="ann", reader="insurer-2", **options):
        shown = {name: VALUES.get(name, "?") for name in fields}
        parties = options.pop("parties", (who, reader))
        envelope = hashed(self.next(who), shown, parties, options.pop("salt", "cc"))
        options = {"at": 2, "cosigners": (reader,), **options}
        return self.network.do(who, "kyc.disclose", DiscloseArgs(request, voucher, envelope), **options)

    def rely(self, voucher, who="insurer-2", at=3):
        return self.network.do(who, "kyc.rely", RelyArgs(ANN, voucher), at=at)


def test_the_second_institution_gets_verified_values_and_asks_nothing():
    house = House()
    outcome = house.disclose(house.request(fields=("name", "mobile", "address")), house.grant())
    assert outcome.output == {"granted": ("name", "mobile"), "questions": 0, "verified_by": "insurer-1"}
    assert house.rely(house.grant()).output["questions"] == 0
    assert house.network.tree.get("kyc_profiles", ANN).typed == len(VALUES)
    acts = [access.act for _, access in house.network.tree.items("kyc_accesses")]
    assert sorted(acts) == ["disclose", "rely"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"salt": "dd"}, "not_as_verified"),
        ({"fields": ("name",)}, "fields_not_granted"),
        ({"fields": ("address", "mobile", "name")}, "fields_not_granted"),
        ({"parties": ("ann", "insurer-1")}, "wrong_recipients"),
        ({"cosigners": ()}, "signature_missing"),
        ({"who": "bob"}, "not_the_subject"),
        ({"at": 9 * DAY}, "voucher_expired"),
    ],
)
def test_what_is_shown_is_what_was_asked_covered_and_verified(changes, code):
    house = House()
    before = list(house.network.tree.items("kyc_accesses"))
    assert house.disclose(house.request(), house.grant(), **changes).code == code
    assert list(house.network.tree.items("kyc_accesses")) == before


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purpose": "claim"}, "wrong_purpose"),
        ({"audience": "insurer-1"}, "wrong_audience"),
        ({"fields": ("occupation",)}, "nothing_granted"),
        ({"matter": "ann/1"}, "wrong_matter"),
    ],
)
def test_a_voucher_is_good_for_what_it_says(changes, code):
    house = House()
    assert house.disclose(house.request(), house.grant(**changes)).code == code


def test_a_voucher_taken_back_stops_the_next_access():
    house = House()
    voucher = house.grant()
    request = house.request()
    assert house.rely(voucher).code == "ok"
    house.network.do("ann", "consent.revoke", VoucherArgs(voucher))
    assert house.rely(voucher).code == "voucher_revoked"
    assert house.disclose(request, voucher).code == "voucher_revoked"


def test_taking_back_erases_what_collections_hold():
    house = House()
    request, voucher = house.request(), house.grant()
    record = house.next("ann")
    shown = hashed(record, {name: VALUES[name] for name in ("mobile", "name")}, ("ann", "insurer-2"))
    collected = Collected(record, 0, shown.commitments, shown.recipients, 0)
    args = DiscloseArgs(request, voucher, collected)
    assert house.network.do("ann", "kyc.disclose", args, at=2, cosigners=("insurer-2",)).code == "ok"
    revoked = house.network.do("ann", "consent.revoke", VoucherArgs(voucher), at=3)
    assert revoked.output["purge_requested"] == (record,)
    assert house.network.tree.get("deposits", record).state == "PURGING"


def test_a_request_is_answered_once():
    house = House()
    request, voucher = house.request(), house.grant()
    assert house.disclose(request, voucher).code == "ok"
    assert house.disclose(request, voucher).code == "disclosed_already"


def test_what_is_entered_anew_is_verified_anew_by_whom_it_was_shown():
    house = House()
    voucher = house.grant()
    assert house.enter(institution="insurer-2") == "ok"
    assert house.rely(voucher).code == "not_verified"
    assert house.request() == "not_verified"
    assert house.verify("insurer-1") == "wrong_institution"
    assert house.verify("insurer-2") == "ok"
    assert house.rely(voucher).output["verified_by"] == "insurer-2"


@pytest.mark.parametrize(("at", "code"), [(DAY - 1, "ok"), (DAY, "verification_too_old")])
def test_a_verification_is_good_for_its_time(at, code):
    house = House(kyc.Settings(valid_ms=DAY))
    voucher = house.grant()
    assert house.rely(voucher, at=at).code == code
    assert house.verify(at=DAY) == "ok"
    assert house.rely(voucher, at=DAY).code == "ok"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"who": "bob"}, "not_the_subject"),
        ({"institution": "hospital-1"}, "wrong_role"),
        ({"parties": ("ann", "insurer-1", "insurer-2")}, "wrong_recipients"),
        ({"fields": {}}, "nothing_entered"),
    ],
)
def test_identities_are_entered_by_oneself_for_one_institution(changes, code):
    assert House().enter(**changes) == code


def test_supervisors_see_who_had_access_and_are_alerted_alone():
    house = House(kyc.Settings(alert_institutions=1, alert_within_ms=10))
    first, second = house.grant(), house.grant("insurer-1")
    outcomes = [
        house.rely(first, at=1),
        house.rely(second, "insurer-1", at=12),
        house.rely(first, at=13),
    ]
    told = [[event for event in outcome.events if event.kind == "aml_alert"] for outcome in outcomes]
    assert [len(alerts) for alerts in told] == [0, 0, 1]
    assert told[2][0].is_for("regulator", "regulator")
    assert not told[2][0].is_for("insurer-2", "insurer")
    assert all("alert" not in str(outcome.output) for outcome in outcomes)
    view = house.network.tree.get("aml_views", ANN)
    assert (view.institutions, view.accesses, view.last_ms, view.alerts) == (("insurer-1", "insurer-2"), 3, 13, 1)
    readers = {role: may_read("aml_views", ANN, "somebody", role) for role in ("regulator", "bureau", "insurer", "")}
    assert readers == {"regulator": True, "bureau": True, "insurer": False, "": False}


@settings(max_examples=20)
@given(st.permutations(((3, "insurer-1"), (4, "insurer-2"), (4, "broker"), (13, "insurer-1"), (20, "broker"))))
def test_accesses_commute(order):
    def views(order):
        house = House(kyc.Settings(alert_institutions=1, alert_within_ms=9))
        vouchers = {name: house.grant(name) for name in ("broker", "insurer-1", "insurer-2")}
        for at, who in order:
            assert house.rely(vouchers[who], who, at=at).code == "ok"
        times = sorted((access.time_ms, access.institution) for _, access in house.network.tree.items("kyc_accesses"))
        return house.network.tree.get("aml_views", ANN), times

    view, times = views(order)
    assert times == sorted(order)
    assert view == kyc.AmlView(institutions=("broker", "insurer-1", "insurer-2"), accesses=5, last_ms=20, alerts=4)
