"""The rules of the scenarios on things and trade, and what breaks them."""

from msgspec.structs import replace

from node.contracts.property.cold_chain import warm_since
from node.contracts.property.mutual import Membership
from tests.scenarios.rules import Replaced


def _a_second_early(shipment, readings):
    """As if the goods spoilt a second before the time agreed on."""
    return warm_since(replace(shipment, breach_ms=shipment.breach_ms - 1_000), readings)


def _as_if_it_had_been_read(shipment, readings):
    """As if goods stayed warm while nobody looked."""
    return warm_since(replace(shipment, gap_ms=2**52), readings)


UNSIGNED = Replaced("node.contracts.endorsement:_Signed.missing", lambda *_: "")
"""As if it did not matter who signed besides the sender."""

UNATTENDED = Replaced("node.contracts.endorsement:_OfRole.missing", lambda *_: "")
"""As if no office had to sign."""

RULES = {
    "neighbours_cow": (
        *(
            "dead_already",
            "identified_already",
            "illegal_transition",
            "insured_already",
            "marks_of_several",
            "not_alive",
        ),
        *("not_happened_yet", "not_insured", "not_vaccinated", "not_your_animal", "not_yours_to_report"),
        *("outside_the_term", "pledged_already", "slaughtered_before", "unknown_animal", UNATTENDED),
        Replaced("node.contracts.property.disease_map:shown", lambda deaths, _: deaths),
    ),
    "declared_once": (
        *("beyond_the_cover", "cleared_already", "goods_not_covered", "illegal_transition", "insured_already"),
        *("not_matched", "not_your_declaration", "nothing_corrected", "papers_incomplete", "route_not_covered"),
        *("taken_up_already", "vessel_full"),
        Replaced("node.contracts.property.cargo:differences", lambda *_: ()),
        Replaced("node.contracts.property.cargo:insured_value", lambda fen: fen),
        Replaced("node.contracts.property.cargo:_reused", lambda declared: declared),
    ),
    "mutual_pool": (
        *("assessed_already", "beyond_the_limit", "illegal_transition", "member_already", "minority_decides"),
        *("not_an_assessor", "not_as_joined", "not_happened_yet", "not_shown", "not_your_claim", "one_at_a_time"),
        *("pool_short", "still_waiting", "wrong_recipients"),
        Replaced("node.contracts.property.mutual:_member", lambda *_: Membership(0, 0, 0, "", ())),
    ),
    "cold_chain": (
        *("back_in_time", "cover_ended", "illegal_transition", "not_ended_yet", "not_happened_yet", "not_the_device"),
        *("not_your_shipment", "off_the_route", "other_goods", "out_of_sequence"),
        Replaced("node.contracts.property.cold_chain:warm_since", _a_second_early),
        Replaced("node.contracts.property.cold_chain:warm_since", _as_if_it_had_been_read),
    ),
    "financed_twice": (
        *("due_already", "financed_already", "illegal_transition", "insured_already", "invoice_reused"),
        *("more_than_it_holds", "not_insured", "not_the_holder", "nothing_left", "still_waiting", UNSIGNED),
        Replaced("node.contracts.property.receivables:interest_fen", lambda *_: 0),
        Replaced("node.contracts.property.receivables:share", lambda fen, _: fen),
    ),
    "car_part_shop": (
        *("above_the_list_price", "beyond_the_sum", "built_already", "illegal_transition", "insured_already"),
        *("made_already", "not_damaged", "not_happened_yet", "not_insured_then", "not_the_owner", "other_vehicle"),
        *("part_does_not_fit", "serial_of_another_part", "serial_unknown", "serial_used", "shop_not_authorised"),
        *("too_many_hours", UNSIGNED),
        Replaced("node.contracts.property.repairs:labour_fen", lambda minutes, hour: minutes // 60 * hour),
    ),
    "flight_delay": (
        *("counts_not_falling", "covered_already", "departed_already", "illegal_transition", "not_closed_yet"),
        *("not_known_yet", "read_already", "threshold_not_in_history", "wrong_insurer", UNATTENDED),
        Replaced("node.contracts.oracle:agreed", lambda values, *_: values[0] if values else None),
        Replaced("node.contracts.property.flights:premium_fen", lambda benefit, *_: benefit // 10),
        Replaced("node.contracts.property.flights:set_aside", lambda *_: None),
    ),
}
"""As in test_rules_off.py."""

BROKEN = {
    "neighbours_cow": ("story", "settings.livestock.cell_min=4"),
    "declared_once": ("steps", "story.offer.vessel_max_fen=3_000_000 CNY"),
    "mutual_pool": ("steps", "assumptions.waiting.value=31 days"),
    "cold_chain": ("story", "assumptions.breach.value=1201 s"),
    "financed_twice": ("steps", "assumptions.waiting.value=91 days"),
    "car_part_shop": ("steps", "story.lamp.minutes=41"),
    "flight_delay": ("story", "assumptions.threshold.value=60"),
}
"""As in test_library.py."""
