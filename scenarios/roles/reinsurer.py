"""The reinsurer 再保险分入方: signs, reserves, confirms (rows 13, 14, 15)."""

from __future__ import annotations

from node.contracts.claims import Claim
from node.contracts.money import share
from node.contracts.statements import DisputeArgs, StatementArgs
from node.contracts.treaty import LineArgs, Treaty, TreatyArgs
from node.privacy import Value
from scenarios.roles import purging
from scenarios.roles.desk import Act, Desk, Request, Verbs

verb = Verbs("reinsurer")
verb("attest-purge")(purging.attest_purge)
verb("request-purge")(purging.request_purge)
verb("reseal")(purging.reseal)


@verb("sign-treaty")
def sign_treaty(desk: Desk, act: Act) -> Request:
    """Arguments: treaty."""
    return Request(contract="treaty", action="sign", arguments=TreatyArgs(treaty=desk.object(act, "treaty")))


@verb("reserve")
def reserve(desk: Desk, act: Act) -> Request:
    """Arguments: treaty, claim. The reserve is the treaty's share of the claim."""
    treaty_id, claim_id = desk.object(act, "treaty"), desk.object(act, "claim")
    treaty = desk.find(act, Treaty, treaty_id)
    claim = desk.find(act, Claim, claim_id)
    share_ppm = desk.number(act, treaty_id, "share_ppm")
    fields: dict[str, Value] = {"reserve_fen": share(claim.payable_fen or 0, share_ppm)}
    envelope = desk.seal(act, "treaty", fields, (treaty.cedent, act.who))
    return Request(
        contract="treaty",
        action="reserve",
        arguments=LineArgs(treaty=treaty_id, about=claim_id, amounts=envelope),
        cosigners=(treaty.cedent,),
        envelope=envelope,
    )


@verb("confirm-statement")
def confirm_statement(desk: Desk, act: Act) -> Request:
    """Arguments: statement."""
    arguments = StatementArgs(statement=desk.object(act, "statement"))
    return Request(contract="statements", action="confirm", arguments=arguments)


@verb("dispute-statement")
def dispute_statement(desk: Desk, act: Act) -> Request:
    """Arguments: statement, lines (the steps whose lines do not match)."""
    breaks = tuple(desk.output_of(act, "lines", step, "line") for step in act.names("lines"))
    arguments = DisputeArgs(statement=desk.object(act, "statement"), breaks=breaks)
    return Request(contract="statements", action="dispute", arguments=arguments)
