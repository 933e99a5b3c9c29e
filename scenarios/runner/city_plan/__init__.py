"""The flow "city-plan": a year of an inclusive plan 惠民保 on the spending of real people.

``arguments`` is what a scenario says of it, ``cast`` who takes part and when, ``population`` who is insured and falls
ill, and ``enrolments``, ``settlements`` and ``accounts`` are the year's transactions. ``model`` works out the year's
sums another way, from the data alone, and ``outcomes`` reads them off the state: the two must agree. ``paid`` times
each payment for the two clocks, and ``figures`` are the tables of the report.
"""

from scenarios.runner.city_plan.arguments import CityPlan
from scenarios.runner.city_plan.cast import cast_of
from scenarios.runner.city_plan.figures import figures
from scenarios.runner.city_plan.model import expected_outcomes
from scenarios.runner.city_plan.outcomes import differences, outcomes
from scenarios.runner.city_plan.paid import paid_claims
from scenarios.runner.city_plan.year import build, openings

__all__ = [
    "CityPlan",
    "build",
    "cast_of",
    "differences",
    "expected_outcomes",
    "figures",
    "openings",
    "outcomes",
    "paid_claims",
]
