"""Claims: filed by hospitals in turns, decided by the cover's terms, paid, and recovered above the retention."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from network.virtual.draws import MILLION, Stream
from node.contracts.indemnity import POLICYHOLDERS, Decide, File, Recover
from scenarios.language.models.market import Claims
from scenarios.runner.arrivals import Beginning
from scenarios.runner.drafts import Draft, Objects
from scenarios.runner.market.books import Books
from scenarios.runner.market.cast import parties
from scenarios.runner.market.covers import Cover
from scenarios.runner.market.layers import Layer
from scenarios.runner.market.stage import Stage, money
from scenarios.runner.misbehaviour.bills import billed_fen


class _Claim(NamedTuple):
    """One claim, as drawn."""

    hospital: str
    cover: Cover
    person: int
    invoice: int
    amount_fen: int
    benefit_fen: int
    layer: Layer | None

    @property
    def recovery_fen(self) -> int:
        if self.layer is None:
            return 0
        return min(max(0, self.benefit_fen - self.layer.retention_fen), self.layer.limit_fen)


def claims_of(
    flow: Claims, stage: Stage, covers: Sequence[Cover], layers: Mapping[str, Layer], books: Books
) -> Iterator[Draft]:
    """Every claim with what becomes of it."""
    hospitals = parties(stage.scenario, flow.by, "by")
    insurers = parties(stage.scenario, flow.against, "against")
    own = [cover for cover in covers if cover.insurer in insurers]
    times = [cover.at_ns for cover in own]
    amounts, people = stage.amounts(flow.amount), Stream(stage.key("person"))
    again = Stream(stage.key("resubmitted"))
    first = 0 if stage.name == "claims" else int(stage.name.rpartition("-")[2]) * MILLION  # bills of another flow
    for place, case in enumerate(stage.beginnings(flow.arrivals, flow.for_)):
        cover, person = _insured(flow, own, times, case, people)
        drawn = amounts.next()
        treated = drawn if case.amount_fen is None else case.amount_fen
        hospital, name = hospitals[place % len(hospitals)], f"{stage.name}/{place + 1}"
        amount = billed_fen(stage.scenario, stage.seed, hospital, name, treated)
        claim = _Claim(
            hospital=hospital,
            cover=cover,
            person=person,
            invoice=first + place,
            amount_fen=amount,
            benefit_fen=min(max(0, amount - cover.deductible_fen), cover.limit_fen),
            layer=layers.get(cover.insurer),
        )
        twice = again.below(MILLION) < flow.resubmitted
        at_ns = max(case.at_ns, cover.at_ns)  # who claims before anybody is covered waits for the first cover
        yield from stage.in_turn(place, case, list(_case(stage, name, at_ns, claim, twice=twice)))
        _book(books, claim)


def _insured(
    flow: Claims, covers: Sequence[Cover], times: Sequence[int], case: Beginning, people: Stream
) -> tuple[Cover, int]:
    """The cover that is claimed under, of those bound by then, and who claims: always as many draws."""
    if flow.population is not None:
        person = people.below(flow.population)
        return covers[person % len(covers)], person // len(covers)
    bound = max(1, bisect_right(times, case.at_ns))
    cover = covers[people.below(bound)]
    return cover, people.below(cover.people)


def _case(stage: Stage, case: str, at_ns: int, claim: _Claim, *, twice: bool) -> Iterator[Draft]:
    """What is done about a claim, one after the other."""
    insurer = claim.cover.insurer

    def filing(objects: Objects) -> File:
        return File(
            cover=objects[claim.cover.quote],
            person=claim.person,
            invoice=claim.invoice,
            amount_fen=claim.amount_fen,
        )

    def deciding(objects: Objects) -> Decide:
        return Decide(loss=objects[first.id])

    def recovering(objects: Objects) -> Recover:
        return Recover(loss=objects[first.id], reinsurer=claim.layer.reinsurer if claim.layer is not None else "")

    call = "indemnity.file"
    title = f"files a claim of {money(claim.amount_fen)} with {insurer}"
    first = stage.draft(case, "filed", at_ns, claim.hospital, call, arguments=filing, title=title)
    first.after = (claim.cover.bind,)
    yield first
    if twice:
        title = "sends an invoice a second time"
        copy = stage.draft(case, "resubmitted", at_ns, claim.hospital, call, arguments=filing, title=title)
        copy.expect = "duplicate_invoice"
        yield copy
    title = f"approves {money(claim.benefit_fen)}" if claim.benefit_fen else "denies the claim"
    yield stage.draft(case, "assessed", at_ns, insurer, "indemnity.assess", arguments=deciding, title=title)
    if not claim.benefit_fen:
        return
    title = f"pays {money(claim.benefit_fen)}"
    yield stage.draft(case, "paid", at_ns, insurer, "indemnity.pay", arguments=deciding, title=title)
    if claim.recovery_fen and claim.layer is not None:
        title = f"recovers {money(claim.recovery_fen)} from {claim.layer.reinsurer}"
        last = stage.draft(case, "recovered", at_ns, insurer, "indemnity.recover", arguments=recovering, title=title)
        last.cosigners, last.after = (claim.layer.reinsurer,), (claim.layer.agreed,)
        yield last


def _book(books: Books, claim: _Claim) -> None:
    insurer = claim.cover.insurer
    books.move(insurer, POLICYHOLDERS, claim.benefit_fen, expense="claims-paid", income="claims-received")
    if claim.layer is not None and claim.recovery_fen:
        reinsurer = claim.layer.reinsurer
        books.move(reinsurer, insurer, claim.recovery_fen, expense="recoveries-paid", income="recoveries")
