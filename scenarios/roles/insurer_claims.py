"""Insurers and claims: check, audit, pay, hand over to a person, report to the regulator (rows 21, 38)."""

from __future__ import annotations

from node.contracts.claims import (
    CHARGE,
    INVOICE_TOKEN,
    INVOICE_TOTAL,
    ITEMS,
    AdjudicateArgs,
    Claim,
    ClaimArgs,
    ReferArgs,
)
from node.contracts.policy import Policy
from node.contracts.supervision import ReportArgs
from node.privacy import Value
from scenarios.roles.desk import Act, Desk, Request
from scenarios.roles.insurer import verb


@verb("check")
def check(desk: Desk, act: Act) -> Request:
    """Arguments: claim."""
    return Request(contract="claims", action="check", arguments=ClaimArgs(claim=desk.object(act, "claim")))


@verb("adjudicate")
def adjudicate(desk: Desk, act: Act) -> Request:
    """Arguments: claim, query, answer (the step); signed_by (the bureau, where the claim is flagged).

    Opens the invoice's token, its total and every charge, no more.
    """
    papers = desk.opened(act, desk.object(act, "answer"))
    charges = tuple(papers[path] for path in sorted(papers) if path.startswith(ITEMS) and path.endswith(CHARGE))
    arguments = AdjudicateArgs(
        claim=desk.object(act, "claim"),
        query=desk.object(act, "query"),
        token=papers[INVOICE_TOKEN],
        total=papers[INVOICE_TOTAL],
        charges=charges,
    )
    cosigners = act.names("signed_by") if act.has("signed_by") else ()
    return Request(contract="claims", action="adjudicate", arguments=arguments, cosigners=cosigners)


@verb("pay")
def pay(desk: Desk, act: Act) -> Request:
    """Arguments: claim."""
    return Request(contract="claims", action="pay", arguments=ClaimArgs(claim=desk.object(act, "claim")))


@verb("refer")
def refer(desk: Desk, act: Act) -> Request:
    """Arguments: claim, voucher."""
    arguments = ReferArgs(claim=desk.object(act, "claim"), voucher=desk.object(act, "voucher"))
    return Request(contract="claims", action="refer", arguments=arguments)


@verb("report-to-regulator")
def report_to_regulator(desk: Desk, act: Act) -> Request:
    """Arguments: kind (policy or claim), about; fields (others than the scope's own, to see them refused)."""
    kind, about = act.text("kind"), desk.object(act, "about")
    known = _policy_report(desk, act, about) if kind == "policy" else _claim_report(desk, act, about)
    wanted = act.take("fields", desk.world.regulator_scope.get(kind, ()))
    fields: dict[str, Value] = {name: known.get(name, "withheld") for name in wanted}
    envelope = desk.seal(act, "regulatory_report", fields, (act.who, desk.of_role(act, "regulator")))
    arguments = ReportArgs(kind=kind, about=about, values=envelope)
    return Request(contract="supervision", action="report", arguments=arguments, envelope=envelope)


def _policy_report(desk: Desk, act: Act, policy_id: str) -> dict[str, Value]:
    policy = desk.find(act, Policy, policy_id)
    return {
        "policyholder": policy.holder,
        "product": policy.product,
        "benefits": ", ".join(benefit.name for benefit in policy.benefits),
        "sum_insured_fen": sum(benefit.sum_insured_fen for benefit in policy.benefits),
        "premium_fen": policy.premium_fen,
        "starts": policy.starts_ms,
        "ends": policy.ends_ms,
        "state": policy.state,
    }


def _claim_report(desk: Desk, act: Act, claim_id: str) -> dict[str, Value]:
    claim = desk.find(act, Claim, claim_id)
    policy = desk.find(act, Policy, claim.policy)
    return {
        "policyholder": policy.holder,
        "product": policy.product,
        "benefit": claim.benefit,
        "reported": claim.reported_ms,
        "decided": claim.decided_ms,
        "paid": claim.paid_ms,
        "payout_fen": claim.payable_fen,
    }
