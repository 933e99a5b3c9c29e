"""The live rules, each a small pure function of one record that a transaction has written.

A rule is asked about every record of its kinds that changed, with the record as it was before the transaction, and
says what it found or None. It reads a bounded number of other records through the context and writes nothing. Rules
fire when a limit is *crossed*: what was beyond it before the transaction was told then.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

from node.contracts.accounts import KINDS, Account, account
from node.contracts.claims import Claim
from node.contracts.context import Context
from node.contracts.fields import MILLION, Record
from node.contracts.oversight.records import Watch
from node.contracts.policy import Holding, Policy
from node.contracts.risk import Cover
from node.contracts.treaty import Loss, Treaty

HOLDINGS_MAX = 64
"""Of a person's policies, so many are looked at: the newest by their ids."""

COMMISSIONS = ("commission-paid", "sales-fees-paid")
"""Kinds of accounts that commissions and sales fees 手续费 are booked to."""

PREMIUMS = ("premium-income", "premium-assumed")

OWN_FUNDS = tuple(
    name for name, told in KINDS.items() if told.partition(":")[0] in {"asset", "liability", "asset or liability"}
)
"""What solvency is reckoned from: assets less liabilities, as the table of kinds has them."""

LIVING = frozenset({"BOUND", "IN_FORCE"})


class Finding(NamedTuple):
    """A breach: what it is about, who is answerable, and since when it is one (business time in ms)."""

    about: str
    institution: str
    occurred_ms: int


Rule = Callable[[Context, Watch, str, Record, Record | None], Finding | None]
"""(context, limits, key, the record as written, as it was before or None) -> what was found."""


class Live(NamedTuple):
    """A rule, the namespaces whose records it looks at, and what the source calls it."""

    namespaces: tuple[str, ...]
    judge: Rule
    chinese: str


def below_margin(ctx: Context, watch: Watch, _: str, after: Record, __: Record | None) -> Finding | None:
    """偿付能力: an insurer's own funds fell below ``margin_ppm`` of its premium."""
    assert isinstance(after, Account)  # noqa: S101 - its namespace
    if ctx.role_of(after.owner) not in {"insurer", "reinsurer"}:
        return None
    crossed = _solvent(ctx, watch, after.owner, before=True) and not _solvent(ctx, watch, after.owner, before=False)
    return Finding(after.owner, after.owner, ctx.time_ms) if crossed else None


def accumulated(ctx: Context, watch: Watch, key: str, after: Record, before: Record | None) -> Finding | None:
    """累积风险: what one person is insured for in the whole market passed ``accumulation_fen``."""
    assert isinstance(after, Cover)  # noqa: S101 - its namespace
    was = before.sum_insured_fen if isinstance(before, Cover) else 0
    crossed = was <= watch.accumulation_fen < after.sum_insured_fen
    return Finding(key, ctx.client, ctx.time_ms) if crossed else None


def told_late(ctx: Context, __: Watch, key: str, after: Record, before: Record | None) -> Finding | None:
    """迟延通知: a loss was told to the reinsurer after its time; a breach since that time was over."""
    assert isinstance(after, Loss)  # noqa: S101 - its namespace
    if before is not None or not after.late:
        return None
    treaty_id, claim = key.split("|", 1)
    treaty = ctx.get(Treaty, treaty_id)
    if treaty is None:  # a rule refuses nothing
        return None
    return Finding(claim, treaty.cedent, after.noticed_ms - after.delay_ms + treaty.notice_within_ms)


def over_commission(ctx: Context, watch: Watch, _: str, after: Record, __: Record | None) -> Finding | None:
    """手续费上限: of an insurer's premium more than ``commission_ppm`` went into commissions."""
    assert isinstance(after, Account)  # noqa: S101 - its namespace
    if after.kind not in {*COMMISSIONS, *PREMIUMS}:
        return None
    crossed = not _over(ctx, watch, after.owner, before=True) and _over(ctx, watch, after.owner, before=False)
    return Finding(after.owner, after.owner, ctx.time_ms) if crossed else None


def covered_twice(ctx: Context, _: Watch, key: str, after: Record, before: Record | None) -> Finding | None:
    """重复投保: a person got a policy of a product while another of theirs is in force."""
    assert isinstance(after, Policy)  # noqa: S101 - its namespace
    if before is not None or after.renews:
        return None
    holding = ctx.get(Holding, after.subject)
    for other_id in (holding.policies if holding else ())[-HOLDINGS_MAX:]:
        other = ctx.get(Policy, other_id)
        if other is None or other_id == key or other.state not in LIVING or other.product != after.product:
            continue
        if other.starts_ms < after.ends_ms and after.starts_ms < other.ends_ms:
            return Finding(key, after.insurer, max(other.starts_ms, after.starts_ms))
    return None


def claimed_twice(_: Context, __: Watch, key: str, after: Record, before: Record | None) -> Finding | None:
    """重复索赔: a claim was flagged, its stay having been claimed for before."""
    assert isinstance(after, Claim)  # noqa: S101 - its namespace
    was = before.flag if isinstance(before, Claim) else ""
    return Finding(key, after.insurer, after.reported_ms) if after.flag and not was else None


def unlicensed(ctx: Context, watch: Watch, key: str, after: Record, before: Record | None) -> Finding | None:
    """无证经营: a policy of a product that its insurer, or who took it over, has no licence for."""
    assert isinstance(after, Policy)  # noqa: S101 - its namespace
    was = before.insurer if isinstance(before, Policy) else ""
    if was == after.insurer or any(
        name == after.insurer and after.product in products for name, products in watch.licences
    ):
        return None
    return Finding(key, after.insurer, ctx.time_ms if was else after.starts_ms)


RULES: MappingProxyType[str, Live] = MappingProxyType(
    {
        "solvency": Live((Account.namespace,), below_margin, "偿付能力"),
        "accumulation": Live((Cover.namespace,), accumulated, "累积风险"),
        "late-notice": Live((Loss.namespace,), told_late, "迟延通知"),
        "commission": Live((Account.namespace,), over_commission, "手续费上限"),
        "duplicate-cover": Live((Policy.namespace,), covered_twice, "重复投保"),
        "duplicate-claim": Live((Claim.namespace,), claimed_twice, "重复索赔"),
        "unlicensed": Live((Policy.namespace,), unlicensed, "无证经营"),
    }
)
"""Name -> rule. A new one is a function and a line here."""


def _solvent(ctx: Context, watch: Watch, owner: str, *, before: bool) -> bool:
    own_fen = sum(_balance(ctx, owner, kind, before=before) for kind in OWN_FUNDS)
    premium_fen = -sum(_balance(ctx, owner, kind, before=before) for kind in PREMIUMS)
    return own_fen * MILLION >= watch.margin_ppm * premium_fen


def _over(ctx: Context, watch: Watch, owner: str, *, before: bool) -> bool:
    paid_fen = sum(_balance(ctx, owner, kind, before=before) for kind in COMMISSIONS)
    premium_fen = -sum(_balance(ctx, owner, kind, before=before) for kind in PREMIUMS)
    return paid_fen * MILLION > watch.commission_ppm * premium_fen


def _balance(ctx: Context, owner: str, kind: str, *, before: bool) -> int:
    name = account(owner, kind)
    found = ctx.before(Account, name) if before else ctx.get(Account, name)
    return found.balance_fen if found else 0
