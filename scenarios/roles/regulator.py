"""The regulator 监管: it reads what is sealed to it and writes nothing; its attempts are refused (row 21)."""

from __future__ import annotations

from node.contracts.claims import ClaimArgs
from scenarios.roles.desk import Act, Desk, Request, Verbs

verb = Verbs("regulator")


@verb("try-to-pay")
def try_to_pay(desk: Desk, act: Act) -> Request:
    """Arguments: claim."""
    return Request(contract="claims", action="pay", arguments=ClaimArgs(claim=desk.object(act, "claim")))
