"""Before cover begins: the plan is filed, pool and treaties are signed, and everyone enrols in bulk."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import NamedTuple

from node.contracts.inclusive import Enrol, FilePlan, JoinPlan
from node.contracts.reinsurance.treaties import SignTreaty
from scenarios.runner.city_plan.arguments import CityPlan, Treaty
from scenarios.runner.city_plan.cast import HOUR_MS, Calendar, Cast
from scenarios.runner.city_plan.population import Bulks, Population, bulk_id
from scenarios.runner.drafts import Draft, Objects

FILING = "file-plan"


class Bulk(NamedTuple):
    """A bulk enrolment, and what premium it brings to whom."""

    draft: Draft
    insurer: str
    premium_fen: int


def filing(arguments: CityPlan, cast: Cast, calendar: Calendar) -> Iterator[Draft]:
    """The bureau files the plan with the insurers, or with who leads their pool; the others sign by themselves."""
    leading = cast.insurers[:1] if arguments.pool else cast.insurers
    yield Draft(
        id=FILING,
        time_ms=calendar.start_ms + 9 * HOUR_MS,
        client=cast.bureau,
        call="inclusive.file-plan",
        arguments=FilePlan(
            plan=arguments.plan,
            insurers=leading,
            terms=arguments.product.terms,
            first_day=calendar.first_day,
            end_day=calendar.end_day,
            pool=tuple(zip(cast.insurers, arguments.pool, strict=True)) if arguments.pool else (),
        ),
        cosigners=leading,
        title=f"files {arguments.plan} with {len(cast.insurers)} insurers",
        flow="enrolment",
        case="filing",
    )
    for insurer in cast.insurers[1:] if arguments.pool else ():
        yield Draft(
            id=f"join/{insurer}",
            time_ms=calendar.start_ms + 10 * HOUR_MS,
            client=insurer,
            call="inclusive.join-plan",
            arguments=JoinPlan(plan=arguments.plan),
            after=(FILING,),
            title="joins the pool",
            flow="enrolment",
            case=f"join/{insurer}",
        )
    if arguments.treaty is not None:
        yield from _treaties(arguments, arguments.treaty, cast, calendar)


def _treaties(arguments: CityPlan, treaty: Treaty, cast: Cast, calendar: Calendar) -> Iterator[Draft]:
    for insurer in cast.insurers:
        yield Draft(
            id=f"treaty/{insurer}",
            time_ms=calendar.start_ms + 10 * HOUR_MS,
            client=insurer,
            call="reinsurance.sign-treaty",
            arguments=SignTreaty(
                reinsurer=cast.reinsurer,
                line=arguments.plan,
                terms=treaty.terms,
                boundaries_ms=calendar.boundaries_ms,
            ),
            cosigners=(cast.reinsurer,),
            after=(FILING,),
            title=f"signs its treaty with {cast.reinsurer}",
            flow="reinsurance",
            case=f"treaty/{insurer}",
        )


def enrolments(arguments: CityPlan, cast: Cast, calendar: Calendar, bulks: Bulks) -> Iterator[Bulk]:
    """Each bulk enrolment, spread over the time between the signatures and the cover."""
    begin, end = calendar.boundaries_ms[0], calendar.day_ms(0)
    signed = [f"join/{insurer}" for insurer in cast.insurers[1:]] if arguments.pool else []
    terms = arguments.product.terms
    for insurer in cast.insurers:
        after = (*signed, *((f"treaty/{insurer}",) if arguments.treaty is not None else ()))
        own = bulks.of(insurer)
        for index, members in enumerate(own):
            identifier = bulk_id(insurer, index)
            draft = Draft(
                id=identifier,
                time_ms=begin + (end - begin) * (index + 1) // (len(own) + 1),
                client=insurer,
                call="inclusive.enrol",
                arguments=_rows(arguments.plan, bulks.population, members),
                cosigners=(cast.bureau,),
                after=after or (FILING,),
                title=f"enrols {len(members)} residents",
                flow="enrolment",
                case=identifier,
            )
            premium = sum(terms.premium(bulks.population[index].row.age) for index in members)
            yield Bulk(draft, insurer, premium)


def _rows(plan: str, population: Population, members: array[int]) -> Callable[[Objects], Enrol]:
    """The rows of a bulk, made when they are signed: nobody holds those of millions."""

    def enrol(objects: Objects) -> Enrol:  # noqa: ARG001 - has the shape of arguments that wait
        insured = map(population.__getitem__, members)
        return Enrol(plan=plan, rows=tuple((one.name, one.row.age) for one in insured))

    return enrol
