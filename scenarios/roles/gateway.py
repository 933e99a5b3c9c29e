"""What passes an institution's gateway, and what of it went past the access log (row 39).

A gateway writes down what it sees: the fields of every answer that its owner made or got, as they lie in the
envelopes, and what was handed over without one. Staff can leave a line out of their own report; the other side's
gateway is not theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from node.contracts.consent import Query
from node.contracts.gateways import LineArgs, PassedLine, ReportArgs
from scenarios.roles.desk import Act, Desk, Request


def report_reads(desk: Desk, act: Act) -> Request:
    """Arguments: past_the_log (what passed without an answer: field, with, of, and query, a step, if one is named)."""
    planted = act.take("past_the_log", ())
    if not isinstance(planted, tuple):
        raise act.error("past_the_log", f"must be a list, not {planted!r}")
    lines = (*_answered(desk, act), *(_past(desk, act, one) for one in planted))
    return Request(contract="gateways", action="report", arguments=ReportArgs(lines=lines))


def _answered(desk: Desk, act: Act) -> Iterator[LineArgs]:
    """Every field that really lies in an envelope between this party and another, and was not reported yet."""
    enclosed = {shared.envelope.commitments: shared for shared in desk.custody.shared}
    for key, query in desk.tree.items(Query.namespace):
        shared = enclosed.get(query.commitments)
        if shared is None or act.who not in {query.holder, query.reader}:
            continue
        side, other = ("served", query.reader) if act.who == query.holder else ("received", query.holder)
        for field in dict.fromkeys(opening.path.partition("/")[0] for opening in shared.openings):
            if desk.tree.get(PassedLine.namespace, f"{side}/{key}/{field}") is None:
                yield LineArgs(query=key, field=field, other=other, subject=query.subject)


def _past(desk: Desk, act: Act, one: Any) -> LineArgs:
    if not isinstance(one, Mapping) or not {"field", "with", "of"} <= set(one) <= {"field", "with", "of", "query"}:
        raise act.error("past_the_log", "each names `field`, `with` (an institution), `of` (a person), perhaps `query`")
    named = one.get("query")
    return LineArgs(
        query="" if named is None else desk.object_of(act, "past_the_log", str(named)),
        field=str(one["field"]),
        other=str(one["with"]),
        subject=desk.pseudonym(act, str(one["of"])),
    )
