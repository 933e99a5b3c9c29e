"""Institution filing and onboarding 机构备案与上线 (row 2).

An insurer files which fields it wants from the bureau's list and what for, the bureau reviews, the insurer deploys
its node and tests it, the bureau lets it go live. Nothing may be queried before LIVE, and never more than was filed.
This is the bureau's approval of data access; who votes in the consensus is another question.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Label, Labels, Record, Text
from node.contracts.lifecycle import Lifecycle
from node.ledger.transaction import Name

FILING = Lifecycle(
    "filing",
    {
        "NONE": {"file": "FILED"},
        "FILED": {"approve": "APPROVED", "reject": "REJECTED"},
        "REJECTED": {"file": "FILED"},
        "APPROVED": {"deploy": "DEPLOYED"},
        "DEPLOYED": {"test": "TESTED"},
        "TESTED": {"go_live": "LIVE"},
        "LIVE": {"suspend": "SUSPENDED"},
        "SUSPENDED": {"resume": "LIVE"},
    },
)


class Use(Struct, frozen=True):
    """One purpose and the fields wanted for it."""

    purpose: str
    fields: tuple[str, ...]


class Filing(Record, frozen=True):
    """An institution's filing; the key is its name. ``node`` and ``version`` are empty until deployed."""

    namespace: ClassVar[str] = "filings"

    state: str
    uses: tuple[Use, ...]
    reason: str
    node: str
    version: str


class ListedField(Record, frozen=True):
    """A field of the bureau's list that institutions may choose from 医保开发字段清单; the key is its name."""

    namespace: ClassVar[str] = "listed_fields"

    title: str


contract = Contract("access", records=(Filing, ListedField))


class UseArgs(Arguments, frozen=True):
    """One purpose and the fields wanted for it."""

    purpose: Label
    fields: Labels


class FileArgs(Arguments, frozen=True):
    """What is wanted and why, in words."""

    uses: Annotated[tuple[UseArgs, ...], Meta(min_length=1, max_length=8)]
    reason: Annotated[str, Meta(min_length=1, max_length=256)]


class InstitutionArgs(Arguments, frozen=True):
    """Whose filing it is about."""

    institution: Name


class DeployArgs(Arguments, frozen=True):
    """Which node serves the institution, running which version of the software."""

    node: Name
    version: Label


class NoArgs(Arguments, frozen=True):
    """Nothing to say."""


class Settings(Arguments, frozen=True):
    """The bureau's list: (field, title)."""

    fields: Annotated[tuple[tuple[Label, Text], ...], Meta(max_length=512)] = ()


@contract.settings(Settings)
def list_fields(ctx: Context, settings: Settings) -> None:
    """Publish the bureau's list of fields."""
    for name, title in settings.fields:
        ctx.put(name, ListedField(title=title))


@contract.action(roles=("insurer",))
def file(ctx: Context, args: FileArgs) -> Plain:
    """File for access; only listed fields may be named."""
    for use in args.uses:
        for field in use.fields:
            ctx.require(ctx.get(ListedField, field) is not None, "field_not_listed", field)
    found = ctx.get(Filing, ctx.client)
    state = FILING.next(found.state if found else "NONE", "file")
    uses = tuple(Use(purpose=use.purpose, fields=use.fields) for use in args.uses)
    ctx.put(ctx.client, Filing(state=state, uses=uses, reason=args.reason, node="", version=""))
    return {"state": state}


@contract.action(roles=("bureau",))
def approve(ctx: Context, args: InstitutionArgs) -> Plain:
    """Bureau review 医保局审核: granted."""
    return _advance(ctx, args.institution, "approve")


@contract.action(roles=("bureau",))
def reject(ctx: Context, args: InstitutionArgs) -> Plain:
    """Bureau review: refused; the institution may file again."""
    return _advance(ctx, args.institution, "reject")


@contract.action(roles=("insurer",))
def deploy(ctx: Context, args: DeployArgs) -> Plain:
    """The institution's node is up 数据需求方节点部署."""
    return _advance(ctx, ctx.client, "deploy", node=args.node, version=args.version)


@contract.action(roles=("insurer",))
def test(ctx: Context, args: NoArgs) -> Plain:  # noqa: ARG001 - an action takes arguments
    """Business debugging is done 业务调试."""
    return _advance(ctx, ctx.client, "test")


@contract.action(roles=("bureau",))
def go_live(ctx: Context, args: InstitutionArgs) -> Plain:
    """Version upgrade and go-live 版本升级及上线."""
    return _advance(ctx, args.institution, "go_live")


@contract.action(roles=("bureau",))
def suspend(ctx: Context, args: InstitutionArgs) -> Plain:
    """Stop an institution's queries at once."""
    return _advance(ctx, args.institution, "suspend")


@contract.action(roles=("bureau",))
def resume(ctx: Context, args: InstitutionArgs) -> Plain:
    """Let a suspended institution query again."""
    return _advance(ctx, args.institution, "resume")


def filed_fields(ctx: Context, institution: str, purpose: str) -> tuple[str, ...]:
    """What ``institution`` may ask for ``purpose``; refused where it is not live or never filed the purpose."""
    found = ctx.get(Filing, institution)
    ctx.require(found is not None and found.state == "LIVE", "filing_not_live", institution)
    uses = {use.purpose: use.fields for use in found.uses} if found else {}
    ctx.require(purpose in uses, "purpose_not_filed", f"{institution}: {purpose}")
    return uses.get(purpose, ())


def _advance(ctx: Context, institution: str, event: str, *, node: str = "", version: str = "") -> Plain:
    found = ctx.find(Filing, institution)
    state = FILING.next(found.state, event)
    filing = replace(found, state=state, node=node or found.node, version=version or found.version)
    ctx.put(institution, filing)
    return {"state": state}
