"""Economics: what breaks its scenario, and the rules that it rests on."""

from fractions import Fraction

from node.contracts.money import allocate
from tests.scenarios.rules import Replaced


def _as_if_one_side_were_enough(network, member, _):
    """As if paper were saved on every item of a member, whoever else has joined."""
    return Fraction(network._terms.items * network._terms.sizes[member], sum(network._terms.sizes))


def _taken_as_earned(premium_fen, *_):
    """As if a premium were earned on the first day."""
    return premium_fen


def _in_equal_parts(amount_fen, weights):
    """As if weights played no part."""
    return allocate(amount_fen, [1] * len(weights))


BROKEN = {
    "adoption": ("economics.critical_mass.max == 20 %", "assumptions.paper.value=50 CNY"),
    "left_in_mid_year": ("story", "world.cash.insurer-1=600 CNY"),
}

RULES = {
    "adoption": (
        Replaced("scenarios.economics.adoption:Network.items", _as_if_one_side_were_enough),
        Replaced("scenarios.economics.adoption:Network._part", lambda _, __, joined: Fraction(1, len(joined))),
    ),
    "left_in_mid_year": (
        *("counts_differ", "illegal_transition", "leaves_itself", "left_already", "not_the_taker", "policy_first"),
        *("takes_over_itself", "wrong_insurer"),
        Replaced("node.contracts.endorsement:_NOf.missing", lambda *_: ""),
        Replaced("node.contracts.takeovers:earned_fen", _taken_as_earned),
        Replaced("node.contracts.takeovers:allocate", _in_equal_parts),
    ),
}
