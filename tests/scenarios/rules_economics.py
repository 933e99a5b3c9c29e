"""Economics: what breaks its scenario, and the rules that it rests on."""

from fractions import Fraction

from tests.scenarios.rules import Replaced


def _as_if_one_side_were_enough(network, member, _):
    """As if paper were saved on every item of a member, whoever else has joined."""
    return Fraction(network._terms.items * network._terms.sizes[member], sum(network._terms.sizes))


BROKEN = {"adoption": ("economics.critical_mass.max == 20 %", "assumptions.paper.value=50 CNY")}

RULES = {
    "adoption": (
        Replaced("scenarios.economics.adoption:Network.items", _as_if_one_side_were_enough),
        Replaced("scenarios.economics.adoption:Network._part", lambda _, __, joined: Fraction(1, len(joined))),
    ),
}
