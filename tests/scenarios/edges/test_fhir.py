"""FHIR at the edge: amounts to the fen, both versions by their own models, hostile texts told what is wrong."""

import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios.cli import invoke
from scenarios.dashboard import NoView
from scenarios.edges.fhir import (
    Answer,
    FhirError,
    answer_of,
    claim_of,
    cover_of,
    fen_of,
    judge,
    money_of,
    permission_of,
    read_json,
    stay_of,
    write_json,
)
from scenarios.edges.fhir.command import stays_of
from scenarios.edges.fhir.runs import bundle_of, cases_of
from scenarios.language import load_scenario
from scenarios.language.models.world import Stay
from scenarios.runner import run
from scenarios.shipped import shipped

END = 2**53
FEN = st.integers(0, END // 64)
WORDS = st.from_regex(r"\A[a-z0-9][a-z0-9.-]{0,15}\Z")
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)
LINES = st.builds(lambda text, kind, fen: {"text": text, "kind": kind, "amount": fen}, TEXTS, WORDS, FEN)


def stay(items, **other):
    told = {
        "hospital": "hospital-1",
        "person": "zhu",
        "benefit": "inpatient",
        "admitted": "2023-04-14",
        "discharged": "2023-04-18 10:30",
        "icd9": "611.0",
        "diagnosis": "mastitis 乳腺炎",
        "invoice": "nb-2023-0418-0077",
        **other,
    }
    items = tuple({**item, "amount": f"{item['amount'] // 100}.{item['amount'] % 100:02d} CNY"} for item in items)
    return Stay.model_validate({**told, "items": items})


def billed(of):
    return claim_of(
        of,
        claim_id="hospital-1/7",
        created="2023-04-18T10:30:00Z",
        insurer="insurer-1",
        coverage="insurer-1/6",
        map_version="nb-1",
        local={},
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(LINES, min_size=1, max_size=8), WORDS, st.sampled_from(["611.0", "070.3", "410.91", "V10", "E850.0"]))
def test_a_bill_comes_back_as_it_went_out(items, invoice, icd9):
    before = stay(items, invoice=invoice, icd9=icd9)
    text = write_json(billed(before))
    after = read_json(text)
    for version in ("R4B", "R5"):
        judge(after, version)
    assert stay_of(after) == before
    assert fen_of(after["total"], "total") == sum(item["amount"] for item in items)


@given(st.integers(0, END - 1))
def test_an_amount_comes_back_to_the_fen(fen):
    text = write_json(money_of(fen))
    assert f'"value": {fen // 100}.{fen % 100:02d}'.encode() in text
    assert fen_of(read_json(text), "here") == fen


def test_the_amount_that_floats_cannot_hold():
    with pytest.raises(FhirError, match="beyond the largest amount"):
        fen_of(read_json(b'{"value": 300000000000000.07}'), "here")
    assert fen_of(read_json(b'{"value": 90071992547409.91}'), "here") == END - 1
    assert write_json({"value": Decimal("300000000000000.07")}) == b'{\n  "value": 300000000000000.07\n}\n'


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is no JSON: line 1, column 1"),
        (b"\xff\xfe", "is no text in UTF-8"),
        (b'{"a": NaN}', "`NaN` is no JSON"),
        (b'{"a": -Infinity}', "`-Infinity` is no JSON"),
        (b'{"a": 1e400}', "`1e400` is no number that a bill may hold"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number of 5000 characters"),
        (b'{"a": 1, "a": 2}', "the key `a` stands twice"),
        (b"[" * 100_000, "is nested more than|is no JSON"),
        (b"[" * 100 + b"]" * 100, "is nested more than 48 deep"),
        (b'{"a": 1', "is no JSON: line 1"),
    ],
)
def test_a_hostile_text_is_told_what_is_wrong(raw, said):
    with pytest.raises(FhirError, match=said):
        read_json(raw)


BILL = billed(stay([{"text": "ward", "kind": "bed", "amount": 26_000}]))


