"""Who plays which part: names by role."""

from __future__ import annotations

from typing import NamedTuple

from node.contracts.products import BenefitArgs, ProductArgs
from scenarios.language.schema import Scenario
from scenarios.roles.terms import sold
from scenarios.runner.zero_perception.arguments import ZeroPerception


class Cast(NamedTuple):
    """The organisations and the wallets, by the scenario's names."""

    bureau: str
    insurers: tuple[str, ...]
    hospitals: tuple[str, ...]
    patients: tuple[str, ...]


def product_of(arguments: ZeroPerception, scenario: Scenario) -> ProductArgs:
    """What everybody is insured by. ValueError where the scenario sells no such thing."""
    product = next((one for one in sold(scenario.products) if one.name == arguments.product), None)
    if product is None:
        raise ValueError(f"`{arguments.product}` is not among the scenario's `products`")
    if "inpatient" not in (benefit.name for benefit in benefits(product, arguments)):
        raise ValueError(f"neither `{arguments.product}` nor its `riders` answer `inpatient`")
    return product


def benefits(product: ProductArgs, arguments: ZeroPerception) -> tuple[BenefitArgs, ...]:
    """The product's own and the riders that everybody has."""
    return (product.main, *(rider for rider in product.riders if rider.name in arguments.riders))


def cast_of(arguments: ZeroPerception, scenario: Scenario) -> Cast:
    """Every insurer, hospital and patient, and the bureau. ValueError where they, or the product, do not do."""
    members: dict[str, list[str]] = {}
    for member in scenario.member_names:
        members.setdefault(member.role, []).append(member.name)
    for role in ("bureau", "insurer", "hospital"):
        if role not in members:
            raise ValueError(f"zero-perception claims need a member of role `{role}`")
    patients = tuple(client.name for client in scenario.client_names if client.role == "patient")
    if not patients:
        raise ValueError("zero-perception claims need patients: `clients: {patient: {count: N}}`, a wallet each")
    product_of(arguments, scenario)
    return Cast(
        bureau=members["bureau"][0],
        insurers=tuple(members["insurer"]),
        hospitals=tuple(members["hospital"]),
        patients=patients,
    )
