"""Years: what breaks their scenarios, and the rules that they rest on."""

from tests.scenarios.rules import Replaced

BROKEN = {"country_year": ("records.hospital_periods == 160", "clients.hospital.count=159")}

RULES = {
    "country_year": (Replaced("scenarios.runner.hospital_totals:payable_fen", lambda _, billed_fen: billed_fen),),
}