def changed(**keys):
    return {**BILL, **keys}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "a resource is a JSON object"),
        ({"resourceType": "Observation"}, "`Observation` is no resource that is read here"),
        ({"resourceType": "Bundle", "type": "collection"}, "holds no bill"),
        (changed(use=None, status=7), r"Claim\.status"),
        (changed(item=[]), r"Claim\.item: a bill has at least one line"),
        (changed(total=money_of(26_001)), "says 26001 fen, and the lines add up to 26000"),
        (changed(total={"value": Decimal("260.001")}), "no whole number of fen"),
        (changed(total={"value": 260, "currency": "USD"}), "the currency is `USD`"),
        (changed(item=[{**BILL["item"][0], "net": {"value": -1}}]), r"item\[0\]\.net: -1 is negative"),
        (changed(diagnosis=[]), r"diagnosis\[0\]: has no ICD-9-CM code"),
        (changed(provider={"display": "somewhere"}), r"Claim\.provider: must be a reference"),
        (changed(billablePeriod={"start": "2023-04-14", "end": "2023-04"}), r"billablePeriod\.end: must be a day"),
        ({"resourceType": "Bundle", "entry": [{"resource": BILL}, {"resource": BILL}]}, r"entry\[1\].: two bills"),
    ],
)
def test_a_resource_that_is_no_bill_is_told_where(value, said):
    with pytest.raises(FhirError, match=said):
        stays_of(value)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.decimals(-(10**9), 10**9) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["coding", "value", "x"]), inner),
    max_leaves=6,
)


def places(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


def put(value, path, junk):
    if not path:
        return junk
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], junk)
    return copy


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(list(places(BILL))), JUNK)
def test_whatever_stands_anywhere_it_is_a_bill_or_told_to_be_none(path, junk):
    try:
        found = stays_of(put(BILL, path, junk))
    except FhirError:
        return
    assert all(isinstance(one, Stay) for one in found.values())


@pytest.mark.parametrize(
    ("read", "resource", "said"),
    [
        (permission_of, {"resourceType": "Consent"}, "nobody is permitted anything"),
        (permission_of, {"resourceType": "Consent", "provision": [{}]}, "names no purpose"),
        (cover_of, {"resourceType": "Coverage", "period": {}}, "has no plan under `class`"),
        (answer_of, {"resourceType": "ClaimResponse"}, r"ClaimResponse\.request: must be a reference"),
        (
            answer_of,
            {"resourceType": "ClaimResponse", "payment": {"amount": {"value": Decimal("0.001")}}},
            r"payment\.amount: 0\.001 is no whole number of fen",
        ),
    ],
)
def test_an_answer_that_is_none_is_told_where(read, resource, said):
    with pytest.raises(FhirError, match=said):
        read(resource)


def test_an_icd_10_code_alone_leads_back():
    coding = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "B18.1"}]}
    found = stay_of(changed(diagnosis=[{"sequence": 1, "diagnosisCodeableConcept": coding}]))
    assert (found.icd9, found.diagnosis) == ("070.32", "07032")


def test_without_the_extra_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("scenarios.edges.fhir.models.find_spec", lambda _: None)
    with pytest.raises(FhirError, match=r"pip install 'consortium-sim\[fhir\]'"):
        judge(BILL, "R5")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    result = run(load_scenario(shipped()["own_product"]), view=NoView(), out=out, mode="virtual")
    assert result.verdict == "pass"
    return result.folder


