"""Covers: quoted and bound one by one, or one of each insurer for its part of a population."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from node.contracts.indemnity import POLICYHOLDERS, Bind, Quote
from scenarios.language.models.market import Claims, Underwriting
from scenarios.runner.drafts import Draft, Objects
from scenarios.runner.market.books import Books
from scenarios.runner.market.cast import parties
from scenarios.runner.market.stage import Stage, chained, money


class Cover(NamedTuple):
    """A cover that claims may be made under: its two drafts, whose it is, from when, for whom, on which terms."""

    quote: str
    bind: str
    insurer: str
    at_ns: int
    people: int
    deductible_fen: int
    limit_fen: int


def covers_of(flow: Underwriting, stage: Stage, covers: list[Cover], books: Books) -> Iterator[Draft]:
    """Insurers in turns; ``covers`` gets each that is bound."""
    insurers = parties(stage.scenario, flow.by, "by")
    premiums = stage.amounts(flow.premium, "premium")
    for place, case in enumerate(stage.beginnings(flow.arrivals, flow.for_)):
        insurer = insurers[place % len(insurers)]
        drawn = premiums.next()
        premium = drawn if case.amount_fen is None else case.amount_fen
        terms = Quote(people=flow.people, premium_fen=premium, deductible_fen=flow.deductible, limit_fen=flow.limit)
        drafts = _sold(stage, f"{stage.name}/{place + 1}", case.at_ns, insurer, terms)
        covers.append(_cover(drafts, terms))
        books.move(POLICYHOLDERS, insurer, premium, expense="premium-paid", income="premium-income")
        yield from stage.in_turn(place, case, drafts)


def population_covers(flow: Claims, stage: Stage, covers: list[Cover]) -> Iterator[Draft]:
    """One cover of each insurer for everybody it insures, free of premium, bound as the run begins."""
    insurers = parties(stage.scenario, flow.against, "against")
    population = flow.population or 0
    for place, insurer in enumerate(insurers):
        people = -(-(population - place) // len(insurers))
        terms = Quote(people=people, premium_fen=0, deductible_fen=flow.deductible, limit_fen=flow.limit or 1)
        drafts = _sold(stage, f"{stage.name}/cover/{insurer}", 0, insurer, terms, flow="portfolio")
        covers.append(_cover(drafts, terms))
        yield from chained(drafts)


def _sold(stage: Stage, case: str, at_ns: int, insurer: str, terms: Quote, **more: str) -> list[Draft]:
    """A quote, and its cover bound."""

    def binding(objects: Objects) -> Bind:
        return Bind(cover=objects[quote.id])

    whom = f"{terms.people:,} {'person' if terms.people == 1 else 'people'}"
    title = f"quotes {money(terms.premium_fen)} for {whom}"
    quote = stage.draft(case, "quoted", at_ns, insurer, "indemnity.quote", arguments=terms, title=title, **more)
    title = f"binds the cover for {whom}"
    bind = stage.draft(case, "bound", at_ns, insurer, "indemnity.bind", arguments=binding, title=title, **more)
    return [quote, bind]


def _cover(drafts: list[Draft], terms: Quote) -> Cover:
    quote, bind = drafts
    at_ns = bind.at_ns or 0
    return Cover(quote.id, bind.id, bind.client, at_ns, terms.people, terms.deductible_fen, terms.limit_fen)
