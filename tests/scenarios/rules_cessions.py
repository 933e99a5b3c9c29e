"""The rules of facultative slips, retrocession, netting, adjustments, registers, swaps and settlement at once."""

from msgspec.structs import replace

from node.contracts.adjustments import adjust
from node.contracts.reinsurance.netting import net_out
from node.contracts.reinsurance.spirals import Borne, bear
from tests.scenarios.rules import Replaced


def _once_around(direct, covers, _):
    """As if every cover answered once, in the order of signing, and nothing came back."""
    gross = dict(direct)
    for cover in covers:
        gross.setdefault(cover.cedent, 0)
        gross[cover.taker] = gross.get(cover.taker, 0) + cover.ceded(gross[cover.cedent])
    ceded = tuple(cover.ceded(direct.get(cover.cedent, 0)) for cover in covers)
    return Borne(gross=gross, net=gross, ceded=ceded, rounds=1)


def _patiently(direct, covers, rounds):
    """As if a spiral might go on for as long as it takes."""
    return bear(direct, covers, 10 * rounds)


def _gross(debts):
    """As if everybody paid what it owes and got what it is owed, each in full."""
    netting = net_out(debts)
    return netting._replace(net=netting.gross)


def _without_deficit(agreement, args):
    """As if every year stood for itself."""
    return adjust(replace(agreement, deficit_fen=0), args)


def _rounded_down(total, weights):
    """As if nobody got the fen that are left over."""
    return tuple(total * weight // sum(weights) for weight in weights)


UNSIGNED = Replaced("node.contracts.endorsement:_Signed.missing", lambda *_: "")
"""As if it did not matter who signed besides the sender."""

RULES = {
    "facultative": (
        *("beyond_the_sum_insured", "declined_already", "illegal_transition", "more_than_outstanding", "not_invited"),
        *("nothing_to_place", "nothing_written", "offer_expired", "other_terms", "outside_the_period"),
        *("written_already", UNSIGNED),
        Replaced("node.contracts.facultative.placing:signed_down", tuple),
        Replaced("node.contracts.facultative.leaving:earned_fen", lambda *_: 0),
    ),
    "spirals": (
        *("hit_twice", "not_happened_yet", "not_in_the_circle", "over_ceded", "own_reinsurer", "settled_already"),
        UNSIGNED,
        Replaced("node.contracts.retrocession:bear", _once_around),
        Replaced("node.contracts.retrocession:bear", _patiently),
    ),
    "netted": (
        *("balance_twice", "illegal_transition", "not_a_party", "owed_to_oneself", "position_differs", "round_over"),
        "signed_already",
        Replaced("node.contracts.netting:net_out", _gross),
    ),
    "commuted": ("illegal_transition", "treaty_commuted", "treaty_not_signed", UNSIGNED),
    "adjusted": (
        *("balance_differs", "not_your_agreement", "nothing_disputed", "nothing_stated", "two_premiums"),
        "year_unconfirmed",
        Replaced("node.contracts.adjustments:adjust", _without_deficit),
        Replaced("node.contracts.adjustments:after_corridor", lambda loss, *_: loss),
    ),
    "unregistered": (
        *("appointed_already", "institution_unregistered", "no_executive", "not_registered", "registered_already"),
        "reinsurer_unregistered",
    ),
    "cat_swap": (
        *("below_the_trigger", "illegal_transition", "minority_settles", "not_matured_yet", "not_settled"),
        *("other_index", "outside_the_term", UNSIGNED),
    ),
    "shared_data_rewarded": (
        *("period_not_over", "period_settled", "settled_already"),
        Replaced("node.contracts.incentives:allocate", _rounded_down),
        Replaced("node.contracts.risk:count_query", lambda *_: None),
        Replaced("node.contracts.risk:count_supply", lambda *_: None),
    ),
    "paid_as_sold": (
        *("agreed_already", "illegal_transition", "not_sold_then", "other_sale", UNSIGNED),
        Replaced("node.contracts.intermediaries:agrees", lambda _: True),
    ),
}

BROKEN = {
    "facultative": ("story", "story.revise.commission_ppm=18 %"),
    "spirals": ("story", "story.and-back.layer.attachment=11_000_000 CNY"),
    "netted": ("steps", "story.a-b.amount_fen=101 CNY"),
    "adjusted": ("story", "story.profit.terms.profit.share=21 %"),
    "commuted": ("story", "story.commute.price_fen=1 CNY"),
    "unregistered": ("steps", "settings.registers.binding=false"),
    "cat_swap": ("steps", "story.enter.trigger=49"),
    "shared_data_rewarded": ("story", "settings.incentives.points_used=3"),
    "paid_as_sold": ("story", "assumptions.period.value=31 days"),
}
