"""Hospital totals 医院汇总结算 (row 49): many hospitals settle by their sums, and no person is on the chain.

A hospital tells, once a period, how many insured people of each insurer it treated, what it billed and what their plan
pays of it, with a fingerprint of its list of cases, which stays with it. The bureau has checked the list, signs as
well, and pays from its pool at once; each insurer makes good what was paid for its insured. Of a person nothing is
told: a count of one is refused like any below the least.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Count, Digest, Fen, Label, Name, Record

ROWS_MAX = 64


class HospitalPeriod(Record, frozen=True):
    """What a hospital settled for one period; the key is ``hospital/period``. ``cases`` fixes its list."""

    namespace: ClassVar[str] = "hospital_periods"

    patients: int
    billed_fen: int
    payable_fen: int
    cases: str


class InsurerTotal(Record, frozen=True):
    """What a pool paid for an insurer's insured, and what that has made good of it; the key is of :func:`owed`."""

    namespace: ClassVar[str] = "insurer_totals"

    patients: int = 0
    payable_fen: int = 0
    collected_fen: int = 0


class Rules(Record, frozen=True):
    """The fewest patients that a row may count; the key is "rules"."""

    namespace: ClassVar[str] = "hospital_total_rules"

    patients_min: int


contract = Contract("hospital-totals", records=(HospitalPeriod, InsurerTotal, Rules))

Row = tuple[Name, Count, Fen, Fen]
"""An insurer, how many of its insured were treated, what was billed for them, and what their plan pays of that."""


class Settings(Arguments, frozen=True):
    """The fewest patients that a row may count 最小单元."""

    patients_min: Annotated[int, Meta(ge=1, le=1_000)] = 1


class ReportArgs(Arguments, frozen=True):
    """One period of a hospital; ``pool`` is the bureau that pays."""

    period: Label
    pool: Name
    rows: Annotated[tuple[Row, ...], Meta(min_length=1, max_length=ROWS_MAX)]
    cases: Digest


class CollectArgs(Arguments, frozen=True):
    """The bureau that paid."""

    pool: Name


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Set the least count."""
    ctx.put("rules", Rules(patients_min=settings.patients_min))


@contract.action(roles=("hospital",), endorse=signed(argument("pool")))
def report(ctx: Context, args: ReportArgs) -> Plain:
    """汇总申报. Settle a period; the pool pays what the rows come to."""
    ctx.require_role(args.pool, "bureau")
    key = f"{ctx.client}/{args.period}"
    ctx.require(ctx.get(HospitalPeriod, key) is None, "reported_already", key)
    names = [insurer for insurer, *_ in args.rows]
    ctx.require(names == sorted(set(names)), "rows_not_ascending", key)
    least = (ctx.get(Rules, "rules") or Rules(1)).patients_min
    for insurer, patients, billed_fen, payable_fen in args.rows:
        ctx.require_role(insurer, "insurer")
        ctx.require(patients >= least, "cell_too_small", insurer)
        ctx.require(payable_fen <= billed_fen, "more_than_billed", insurer)
        place = owed(insurer, args.pool)
        total = ctx.get(InsurerTotal, place) or InsurerTotal()
        ctx.put(
            place,
            replace(total, patients=total.patients + patients, payable_fen=total.payable_fen + payable_fen),
        )
    patients = sum(patients for _, patients, _, _ in args.rows)
    billed_fen = sum(billed_fen for _, _, billed_fen, _ in args.rows)
    payable_fen = sum(payable_fen for _, _, _, payable_fen in args.rows)
    ctx.put(key, HospitalPeriod(patients=patients, billed_fen=billed_fen, payable_fen=payable_fen, cases=args.cases))
    debit, credit = (args.pool, "clearing"), (ctx.client, "treatment-income")
    pay(ctx, f"hospital-total/{key}", payable_fen, debit=debit, credit=credit, memo="hospital total")
    return {"patients": patients, "paid_fen": payable_fen}


@contract.action(roles=("insurer",))
def collect(ctx: Context, args: CollectArgs) -> Plain:
    """保险公司清偿. Make good what that pool has paid for one's insured since the last time."""
    ctx.require_role(args.pool, "bureau")
    place = owed(ctx.client, args.pool)
    total = ctx.get(InsurerTotal, place) or InsurerTotal()
    due_fen = total.payable_fen - total.collected_fen
    ctx.require(due_fen > 0, "nothing_due", ctx.client)
    ctx.put(place, replace(total, collected_fen=total.payable_fen))
    debit, credit = (ctx.client, "claims-paid"), (args.pool, "clearing")
    pay(ctx, f"collected/{ctx.object_id}", due_fen, debit=debit, credit=credit, memo="hospital totals")
    return {"paid_fen": due_fen}


def owed(insurer: str, pool: str) -> str:
    """The key of what ``insurer`` owes ``pool``."""
    return f"{insurer}/{pool}"
