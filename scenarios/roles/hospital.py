"""Hospitals: they report discharges by themselves and hand over papers under a voucher (rows 20, 38, 40)."""

from __future__ import annotations

from node.contracts.claims import CHARGE, INVOICE_TOKEN, INVOICE_TOTAL, ITEMS, ReportArgs
from node.contracts.consent import AnswerArgs
from node.privacy import Value
from scenarios.language.models.world import Stay
from scenarios.roles import purging
from scenarios.roles.answering import to_hand_over
from scenarios.roles.desk import Act, Desk, Request, Verbs
from scenarios.roles.icd import map_version, transcode

verb = Verbs("hospital")
verb("attest-purge")(purging.attest_purge)
verb("request-purge")(purging.request_purge)
verb("reseal")(purging.reseal)


@verb("report-discharge")
def report_discharge(desk: Desk, act: Act) -> Request:
    """Arguments: stay. The visit is sealed to the hospital and the patient."""
    stay = desk.stay(act)
    wallets = desk.person(act, stay.person).wallets
    envelope = desk.seal(act, "medical_record", _visit(act, stay), (act.who, *wallets))
    arguments = ReportArgs(
        subject=desk.pseudonym(act, stay.person),
        benefit=stay.benefit,
        map_version=map_version(),
        visit=envelope,
    )
    return Request(contract="claims", action="report", arguments=arguments, envelope=envelope)


@verb("answer")
def answer(desk: Desk, act: Act) -> Request:
    """Arguments: query, voucher, stay. The bureau supervises and countersigns."""
    query_id, voucher_id, stay = desk.object(act, "query"), desk.object(act, "voucher"), desk.stay(act)
    reader, granted = to_hand_over(desk, act, query_id, voucher_id)
    papers = {
        "visit": _visit(act, stay),
        "e_invoice": _invoice(desk, act, stay),
        "itemised_list": _items(stay),
    }
    fields: dict[str, Value] = {}
    for name in granted:
        if name not in papers:
            raise act.error("query", f"a hospital holds no `{name}`")
        fields.update(papers[name])
    envelope = desk.seal(act, "medical_record", fields, (act.who, reader))
    return Request(
        contract="consent",
        action="answer",
        arguments=AnswerArgs(query=query_id, voucher=voucher_id, envelope=envelope),
        cosigners=(reader, desk.of_role(act, "bureau")),
        envelope=envelope,
    )


def _visit(act: Act, stay: Stay) -> dict[str, Value]:
    code = transcode(stay.icd9)
    if code is None:
        raise act.error("stay", f"the code map has nothing for `{stay.icd9}`")
    return {
        "visit/admitted": stay.admitted,
        "visit/discharged": stay.discharged,
        "visit/diagnosis": f"ICD-10:{code}",
        "visit/diagnosis_text": stay.diagnosis,
    }


def _invoice(desk: Desk, act: Act, stay: Stay) -> dict[str, Value]:
    """The e-invoice; its token is all that shows when it is used, and tells nobody the number."""
    return {
        "e_invoice/number": stay.invoice,
        INVOICE_TOKEN: desk.token(act.who, "invoices", stay.invoice),
        INVOICE_TOTAL: sum(item.amount for item in stay.items),
    }


def _items(stay: Stay) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    for number, item in enumerate(stay.items, start=1):
        fields[f"{ITEMS}{number:02d}{CHARGE}"] = (item.kind, item.amount)
        fields[f"{ITEMS}{number:02d}/text"] = item.text
    return fields
