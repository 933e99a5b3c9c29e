"""What each claim must pay, worked out from the data and the product's terms alone, none of the contracts' code."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import floor
from typing import NamedTuple

from node.contracts.accounts import account
from node.ledger.state_tree import StateTree
from scenarios.language.schema import Scenario
from scenarios.runner.zero_perception.arguments import ZeroPerception
from scenarios.runner.zero_perception.cast import benefits, cast_of, product_of
from scenarios.runner.zero_perception.people import bill, stays_of_data

MILLION = 1_000_000


class Expected(NamedTuple):
    """What a bill comes to, in fen."""

    total_fen: int
    excluded_fen: int
    payable_fen: int

    @property
    def output(self) -> dict[str, int]:
        """As a receipt says it."""
        return self._asdict()


def expected_of(arguments: ZeroPerception, scenario: Scenario) -> Iterator[Expected]:
    """Of each claim, in order of place: excluded lines off, the deductible off, the ratio, the sum insured."""
    offered = benefits(product_of(arguments, scenario), arguments)
    terms = next(benefit for benefit in offered if benefit.name == "inpatient")
    rows = stays_of_data()
    for place in range(arguments.claims):
        lines = bill(arguments, rows[place * len(rows) // arguments.claims])
        total = sum(amount for _, amount in lines)
        eligible = sum(amount for kind, amount in lines if kind not in terms.excluded)
        benefit = Fraction(max(0, eligible - terms.deductible_fen) * terms.ratio_ppm, MILLION)
        yield Expected(total, total - eligible, min(terms.sum_insured_fen, floor(benefit + Fraction(1, 2))))


def differences(arguments: ZeroPerception, scenario: Scenario, tree: StateTree, seed: int) -> tuple[str, ...]:  # noqa: ARG001 - the seed changes nothing of what is paid
    """Whose claims paid are not what the data says, one line each."""
    cast = cast_of(arguments, scenario)
    due = dict.fromkeys(cast.insurers, 0)
    for place, expected in enumerate(expected_of(arguments, scenario)):
        due[cast.insurers[place % len(cast.insurers)]] += expected.payable_fen
    lines = []
    for insurer, fen in due.items():
        record = tree.get("accounts", account(insurer, "claims-paid"))
        paid = 0 if record is None else record.balance_fen
        if paid != fen:
            lines.append(f"{insurer} paid {paid} fen instead of {fen}")
    return tuple(lines)
