"""What the year came to, for the report: by age, by who carries it, and is the premium adequate (rows 41, 43)."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from math import factorial, floor
from typing import NamedTuple

from network.virtual.draws import Stream
from node.contracts.accounts import Account, account
from node.contracts.fields import MILLION
from node.contracts.inclusive import Member
from node.ledger.state_tree import StateTree
from scenarios.language.schema import Scenario
from scenarios.results.figures import Column, Sheet
from scenarios.runner.city_plan.arguments import CityPlan
from scenarios.runner.city_plan.cast import cast_of
from scenarios.runner.city_plan.model import expected_benefit, lived_years

AGES = (0, 18, 30, 40, 50, 60)
"""Where the bands begin; the first is of those whom plans call minors, whatever the scenario does."""

OTHER_YEARS = 1_000
_PERCENTILES = (5, 50, 95)

_Life = tuple[int, int, bool, int]
"""(age, premium, had a bill, paid) of a member."""

_INVERSE_OF_E = sum(Fraction((-1) ** i, factorial(i)) for i in range(30))
_POISSON = tuple(
    floor((1 << 32) * _INVERSE_OF_E * sum(Fraction(1, factorial(i)) for i in range(k + 1))) for k in range(12)
)
"""Of 32-bit words, how many mean 0, at most 1, at most 2 ...: the Poisson distribution of mean 1."""


class _Totals(NamedTuple):
    people: int = 0
    claiming: int = 0
    claimants: int = 0
    premium: int = 0
    paid: int = 0

    def plus(self, other: tuple[int, ...]) -> _Totals:
        return _Totals(*map(sum, zip(self, other, strict=True)))

    def row(self, name: str) -> tuple[str | int | None, ...]:
        return (name, *self, _ratio(self.paid, self.premium))


def figures(arguments: CityPlan, scenario: Scenario, tree: StateTree, seed: int) -> tuple[Sheet, ...]:
    """The tables of the year, from the state at its end."""
    years = Counter(_lives(arguments, tree))
    sheets = [_by_age(years), _adequacy(arguments, years, seed)]
    if arguments.pool:
        sheets.append(_by_carrier(arguments, scenario, tree))
    return tuple(sheets)


def _lives(arguments: CityPlan, tree: StateTree) -> Iterator[_Life]:
    for _, member in tree.items(Member.namespace, f"{arguments.plan}/"):
        yield member.age, member.premium_fen, member.eligible_fen > 0, member.paid_fen


def _by_age(years: Mapping[_Life, int]) -> Sheet:
    bands = [_Totals() for _ in AGES]
    for (age, premium, billed, paid), count in years.items():
        band = sum(age >= begins for begins in AGES) - 1
        year = (count, count * billed, count * (paid > 0), count * premium, count * paid)
        bands[band] = bands[band].plus(year)
    ends = [f"{begins} to {following - 1}" for begins, following in pairwise(AGES)]
    named = list(zip([*ends, f"{AGES[-1]} and above"], bands, strict=True))
    whole = _Totals()
    for one in bands:
        whole = whole.plus(one)
    return Sheet(
        title="The plan's year by age",
        columns=(
            Column("age", "text"),
            Column("insured", "count"),
            Column("with a bill", "count"),
            Column("paid to", "count"),
            Column("premium", "fen"),
            Column("paid", "fen"),
            Column("loss ratio", "ppm"),
        ),
        rows=(*(one.row(name) for name, one in named if one.people), whole.row("all")),
        note="Everyone of the data enrols. One premium for all ages: the young pay for the old.",
    )


def _adequacy(arguments: CityPlan, years: Mapping[_Life, int], seed: int) -> Sheet:
    """Would the premium do for other people of the same kind?"""
    people = sum(years.values())
    premium = sum(count * premium for (_, premium, _, _), count in years.items())
    paid = sum(count * paid for (_, _, _, paid), count in years.items())
    losses = sorted(_other_years(arguments, seed))
    told = [("this year", paid)]
    told += [(f"other years, p{percent}", losses[len(losses) * percent // 100]) for percent in _PERCENTILES]
    product = arguments.product
    return Sheet(
        title="Premium and loss",
        columns=(
            Column("year", "text"),
            Column("mean premium", "fen"),
            Column("mean benefit", "fen"),
            Column("loss ratio", "ppm"),
        ),
        rows=tuple((name, premium // people, loss // people, _ratio(loss, premium)) for name, loss in told),
        note=(
            f"Premiums of {product.minor_premium // 100} and {product.adult_premium // 100} yuan. {OTHER_YEARS:,} "
            "other years: the bootstrap over the data's person-years, so the band tells how well so few people show "
            "what such people cost, and not how much the years of one city differ."
        ),
    )


def _other_years(arguments: CityPlan, seed: int) -> Iterator[int]:
    """What other years would have paid: in each, every person-year counts as often as a Poisson draw of mean 1 says.

    That is the bootstrap of so many that which of them are drawn hardly hangs together (Poisson bootstrap; Hanley and
    MacGibbon 2006). Premiums vary a hundred times less than benefits, and are taken as they are.
    """
    lived = lived_years(arguments).items()
    benefits = [count * benefit for row, count in lived if (benefit := expected_benefit(arguments, row))]
    draws = Stream(f"{seed}/city-plan/other-years")
    for _ in range(OTHER_YEARS):
        yield sum(bisect_right(_POISSON, draws.word()) * benefit for benefit in benefits)


def _by_carrier(arguments: CityPlan, scenario: Scenario, tree: StateTree) -> Sheet:
    insurers = cast_of(arguments, scenario).insurers
    rows = []
    for insurer, weight in zip(insurers, arguments.pool, strict=True):
        premium, paid = -_balance(tree, insurer, "premium-income"), _balance(tree, insurer, "claims-paid")
        rows.append((insurer, weight * MILLION // sum(arguments.pool), premium, paid, _ratio(paid, premium)))
    return Sheet(
        title="Who carries the plan's year",
        columns=(
            Column("insurer", "text"),
            Column("part", "ppm"),
            Column("premium", "fen"),
            Column("paid", "fen"),
            Column("loss ratio", "ppm"),
        ),
        rows=tuple(rows),
        note="From each insurer's accounts. Every premium and every benefit was split among all, to the fen.",
    )


def _balance(tree: StateTree, owner: str, kind: str) -> int:
    record = tree.get(Account.namespace, account(owner, kind))
    return 0 if record is None else int(record.balance_fen)


def _ratio(loss: int, premium: int) -> int | None:
    return loss * MILLION // premium if premium else None
