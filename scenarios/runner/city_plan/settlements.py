"""The year's claims: bills at discharge one by one, outpatient bills together, each after what its members had before.

A member's bills form one chain, because deductible and cap look at the year so far; members are independent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec

from network.virtual.draws import Stream
from node.contracts.inclusive import PlanTerms, Settle
from node.membership import KeyRing
from node.privacy import commitment, derive
from scenarios.runner.city_plan.arguments import CityPlan
from scenarios.runner.city_plan.cast import HOUR_MS, Calendar, Cast
from scenarios.runner.city_plan.population import Bill
from scenarios.runner.drafts import Draft

MINUTE_MS = 60_000
DAY_MS = 24 * HOUR_MS
REUSED_AFTER_MS = 3 * DAY_MS
ROWS_MAX = 1_000

_encode = msgspec.msgpack.Encoder().encode


class Settlement(NamedTuple):
    """What one transaction settles."""

    time_ms: int
    hospital: str
    insurer: str
    bills: tuple[Bill, ...]


class Settled(NamedTuple):
    """A settlement's transaction and what it pays, in fen."""

    draft: Draft
    insurer: str
    paid_fen: int


def group(arguments: CityPlan, cast: Cast, calendar: Calendar, bills: Sequence[Bill], seed: int) -> list[Settlement]:
    """Who sends which bills together and when, in order of business time."""
    draws = Stream(f"{seed}/city-plan/discharge")
    found: list[Settlement] = []
    batches: dict[tuple[int, str, str], list[Bill]] = {}
    for bill in bills:
        if bill.at_discharge:
            time_ms = calendar.day_ms(bill.day) + 8 * HOUR_MS + draws.below(12 * HOUR_MS)
            found.append(Settlement(time_ms, bill.hospital, bill.insured.insurer, (bill,)))
        else:
            place = (bill.day // arguments.batch_days, bill.hospital, bill.insured.insurer)
            batches.setdefault(place, []).append(bill)
    for (index, hospital, insurer), batch in batches.items():
        time_ms = calendar.day_ms((index + 1) * arguments.batch_days) + HOUR_MS
        time_ms += cast.hospitals.index(hospital) * MINUTE_MS + cast.insurers.index(insurer) * 1_000
        for part, start in enumerate(range(0, len(batch), ROWS_MAX)):
            found.append(Settlement(time_ms + part, hospital, insurer, tuple(batch[start : start + ROWS_MAX])))
    return sorted(found, key=lambda one: (one.time_ms, one.hospital, one.insurer))


def settle_all(
    arguments: CityPlan,
    calendar: Calendar,
    settlements: Sequence[Settlement],
    enrolled: dict[str, str],
    keyring: KeyRing,
) -> Iterator[Settled]:
    """The transactions of ``settlements``, in their order. ``enrolled`` gives the draft that enrolled each member."""
    terms = arguments.product.terms
    last = dict(enrolled)
    to_date: dict[str, int] = {}
    invoices: dict[str, int] = {}
    for index, settlement in enumerate(settlements):
        identifier = f"settle/{index}"
        members = [bill.insured.name for bill in settlement.bills]
        first = invoices.get(settlement.hospital, 1)
        invoices[settlement.hospital] = first + len(members)
        paid = sum(_benefit(terms, to_date, bill) for bill in settlement.bills)
        draft = Draft(
            id=identifier,
            time_ms=settlement.time_ms,
            client=settlement.hospital,
            call="inclusive.settle",
            arguments=_arguments(arguments.plan, calendar, settlement, first, keyring),
            after=tuple(dict.fromkeys(last[name] for name in members)),
            title=_title(settlement),
            flow="claims",
            case=identifier,
            stage="paid",
        )
        last.update(dict.fromkeys(members, identifier))
        yield Settled(draft, settlement.insurer, paid)


def reused(settled: Sequence[Settled], count: int) -> Iterator[Draft]:
    """``count`` of the bills settled at discharge, evenly spread, sent again days later: each is refused."""
    single = [one.draft for one in settled if len(one.draft.arguments.bills) == 1]  # type: ignore[union-attr]
    chosen = [single[place * len(single) // count] for place in range(min(count, len(single)))]
    for draft in chosen:
        yield msgspec.structs.replace(
            draft,
            id=f"{draft.id}/again",
            time_ms=draft.time_ms + REUSED_AFTER_MS,
            after=(draft.id,),
            expect="duplicate_invoice",
            title="sends an invoice a second time",
            case=f"{draft.id}/again",
            stage="",
        )


def _benefit(terms: PlanTerms, to_date: dict[str, int], bill: Bill) -> int:
    before = to_date.get(bill.insured.name, 0)
    to_date[bill.insured.name] = before + bill.eligible_fen
    return terms.benefit(before + bill.eligible_fen) - terms.benefit(before)


def _arguments(plan: str, calendar: Calendar, settlement: Settlement, first: int, keyring: KeyRing) -> Settle:
    """The rows that the chain sees, and the digest of the file with diagnoses that the hospital keeps."""
    bills = tuple(
        (bill.insured.name, first + place, calendar.first_day + bill.day, bill.eligible_fen)
        for place, bill in enumerate(settlement.bills)
    )
    file = sha256(_encode((bills, tuple(bill.diagnosis for bill in settlement.bills)))).hexdigest()
    secret = keyring.secret(f"evidence/{settlement.hospital}")
    salt = derive(secret, "evidence", f"{settlement.hospital}/{first}").hex()
    return Settle(plan=plan, insurer=settlement.insurer, bills=bills, evidence=commitment("bills", file, salt))


def _title(settlement: Settlement) -> str:
    if settlement.bills[0].at_discharge:
        return f"settles a bill at discharge with {settlement.insurer}"
    return f"settles {len(settlement.bills)} outpatient bills with {settlement.insurer}"
