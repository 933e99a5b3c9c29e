"""The reinsurance accounts of the year: stated by each cedent, confirmed by the reinsurer from its own computation."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from node.contracts.reinsurance.book import Totals
from node.contracts.reinsurance.closing import close_period, close_year
from node.contracts.reinsurance.terms import Treaty
from node.contracts.reinsurance.treaties import ClosePeriod, CloseYear, ConfirmPeriod, ConfirmYear
from scenarios.runner.city_plan.arguments import CityPlan
from scenarios.runner.city_plan.arguments import Treaty as Agreed
from scenarios.runner.city_plan.cast import HOUR_MS, Calendar
from scenarios.runner.drafts import Draft

DAY_MS = 24 * HOUR_MS


class Booked(NamedTuple):
    """What a transaction brings under an insurer's treaty: premium or loss, in fen."""

    draft: Draft
    premium_fen: int = 0
    loss_fen: int = 0


def accounts(  # noqa: PLR0913, PLR0917 - whose accounts, of what
    arguments: CityPlan, agreed: Agreed, calendar: Calendar, insurer: str, reinsurer: str, booked: Sequence[Booked]
) -> Iterator[Draft]:
    """Every close and confirmation of one insurer's treaty, in order."""
    treaty = Treaty(
        cedent=insurer,
        reinsurer=reinsurer,
        line=arguments.plan,
        terms=agreed.terms,
        boundaries_ms=calendar.boundaries_ms,
    )
    by_period: list[list[Booked]] = [[] for _ in range(treaty.periods)]
    for entry in booked:
        by_period[bisect_right(calendar.boundaries_ms, entry.draft.time_ms) - 1].append(entry)
    before: tuple[str, ...] = (f"treaty/{insurer}",)
    for period, entries in enumerate(by_period):
        premium, loss = sum(one.premium_fen for one in entries), sum(one.loss_fen for one in entries)
        account, treaty = close_period(treaty, Totals(premium=premium, loss=loss, entries=len(entries)))
        sources = tuple(one.draft.id for one in entries)
        drafts = _period(treaty, period, account.cession.balance, before + sources)
        yield from drafts
        before = (drafts[-1].id,)
    year = close_year(treaty)
    yield from _year(treaty, year.adjustment_fen - year.recovery_fen, before)


def _period(treaty: Treaty, period: int, balance: int, after: tuple[str, ...]) -> list[Draft]:
    """The close, an attempt to confirm one fen too much in the first period, and the confirmation."""
    case = f"account/{treaty.cedent}/{period}"
    end_ms = treaty.boundaries_ms[period + 1]
    close = Draft(
        id=f"{case}/close",
        time_ms=end_ms + 9 * HOUR_MS,
        client=treaty.cedent,
        call="reinsurance.close-period",
        arguments=ClosePeriod(line=treaty.line, period=period),
        after=after,
        title=f"states its account of period {period + 1}",
        flow="reinsurance",
        case=case,
        stage="notice",
    )
    confirm = Draft(
        id=f"{case}/confirm",
        time_ms=end_ms + DAY_MS + 9 * HOUR_MS,
        client=treaty.reinsurer,
        call="reinsurance.confirm-period",
        arguments=ConfirmPeriod(cedent=treaty.cedent, line=treaty.line, period=period, balance_fen=balance),
        after=(close.id,),
        title=f"confirms {treaty.cedent}'s account of period {period + 1}",
        flow="reinsurance",
        case=case,
        stage="recovered",
    )
    if period:
        return [close, confirm]
    wrong = Draft(
        id=f"{case}/wrong",
        time_ms=end_ms + DAY_MS,
        client=treaty.reinsurer,
        call="reinsurance.confirm-period",
        arguments=ConfirmPeriod(cedent=treaty.cedent, line=treaty.line, period=period, balance_fen=balance + 1),
        after=(close.id,),
        expect="balance_differs",
        title=f"disagrees with {treaty.cedent}'s account by one fen",
        flow="reinsurance",
        case=case,
    )
    confirm.after = (wrong.id,)
    return [close, wrong, confirm]


def _year(treaty: Treaty, balance: int, after: tuple[str, ...]) -> Iterator[Draft]:
    case = f"account/{treaty.cedent}/year"
    end_ms = treaty.boundaries_ms[-1] + 2 * DAY_MS
    yield Draft(
        id=f"{case}/close",
        time_ms=end_ms,
        client=treaty.cedent,
        call="reinsurance.close-year",
        arguments=CloseYear(line=treaty.line),
        after=after,
        title="closes its year under the stop loss",
        flow="reinsurance",
        case=case,
        stage="notice",
    )
    yield Draft(
        id=f"{case}/confirm",
        time_ms=end_ms + 9 * HOUR_MS,
        client=treaty.reinsurer,
        call="reinsurance.confirm-year",
        arguments=ConfirmYear(cedent=treaty.cedent, line=treaty.line, balance_fen=balance),
        after=(f"{case}/close",),
        title=f"settles {treaty.cedent}'s stop loss",
        flow="reinsurance",
        case=case,
        stage="recovered",
    )
