"""The medical insurance bureau 医保局: pseudonyms, filings, and answers from its own records (rows 1, 2, 3)."""

from __future__ import annotations

from node.contracts import einvoices
from node.contracts.access import InstitutionArgs
from node.contracts.code_maps import PublishArgs
from node.contracts.consent import AnswerArgs, Query, RegisterArgs
from node.privacy import Value
from scenarios.edges.icd import map_digest, map_version
from scenarios.roles import checking, fairness, gateway, purging
from scenarios.roles.answering import to_hand_over
from scenarios.roles.coding import local_table
from scenarios.roles.desk import Act, Desk, Request, Verbs

verb = Verbs("bureau")
verb("attest-purge")(purging.attest_purge)
verb("request-purge")(purging.request_purge)
verb("reseal")(purging.reseal)
verb("report-reads")(gateway.report_reads)
verb("publish-fairness")(fairness.publish_fairness)
verb("register-value")(checking.register_value)
verb("answer-value")(checking.answer_value)


@verb("register-people")
def register_people(desk: Desk, act: Act) -> Request:
    """Arguments: people."""
    people = sorted((desk.pseudonym(act, name), desk.person(act, name).wallets) for name in act.names("people"))
    return Request(contract="consent", action="register", arguments=RegisterArgs(subjects=tuple(people)))


@verb("approve")
def approve(desk: Desk, act: Act) -> Request:
    """Arguments: institution."""
    return _review(desk, act, "approve")


@verb("reject")
def reject(desk: Desk, act: Act) -> Request:
    """Arguments: institution."""
    return _review(desk, act, "reject")


@verb("go-live")
def go_live(desk: Desk, act: Act) -> Request:
    """Arguments: institution."""
    return _review(desk, act, "go-live")


@verb("suspend")
def suspend(desk: Desk, act: Act) -> Request:
    """Arguments: institution."""
    return _review(desk, act, "suspend")


@verb("resume")
def resume(desk: Desk, act: Act) -> Request:
    """Arguments: institution."""
    return _review(desk, act, "resume")


@verb("answer")
def answer(desk: Desk, act: Act) -> Request:
    """Arguments: query, voucher. What the bureau holds on the person, as far as it is granted."""
    query_id, voucher_id = desk.object(act, "query"), desk.object(act, "voucher")
    reader, granted = to_hand_over(desk, act, query_id, voucher_id)
    held = desk.person_of(act, desk.find(act, Query, query_id).subject).fields
    fields: dict[str, Value] = {}
    for name in granted:
        if name not in held:
            raise act.error("query", f"the bureau holds no `{name}` on this person")
        fields[name] = held[name]
    envelope = desk.seal(act, "bureau_record", fields, (act.who, reader))
    return Request(
        contract="consent",
        action="answer",
        arguments=AnswerArgs(query=query_id, voucher=voucher_id, envelope=envelope),
        cosigners=(reader,),
        envelope=envelope,
    )


@verb("publish-map")
def publish_map(desk: Desk, act: Act) -> Request:
    """Arguments: map (under `world.code_maps`), live (a day). The chain gets its digest, hospitals its content."""
    name = act.text("map")
    arguments = PublishArgs(
        version=name,
        base=map_version(),
        digest=map_digest(local_table(desk, act, name)),
        live_ms=act.day_ms("live"),
    )
    return Request(contract="code-maps", action="publish", arguments=arguments)


def _review(desk: Desk, act: Act, action: str) -> Request:  # noqa: ARG001 - a verb takes a desk
    return Request(contract="access", action=action, arguments=InstitutionArgs(institution=act.text("institution")))


@verb("register-invoice")
def register_invoice(desk: Desk, act: Act) -> Request:
    """Arguments: stay. What the bureau settled with the hospital, which hands over its token and signs as well."""
    stay = desk.stay(act)
    arguments = einvoices.RegisterArgs(
        token=desk.token(stay.hospital, "invoices", stay.invoice),
        hospital=stay.hospital,
        total_fen=sum(item.amount for item in stay.items),
    )
    return Request(contract="einvoices", action="register", arguments=arguments, cosigners=(stay.hospital,))
