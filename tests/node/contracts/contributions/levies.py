"""Two places, their levy of a year, and who does what there: what tests of contributions begin with."""

from __future__ import annotations

from node.contracts.accounts import Opening, Settings
from node.contracts.contributions import (
    Contribution,
    KeepArgs,
    OpenLevy,
    PayArgs,
    QueryArgs,
    RegisterArgs,
    RegistrationArgs,
    Voucher,
)
from tests.node.contracts.network import Network

YEAR = 2024
AMOUNT = 380_00
CASH = 1_000_00
MINUTE = 60_000
TEN = 10 * 60 * MINUTE  # ten o'clock
ONLINE = 24 * 60 * MINUTE  # when vouchers go online
LIN, SUN = "11" * 32, "22" * 32


class Town(Network):
    """The network of a town: every action in one short call, its code in return."""

    def __init__(self, online=0):
        openings = Settings(openings=(Opening("ann", CASH), Opening("bob", CASH)))
        super().__init__(settings=(("accounts", openings),))
        for place, centre in (("ningbo", "centre-1"), ("hangzhou", "centre-2")):
            args = OpenLevy(place=place, year=YEAR, centre=centre, amount_fen=AMOUNT, vouchers_from_ms=online)
            assert self.do("tax", "contributions.open-levy", args, cosigners=(centre,)).code == "ok"

    def register(self, *people, place="ningbo", sent=True, at=0):
        args = RegisterArgs(place=place, year=YEAR, people=people, sent=sent)
        return self.do(self.centre(place), "contributions.register", args, at=at).code

    def send(self, person, place="ningbo"):
        args = RegistrationArgs(place=place, year=YEAR, person=person)
        return self.do(self.centre(place), "contributions.send", args).code

    def keep(self, person, place="ningbo"):
        return self.do(self.centre(place), "contributions.keep", KeepArgs(place=place, year=YEAR, person=person))

    def query(self, channel, person, at=TEN, payer="ann", flaw=""):
        return self.do(channel, "contributions.query", QueryArgs(YEAR, person, payer, flaw), at=at)

    def pay(self, channel, person, *, at=TEN, payer="ann", key="one", signed=True):
        cosigners = (payer,) if signed else ()
        return self.do(channel, "contributions.pay", PayArgs(YEAR, person, payer, key), at=at, cosigners=cosigners)

    @staticmethod
    def centre(place):
        return {"ningbo": "centre-1", "hangzhou": "centre-2"}[place]

    def cash(self, owner):
        found = self.tree.get("accounts", f"{owner}/cash")
        return found.balance_fen if found else 0

    def charges(self):
        """The journal's charges, by the key under which each was booked."""
        return [key for key, _ in self.tree.items("postings") if key.startswith("contributions/")]

    def vouchers(self):
        return dict(self.tree.items(Voucher.namespace))

    def enrolments(self):
        return dict(self.tree.items(Contribution.namespace))
