"""Supervision 监管: the regulator's scoped view of policies and payouts (row 21).

Members report to the regulator what its scope lists and nothing more (部分隐私信息: policyholder, terms, payouts);
the values travel sealed to it. A field outside the scope is refused, so no diagnosis gets there by mistake. The
regulator's node observes: it does not vote, and no action is open to its role but those on its own registers.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Label, ObjectId, Record
from node.privacy.commitments import Commitments, field_names
from node.privacy.envelope import Envelope


class Scope(Record, frozen=True):
    """What the regulator may see; the key is the kind of report."""

    namespace: ClassVar[str] = "supervision_scope"

    fields: tuple[str, ...]


class Report(Record, frozen=True):
    """That something was reported to the regulator, by whom and about what; the values are sealed."""

    namespace: ClassVar[str] = "supervision_reports"

    reporter: str
    kind: str
    about: str
    regulator: str
    values: Commitments
    time_ms: int


contract = Contract("supervision", records=(Scope, Report))


class Settings(Arguments, frozen=True):
    """(kind of report, fields in scope)."""

    scopes: Annotated[
        tuple[tuple[Label, Annotated[tuple[Label, ...], Meta(max_length=64)]], ...], Meta(max_length=16)
    ] = ()


class ReportArgs(Arguments, frozen=True):
    """A report about a policy or claim, sealed to reporter and regulator."""

    kind: Label
    about: ObjectId
    values: Envelope


@contract.settings(Settings)
def set_scopes(ctx: Context, settings: Settings) -> None:
    """Set what the regulator may see."""
    for kind, fields in settings.scopes:
        ctx.put(kind, Scope(fields=fields))


@contract.action(roles=("insurer", "reinsurer", "hospital", "bureau"))
def report(ctx: Context, args: ReportArgs) -> Plain:
    """Report to the regulator, within its scope."""
    scope = ctx.find(Scope, args.kind)
    for name in field_names(args.values.commitments):
        ctx.require(name in scope.fields, "out_of_scope", name)
    others = tuple(name for name in args.values.recipients if name != ctx.client)
    ctx.require(len(others) == 1 and ctx.role_of(others[0]) == "regulator", "wrong_recipients")
    ctx.carry(args.values, ctx.object_id)
    record = Report(
        reporter=ctx.client,
        kind=args.kind,
        about=args.about,
        regulator=others[0],
        values=args.values.commitments,
        time_ms=ctx.time_ms,
    )
    ctx.put(ctx.object_id, record)
    return {"report": ctx.object_id}
