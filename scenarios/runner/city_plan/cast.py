"""Who plays which part in the city's plan, and when: names by role, and the plan's days in business time."""

from __future__ import annotations

from typing import NamedTuple

from node.contracts.inclusive import DAY_MS, INSURERS_MAX
from scenarios.language.schema import Scenario
from scenarios.runner.city_plan.arguments import DAY_NS, CityPlan

HOUR_MS = 3_600_000


class Cast(NamedTuple):
    """The organisations, by the scenario's names; ``reinsurer`` is empty where there is none."""

    bureau: str
    reinsurer: str
    insurers: tuple[str, ...]
    hospitals: tuple[str, ...]


def cast_of(arguments: CityPlan, scenario: Scenario) -> Cast:
    """The first bureau and reinsurer, and every insurer and hospital. ValueError where they cannot make a plan."""
    cast = _named(scenario, needed=("bureau", "insurer", "hospital", *(("reinsurer",) if arguments.treaty else ())))
    insurers = len(cast.insurers)
    if arguments.pool and len(arguments.pool) != insurers:
        raise ValueError(f"`pool` has {len(arguments.pool)} parts for {insurers} insurers")
    if not arguments.pool and insurers > INSURERS_MAX:
        raise ValueError(
            f"{insurers} insurers: at most {INSURERS_MAX} sign a plan with the bureau in one transaction; "
            "more need a `pool`, which each joins by itself"
        )
    return cast


def _named(scenario: Scenario, needed: tuple[str, ...]) -> Cast:
    names: dict[str, list[str]] = {}
    for member in scenario.member_names:
        names.setdefault(member.role, []).append(member.name)
    for role in needed:
        if role not in names:
            raise ValueError(f"the city's plan needs a member of role `{role}`")
    return Cast(
        bureau=names["bureau"][0],
        reinsurer=names.get("reinsurer", [""])[0],
        insurers=tuple(names["insurer"]),
        hospitals=tuple(names["hospital"]),
    )


class Calendar(NamedTuple):
    """The plan's times in ms of business time, its days counted from 1970.

    ``boundaries_ms`` are when enrolment begins, the treaties' inception, and the ends of their accounting periods.
    """

    start_ms: int
    first_day: int
    end_day: int
    boundaries_ms: tuple[int, ...]

    def day_ms(self, day: int) -> int:
        """Midnight of the cover's day number ``day`` (from 0)."""
        return (self.first_day + day) * DAY_MS


def calendar_of(arguments: CityPlan, start_ms: int) -> Calendar:
    """Enrolment from ``start_ms`` on, then cover; periods of equal length, the last one with the run-out."""
    first_day = (start_ms + arguments.enrolment // 1_000_000) // DAY_MS
    days = arguments.cover // DAY_NS
    periods = 1 if arguments.treaty is None else arguments.treaty.periods
    ends = [first_day + days * period // periods for period in range(1, periods)]
    ends.append(first_day + days + arguments.run_out // DAY_NS)
    return Calendar(
        start_ms=start_ms,
        first_day=first_day,
        end_day=first_day + days,
        boundaries_ms=(start_ms + 12 * HOUR_MS, *(day * DAY_MS for day in ends)),
    )
