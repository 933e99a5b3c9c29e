"""Before cover begins: the plan is filed, the treaties are signed, and everyone enrols in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from node.contracts.inclusive import Enrol, FilePlan
from node.contracts.reinsurance.treaties import SignTreaty
from scenarios.runner.city_plan.arguments import CityPlan
from scenarios.runner.city_plan.cast import HOUR_MS, Calendar, Cast
from scenarios.runner.city_plan.population import Insured
from scenarios.runner.drafts import Draft

FILING = "file-plan"


def filing(arguments: CityPlan, cast: Cast, calendar: Calendar) -> Iterator[Draft]:
    """The bureau files the plan with the insurers; each insurer signs its treaty with the reinsurer."""
    yield Draft(
        id=FILING,
        time_ms=calendar.start_ms + 9 * HOUR_MS,
        client=cast.bureau,
        call="inclusive.file-plan",
        arguments=FilePlan(
            plan=arguments.plan,
            insurers=cast.insurers,
            terms=arguments.product.terms,
            first_day=calendar.first_day,
            end_day=calendar.end_day,
        ),
        cosigners=cast.insurers,
        title=f"files {arguments.plan} with {len(cast.insurers)} insurers",
        flow="enrolment",
        case="filing",
    )
    for insurer in cast.insurers:
        yield Draft(
            id=f"treaty/{insurer}",
            time_ms=calendar.start_ms + 10 * HOUR_MS,
            client=insurer,
            call="reinsurance.sign-treaty",
            arguments=SignTreaty(
                reinsurer=cast.reinsurer,
                line=arguments.plan,
                terms=arguments.treaty.terms,
                boundaries_ms=calendar.boundaries_ms,
            ),
            cosigners=(cast.reinsurer,),
            after=(FILING,),
            title=f"signs its treaty with {cast.reinsurer}",
            flow="reinsurance",
            case=f"treaty/{insurer}",
        )


def enrolments(
    arguments: CityPlan, cast: Cast, calendar: Calendar, people: Sequence[Insured]
) -> Iterator[tuple[Draft, tuple[Insured, ...]]]:
    """Each bulk enrolment with the people in it, spread over the time between the treaties and the cover."""
    begin, end = calendar.boundaries_ms[0], calendar.day_ms(0)
    for insurer in cast.insurers:
        own = [insured for insured in people if insured.insurer == insurer]
        size = arguments.enrolment_rows
        bulks = [tuple(own[place : place + size]) for place in range(0, len(own), size)]
        for index, bulk in enumerate(bulks):
            draft = Draft(
                id=f"enrol/{insurer}/{index}",
                time_ms=begin + (end - begin) * (index + 1) // (len(bulks) + 1),
                client=insurer,
                call="inclusive.enrol",
                arguments=Enrol(plan=arguments.plan, rows=tuple((one.name, one.row.age) for one in bulk)),
                cosigners=(cast.bureau,),
                after=(f"treaty/{insurer}",),
                title=f"enrols {len(bulk)} residents",
                flow="enrolment",
                case=f"enrol/{insurer}/{index}",
            )
            yield draft, bulk
