"""Insurers as cedents 再保险分出方: treaty, cession, notice, recovery, statement (rows 13, 14, 15).

Amounts follow from terms that only the two parties can read; the reinsurer checks and signs each line.
"""

from __future__ import annotations

from node.contracts.claims import Claim
from node.contracts.money import share
from node.contracts.policy import Policy
from node.contracts.statements import BALANCE, IssueArgs, SettleArgs, Statement
from node.contracts.treaty import LineArgs, NoticeArgs, ProposeArgs, Treaty
from node.privacy import Value
from scenarios.roles.desk import Act, Desk, Request
from scenarios.roles.insurer import verb


@verb("propose-treaty")
def propose_treaty(desk: Desk, act: Act) -> Request:
    """Arguments: reinsurer, from, to, notice_within; under seal: share, commission, wording."""
    reinsurer = act.text("reinsurer")
    terms: dict[str, Value] = {
        "share_ppm": act.share_ppm("share"),
        "commission_ppm": act.share_ppm("commission"),
        "wording": act.text("wording"),
    }
    envelope = desk.seal(act, "treaty", terms, (act.who, reinsurer))
    arguments = ProposeArgs(
        reinsurer=reinsurer,
        starts_ms=act.day_ms("from"),
        ends_ms=act.day_ms("to"),
        notice_within_ms=act.duration_ms("notice_within"),
        terms=envelope,
    )
    return Request(contract="treaty", action="propose", arguments=arguments, envelope=envelope)


@verb("cede")
def cede(desk: Desk, act: Act) -> Request:
    """Arguments: treaty, policy."""
    treaty_id, policy_id = desk.object(act, "treaty"), desk.object(act, "policy")
    ceded_fen = share(desk.find(act, Policy, policy_id).premium_fen, desk.number(act, treaty_id, "share_ppm"))
    commission_fen = share(ceded_fen, desk.number(act, treaty_id, "commission_ppm"))
    amounts: dict[str, Value] = {"premium_fen": ceded_fen, "commission_fen": commission_fen}
    return _line(desk, act, "cede", (treaty_id, policy_id), amounts)


@verb("notify-loss")
def notify_loss(desk: Desk, act: Act) -> Request:
    """Arguments: treaty, claim."""
    arguments = NoticeArgs(treaty=desk.object(act, "treaty"), claim=desk.object(act, "claim"))
    return Request(contract="treaty", action="notice", arguments=arguments)


@verb("recover")
def recover(desk: Desk, act: Act) -> Request:
    """Arguments: treaty, claim."""
    treaty_id, claim_id = desk.object(act, "treaty"), desk.object(act, "claim")
    paid_fen = desk.find(act, Claim, claim_id).payable_fen or 0
    recovery_fen = share(paid_fen, desk.number(act, treaty_id, "share_ppm"))
    amounts: dict[str, Value] = {
        "paid_fen": paid_fen,
        "recovery_fen": recovery_fen,
        "net_fen": paid_fen - recovery_fen,
    }
    return _line(desk, act, "recover", (treaty_id, claim_id), amounts)


@verb("issue-statement")
def issue_statement(desk: Desk, act: Act) -> Request:
    """Arguments: treaty, period, lines (the steps that booked them)."""
    treaty_id = desk.object(act, "treaty")
    keys: list[str] = []
    totals = {"premium_fen": 0, "commission_fen": 0, "recovery_fen": 0}
    for step in act.names("lines"):
        object_id = desk.object_of(act, "lines", step)
        keys.append(desk.output_of(act, "lines", step, "line"))
        opened = desk.opened(act, object_id)
        for name in totals:
            value = opened[name].value if name in opened else 0
            totals[name] += value if isinstance(value, int) else 0
    balance_fen = totals["premium_fen"] - totals["commission_fen"] - totals["recovery_fen"]
    amounts: dict[str, Value] = {**totals, BALANCE: balance_fen}
    envelope = desk.seal(act, "treaty", amounts, (act.who, desk.find(act, Treaty, treaty_id).reinsurer))
    arguments = IssueArgs(treaty=treaty_id, period=act.text("period"), lines=tuple(keys), amounts=envelope)
    return Request(contract="statements", action="issue", arguments=arguments, envelope=envelope)


@verb("settle-statement")
def settle_statement(desk: Desk, act: Act) -> Request:
    """Arguments: statement. Opens the balance; both sides sign."""
    statement_id = desk.object(act, "statement")
    treaty = desk.find(act, Treaty, desk.find(act, Statement, statement_id).treaty)
    arguments = SettleArgs(statement=statement_id, balance=desk.opened(act, statement_id)[BALANCE])
    return Request(contract="statements", action="settle", arguments=arguments, cosigners=(treaty.reinsurer,))


def _line(desk: Desk, act: Act, action: str, about: tuple[str, str], amounts: dict[str, Value]) -> Request:
    treaty_id, object_id = about
    reinsurer = desk.find(act, Treaty, treaty_id).reinsurer
    envelope = desk.seal(act, "treaty", amounts, (act.who, reinsurer))
    return Request(
        contract="treaty",
        action=action,
        arguments=LineArgs(treaty=treaty_id, about=object_id, amounts=envelope),
        cosigners=(reinsurer,),
        envelope=envelope,
    )
