"""Who keeps books closes them 结账: an insurer, from its own postings, or from a book that was edited (row 55)."""

from __future__ import annotations

from node.contracts.general_ledger import CloseArgs, Closing, LastClosing, digest_of, lines_of, turnovers_of
from scenarios.roles.desk import Act, Desk, Request
from scenarios.roles.insurer import verb


@verb("close-books")
def close_books(desk: Desk, act: Act) -> Request:
    """Arguments: period; edited (an amount added), of (which kind), both (debits and credits alike); hidden (a kind).

    An edited book differs in a balance; with `both: true` in what was turned over alone.
    """
    last = desk.tree.get(LastClosing.namespace, act.who)
    before: Closing | None = None
    if last is not None:
        before = desk.tree.get(Closing.namespace, f"{act.who}/{last.period}")
    after_ms = before.closed_ms if before is not None else 0
    lines = lines_of(desk.tree, act.who, after_ms, act.time_ms)
    earlier = {kind: balance for kind, _, _, balance in before.totals} if before is not None else {}
    turned = turnovers_of(lines)
    totals = {}
    for kind in sorted({*earlier, *turned}):
        debit, credit = turned.get(kind, (0, 0))
        totals[kind] = (debit, credit, earlier.get(kind, 0) + debit - credit)
    if act.has("edited"):
        fen, kind, both = act.money_fen("edited"), act.text("of"), act.flag("both")
        debit, credit, balance = totals.get(kind, (0, 0, 0))
        totals[kind] = (debit + fen, credit + fen, balance) if both else (debit + fen, credit, balance + fen)
    if act.has("hidden"):
        totals.pop(act.text("hidden"), None)
    arguments = CloseArgs(
        period=act.text("period"),
        totals=tuple((kind, *of) for kind, of in sorted(totals.items())),
        entries=len(lines),
        journal=digest_of(lines),
    )
    return Request(contract="general-ledger", action="close", arguments=arguments)