def test_a_run_s_claims_are_bundles_whose_amounts_are_the_ledger_s(folder):
    cases = cases_of(folder)
    assert [case.claim["paid_fen"] for case in cases] == [176_001, 1_823_999]
    for case in cases:
        for version in ("R4B", "R5"):
            bundle = read_json(write_json(bundle_of(case, version)))
            judge(bundle, version)
            by_kind = {entry["resource"]["resourceType"]: entry["resource"] for entry in bundle["entry"]}
            assert fen_of(by_kind["ClaimResponse"]["payment"]["amount"], "") == case.claim["paid_fen"]
            totals = {
                total["category"]["coding"][0]["code"]: fen_of(total["amount"], "")
                for total in by_kind["ExplanationOfBenefit"]["total"]
            }
            assert totals == {
                "submitted": case.claim["total_fen"],
                "noncovered": case.claim["excluded_fen"],
                "benefit": case.claim["payable_fen"],
            }
            eligible = sum(
                fen_of(line["adjudication"][1]["amount"], "") for line in by_kind["ExplanationOfBenefit"]["item"]
            )
            assert eligible == case.claim["total_fen"] - case.claim["excluded_fen"]
            assert by_kind["Consent"]["status"] == "active"
            assert list(stays_of(bundle).values()) == [case.stay]
            answers = [answer_of(by_kind[kind]) for kind in ("ClaimResponse", "ExplanationOfBenefit")]
            amounts = {name: case.claim[name] for name in ("total_fen", "excluded_fen", "payable_fen", "paid_fen")}
            assert answers == [Answer(claim=case.claim_id.replace("/", "-"), decided=True, **amounts)] * 2
            ((_, voucher),) = case.vouchers
            permission = permission_of(by_kind["Consent"])
            told = (permission.audience, permission.purpose, permission.fields, permission.expires_ms)
            assert told == (
                voucher["audience"],
                voucher["purpose"],
                tuple(voucher["fields"]),
                voucher["expires_ms"],
            )
            cover = cover_of(by_kind["Coverage"])
            policy = case.policy
            assert (cover.policy, cover.insurer, cover.product) == (
                case.claim["policy"],
                policy["insurer"],
                policy["product"],
            )
            assert (cover.starts_ms, cover.ends_ms) == (policy["starts_ms"], policy["ends_ms"])
            assert cover.subject == permission.subject == case.claim["subject"]


def test_the_command_line_exports_and_takes_back(folder, tmp_path, capsys):
    for version in ("R4B", "R5"):
        assert invoke(["fhir", "export", str(folder), "--version", version, "-o", str(tmp_path / version)]) == 0
    files = sorted(tmp_path.glob("*/*.json"))
    assert len(files) == 4
    capsys.readouterr()
    assert invoke(["fhir", "import", str(files[0]), "-o", str(tmp_path / "stays.yaml")]) == 0
    text = (tmp_path / "stays.yaml").read_text(encoding="utf-8")
    assert "amount: 2500.01 CNY" in text
    assert "payable_fen: 176001" in text
    assert all(key in text for key in ("x-consents:", "x-coverages:", "x-answers:"))


def test_what_is_imported_can_be_included_into_a_scenario(folder, tmp_path, capsys):
    bundle = bundle_of(cases_of(folder)[0], "R5")
    (tmp_path / "bill.json").write_bytes(write_json(bundle))
    assert invoke(["fhir", "import", str(tmp_path / "bill.json"), "-o", str(tmp_path / "stays.yaml")]) == 0
    scenario = "version: 1\nname: s\nmembers: {insurer: {count: 4}}\nworld: {include: stays.yaml}\nworkload: []\n"
    (tmp_path / "s.yaml").write_text(scenario, encoding="utf-8")
    stays = load_scenario(tmp_path / "s.yaml").world.stays
    assert [sum(item.amount for item in one.items) for one in stays.values()] == [260_001]
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fhir", "import", "{}/none.json"], "No such file"),
        (["fhir", "import", "{}"], "Is a directory"),
        (["fhir", "export", "{}"], "is no run's folder: it has no manifest.json"),
        (["fhir", "import", "{}/bad.json"], r"bad\.json: is no JSON"),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_is_written(arguments, said, tmp_path, capsys):
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    assert invoke([part.format(tmp_path) for part in arguments]) == 2
    told = capsys.readouterr()
    assert not told.out
    assert re.search(said, told.err)
