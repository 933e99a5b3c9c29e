"""Hospitals: they report discharges by themselves and hand over papers under a voucher (rows 20, 38, 40)."""

from __future__ import annotations

from node.contracts.claims import CHARGE, INVOICE_TOKEN, INVOICE_TOTAL, ITEMS, Claim, ReportArgs
from node.contracts.consent import AnswerArgs, Query
from node.privacy import Value
from scenarios.edges.icd import look_up
from scenarios.language.models.world import Stay
from scenarios.roles import gateway, purging
from scenarios.roles.answering import to_hand_over
from scenarios.roles.coding import local_table, map_in_use
from scenarios.roles.desk import Act, Desk, Request, Verbs

verb = Verbs("hospital")
verb("attest-purge")(purging.attest_purge)
verb("request-purge")(purging.request_purge)
verb("reseal")(purging.reseal)
verb("report-reads")(gateway.report_reads)


@verb("report-discharge")
def report_discharge(desk: Desk, act: Act) -> Request:
    """Arguments: stay; map (another version than the one in force). The visit is sealed to hospital and patient."""
    stay = desk.stay(act)
    version = map_in_use(desk, act)
    how = look_up(stay.icd9, local_table(desk, act, version)).how
    wallets = desk.person(act, stay.person).wallets
    envelope = desk.seal(act, "medical_record", _visit(desk, act, stay, version), (act.who, *wallets))
    arguments = ReportArgs(
        subject=desk.pseudonym(act, stay.person),
        benefit=stay.benefit,
        map_version=version,
        coding=how,
        visit=envelope,
        stay=desk.token(act.who, "stays", f"{stay.person} {stay.admitted} {stay.discharged}"),
    )
    return Request(contract="claims", action="report", arguments=arguments, envelope=envelope)


@verb("answer")
def answer(desk: Desk, act: Act) -> Request:
    """Arguments: query, voucher, stay. The bureau supervises and countersigns."""
    query_id, voucher_id, stay = desk.object(act, "query"), desk.object(act, "voucher"), desk.stay(act)
    reader, granted = to_hand_over(desk, act, query_id, voucher_id)
    papers = {
        "visit": _visit(desk, act, stay, _reported_by(desk, act, query_id)),
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


def _reported_by(desk: Desk, act: Act, query_id: str) -> str:
    """The version that the claim behind a query was reported by; the one in force where none is behind it."""
    claim = desk.tree.get(Claim.namespace, desk.find(act, Query, query_id).matter)
    return claim.map_version if isinstance(claim, Claim) and claim.map_version else map_in_use(desk, act)


def _visit(desk: Desk, act: Act, stay: Stay, version: str) -> dict[str, Value]:
    """The visit's facts; a code that no map has stays what it was, and says so."""
    code = look_up(stay.icd9, local_table(desk, act, version)).code
    return {
        "visit/admitted": stay.admitted,
        "visit/discharged": stay.discharged,
        "visit/diagnosis": f"ICD-9:{stay.icd9}" if code is None else f"ICD-10:{code}",
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
