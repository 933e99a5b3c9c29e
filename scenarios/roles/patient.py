"""The insured 参保人 and the policyholder 投保人, by a wallet of their own (rows 1, 3, 6, 7, 20)."""

from __future__ import annotations

from node.contracts.claims import HandInArgs
from node.contracts.consent import AnswerArgs, GrantArgs, VoucherArgs
from node.contracts.policy import NotariseArgs, PolicyArgs
from node.contracts.underwriting import ApplicationArgs, ApplyArgs
from scenarios.roles import asking, mini_program, purging
from scenarios.roles.answering import to_hand_over
from scenarios.roles.desk import Act, Desk, Request, Verbs

verb = Verbs("patient")
verb("request-purge")(purging.request_purge)
verb("reseal")(purging.reseal)
verb("ask")(asking.ask)
verb("upload-policy")(mini_program.upload_policy)
verb("verify")(asking.verify)


@verb("grant")
def grant(desk: Desk, act: Act) -> Request:
    """Arguments: person, audience, purpose, fields, for (how long); matter (a claim)."""
    matter = act.take("matter")
    arguments = GrantArgs(
        subject=desk.pseudonym(act, act.text("person")),
        audience=act.text("audience"),
        purpose=act.text("purpose"),
        fields=act.names("fields"),
        matter="" if matter is None else desk.object_of(act, "matter", matter),
        expires_ms=act.time_ms + act.duration_ms("for"),
    )
    return Request(contract="consent", action="grant", arguments=arguments)


@verb("revoke")
def revoke(desk: Desk, act: Act) -> Request:
    """Arguments: voucher."""
    return Request(contract="consent", action="revoke", arguments=VoucherArgs(voucher=desk.object(act, "voucher")))


@verb("answer")
def answer(desk: Desk, act: Act) -> Request:
    """Arguments: query, voucher, of (the step that left the record on this device). The bureau countersigns."""
    query_id, voucher_id = desk.object(act, "query"), desk.object(act, "voucher")
    reader, granted = to_hand_over(desk, act, query_id, voucher_id)
    record = desk.opened(act, desk.object(act, "of"))
    fields = {path: opening.value for path, opening in record.items() if path.partition("/")[0] in granted}
    envelope = desk.seal(act, "medical_record", fields, (act.who, reader))
    return Request(
        contract="consent",
        action="answer",
        arguments=AnswerArgs(query=query_id, voucher=voucher_id, envelope=envelope),
        cosigners=(reader, desk.of_role(act, "bureau")),
        envelope=envelope,
    )


@verb("hand-in")
def hand_in(desk: Desk, act: Act) -> Request:
    """Arguments: claim, stay. The hospital stamps invoice and list, and signs."""
    stay = desk.stay(act)
    papers = "\n".join(f"{item.kind} {item.amount} {item.text}" for item in stay.items)
    arguments = HandInArgs(
        claim=desk.object(act, "claim"),
        invoice=desk.token(stay.hospital, "invoices", stay.invoice),
        stay=desk.token(stay.hospital, "stays", f"{stay.person}/{stay.admitted}/{stay.discharged}"),
        charges=tuple((item.kind, item.amount) for item in stay.items),
        evidence=desk.token(act.who, "papers", papers),
    )
    return Request(contract="claims", action="hand-in", arguments=arguments, cosigners=(stay.hospital,))


@verb("apply")
def apply(desk: Desk, act: Act) -> Request:
    """Arguments: person, insurer, product, riders."""
    arguments = ApplyArgs(
        subject=desk.pseudonym(act, act.text("person")),
        insurer=act.text("insurer"),
        product=act.text("product"),
        riders=act.names("riders"),
    )
    return Request(contract="underwriting", action="apply", arguments=arguments)


@verb("agree")
def agree(desk: Desk, act: Act) -> Request:
    """Arguments: application."""
    arguments = ApplicationArgs(application=desk.object(act, "application"))
    return Request(contract="underwriting", action="agree", arguments=arguments)


@verb("withdraw")
def withdraw(desk: Desk, act: Act) -> Request:
    """Arguments: application."""
    arguments = ApplicationArgs(application=desk.object(act, "application"))
    return Request(contract="underwriting", action="withdraw", arguments=arguments)


@verb("pay-premium")
def pay_premium(desk: Desk, act: Act) -> Request:
    """Arguments: policy."""
    arguments = PolicyArgs(policy=desk.object(act, "policy"))
    return Request(contract="policy", action="pay-premium", arguments=arguments)


@verb("notarise")
def notarise(desk: Desk, act: Act) -> Request:
    """Arguments: policy. The salt is the wallet's own."""
    policy = desk.object(act, "policy")
    arguments = NotariseArgs(policy=policy, salt=desk.token(act.who, "notarisation", act.object_id))
    return Request(contract="policy", action="notarise", arguments=arguments)
