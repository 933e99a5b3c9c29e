"""The year's claims: discharges one by one or together, outpatient bills together, each after what its members had.

A member's bills form one chain, because deductible and cap look at the year so far; members are independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec

from node.contracts.inclusive import PlanTerms, Settle
from node.membership import KeyRing
from node.privacy import commitment, derive
from scenarios.runner.city_plan.arguments import CityPlan
from scenarios.runner.city_plan.cast import HOUR_MS, Calendar, Cast
from scenarios.runner.city_plan.population import Bill, Bulks
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


class Benefits:
    """What each bill pays, asked in the order in which bills are settled: a member's year so far counts."""

    def __init__(self, terms: PlanTerms) -> None:
        self._terms = terms
        self._to_date: dict[str, int] = {}

    def of(self, bill: Bill) -> int:
        """In fen."""
        before = self._to_date.get(bill.insured.name, 0)
        self._to_date[bill.insured.name] = to_date = before + bill.eligible_fen
        return self._terms.benefit(to_date) - self._terms.benefit(before)


class Settled(NamedTuple):
    """A settlement's transaction and what it pays, in fen."""

    draft: Draft
    insurer: str
    paid_fen: int
    at_discharge: bool


def settlement_id(index: int) -> str:
    """The id of the draft of settlement ``index``, in order of business time."""
    return f"settle/{index}"


def group(arguments: CityPlan, cast: Cast, calendar: Calendar, bills: Iterable[Bill]) -> list[Settlement]:
    """Who sends which bills together and when, in order of business time."""
    found: list[Settlement] = []
    batches: dict[tuple[int, str, str], list[Bill]] = {}
    for bill in bills:
        insurer = cast.insurers[0] if arguments.pool else bill.insured.insurer
        if bill.at_discharge and arguments.discharges_every is None:
            found.append(Settlement(calendar.day_ms(0) + bill.ready_ms, bill.hospital, insurer, (bill,)))
        else:
            batches.setdefault((_sent_ms(arguments, bill), bill.hospital, insurer), []).append(bill)
    for (sent_ms, hospital, insurer), batch in batches.items():
        time_ms = calendar.day_ms(0) + sent_ms
        time_ms += cast.hospitals.index(hospital) * MINUTE_MS + cast.insurers.index(insurer) * 1_000
        for part, start in enumerate(range(0, len(batch), ROWS_MAX)):
            found.append(Settlement(time_ms + part, hospital, insurer, tuple(batch[start : start + ROWS_MAX])))
    return sorted(found, key=lambda one: (one.time_ms, one.hospital, one.insurer))


def _sent_ms(arguments: CityPlan, bill: Bill) -> int:
    """When a batch that ``bill`` is part of is sent, from the cover's first midnight; hospitals one after the other."""
    if bill.at_discharge and arguments.discharges_every is not None:
        every_ms = arguments.discharges_every // 1_000_000
        return (bill.ready_ms // every_ms + 1) * every_ms
    return (bill.day // arguments.batch_days + 1) * arguments.batch_days * DAY_MS + HOUR_MS


def settle_all(
    arguments: CityPlan,
    calendar: Calendar,
    settlements: Sequence[Settlement],
    bulks: Bulks,
    keyring: KeyRing,
) -> Iterator[Settled]:
    """The transactions of ``settlements``, in their order; a member's first bill comes after its enrolment."""
    last: dict[str, str] = {}
    benefits = Benefits(arguments.product.terms)
    invoices: dict[str, int] = {}
    for index, settlement in enumerate(settlements):
        identifier = settlement_id(index)
        members = [bill.insured.name for bill in settlement.bills]
        first = invoices.get(settlement.hospital, 1)
        invoices[settlement.hospital] = first + len(members)
        paid = sum(map(benefits.of, settlement.bills))
        before = (last.get(bill.insured.name) or bulks.draft_of(bill.insured) for bill in settlement.bills)
        draft = Draft(
            id=identifier,
            time_ms=settlement.time_ms,
            client=settlement.hospital,
            call="inclusive.settle",
            arguments=_arguments(arguments.plan, calendar, settlement, first, keyring),
            after=tuple(dict.fromkeys(before)),
            title=_title(settlement),
            flow="claims",
            case=identifier,
            stage="paid",
        )
        last.update(dict.fromkeys(members, identifier))
        yield Settled(draft, settlement.insurer, paid, settlement.bills[0].at_discharge)


def reused(settled: Sequence[Settled], count: int) -> Iterator[Draft]:
    """``count`` of the settlements of discharges, evenly spread, sent again days later: each is refused."""
    single = [one.draft for one in settled if one.at_discharge]
    count = min(count, len(single))
    chosen = [single[place * len(single) // count] for place in range(count)]
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
    bills, discharged = len(settlement.bills), settlement.bills[0].at_discharge
    if discharged and bills == 1:
        return f"settles a bill at discharge with {settlement.insurer}"
    return f"settles {bills} {'discharges' if discharged else 'outpatient bills'} with {settlement.insurer}"
