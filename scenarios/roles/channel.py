"""Channels 缴费渠道: where a payer types in an identity number and a name, and pays (rows 65 to 68).

The channel's form checks what was typed, and the bureau, which keys pseudonyms, looks up whom it means; that happens
off the chain. The chain is told a pseudonym, and which flaw the form found, if any.
"""

from __future__ import annotations

import datetime as dt

from node.contracts.contributions import PayArgs, QueryArgs
from scenarios.roles.desk import Act, Desk, Request, Verbs
from scenarios.roles.gb11643 import flaw_in

verb = Verbs("channel")

_DAY_MS = 86_400_000


@verb("query-contribution")
def query_contribution(desk: Desk, act: Act) -> Request:
    """Arguments: year, payer, and person, or identity and name as they were typed."""
    person, flaw = _typed(desk, act)
    arguments = QueryArgs(year=_year(act), person=person, payer=act.text("payer"), flaw=flaw)
    return Request(contract="contributions", action="query", arguments=arguments)


@verb("pay-contribution")
def pay_contribution(desk: Desk, act: Act) -> Request:
    """Arguments: year, payer (who signs), key (the payment's, the same for each attempt at it), and person."""
    payer = act.text("payer")
    person = desk.pseudonym(act, act.text("person"))
    arguments = PayArgs(year=_year(act), person=person, payer=payer, key=act.text("key"))
    return Request(contract="contributions", action="pay", arguments=arguments, cosigners=(payer,))


def _typed(desk: Desk, act: Act) -> tuple[str, str]:
    """The pseudonym of whom the input means, and the flaw that the form finds in it."""
    if act.has("person"):
        return desk.pseudonym(act, act.text("person")), ""
    identity, name = act.text("identity"), act.text("name")
    today = dt.date(1970, 1, 1) + dt.timedelta(days=act.time_ms // _DAY_MS)
    flaw = flaw_in(identity, today)
    if not flaw and any(
        one.identity == identity and one.fields.get("name") != name for one in desk.world.people.values()
    ):
        flaw = "name"
    return desk.token(desk.of_role(act, "bureau"), "pseudonyms", identity), flaw


def _year(act: Act) -> int:
    value = act.take("year")
    if not isinstance(value, int) or isinstance(value, bool):
        raise act.error("year", f"must be a year such as 2024, not {value!r}")
    return value
