"""The whole story as one list of steps, whom it is about, and the cash that insurers begin with."""

from __future__ import annotations

from node.contracts.accounts import Opening
from scenarios.language.models.business import Story
from scenarios.language.schema import Scenario
from scenarios.runner.told import Told
from scenarios.runner.zero_perception.arguments import ZeroPerception
from scenarios.runner.zero_perception.cast import cast_of
from scenarios.runner.zero_perception.course import again, by_hand, by_itself
from scenarios.runner.zero_perception.model import expected_of
from scenarios.runner.zero_perception.opening import opening
from scenarios.runner.zero_perception.people import insured_people


def tell(arguments: ZeroPerception, scenario: Scenario, seed: int) -> Told:
    """Every step. Depends on its arguments alone."""
    cast = cast_of(arguments, scenario)
    people = insured_people(arguments, scenario, cast, seed)
    steps: list[Story] = list(opening(arguments, scenario, cast, people))
    handed_over = set(spread(arguments.revoked, range(arguments.claims)))
    for insured, expected in zip(people, expected_of(arguments, scenario), strict=True):
        course = by_hand if insured.place in handed_over else by_itself
        steps += course(arguments, insured, expected)
    others = [place for place in range(arguments.claims) if place not in handed_over]
    for place in spread(arguments.reused, others):
        steps += again(arguments, people[place])
    return Told(
        steps=tuple(steps),
        people={insured.name: insured.person for insured in people},
        stays={insured.name: insured.stay for insured in people},
    )


def spread(count: int, places: range | list[int]) -> list[int]:
    """``count`` of ``places``, evenly."""
    return [places[index * len(places) // count] for index in range(count)]


def openings(arguments: ZeroPerception, scenario: Scenario) -> tuple[Opening, ...]:
    """Opening cash of the insurers."""
    return tuple(Opening(insurer, arguments.capital) for insurer in cast_of(arguments, scenario).insurers)
