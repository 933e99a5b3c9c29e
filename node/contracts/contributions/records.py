"""The contract "contributions": its records. The other files of this room add the actions."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from node.contracts.context import Context, EventKind
from node.contracts.contract import Contract
from node.contracts.contributions.lock import Lock
from node.contracts.fields import Readers, Record
from node.contracts.lifecycle import Lifecycle

Year = Annotated[int, Meta(ge=2000, le=2999)]
"""The year that a contribution insures."""

REGISTRATION = Lifecycle(
    "registration",
    {
        "registered": {"send": "sent", "delete": "deleted"},
        "sent": {"enrol": "enrolled", "delete": "deleted"},
        "enrolled": {},
        "deleted": {},
    },
)
"""``sent``: the tax department has it and channels can find it. ``enrolled``: paid, insured in that place."""


class Levy(Record, frozen=True):
    """What a place's residents owe for a year, at ``place/year``: in fen, to ``collector``.

    From ``vouchers_from_ms`` on, a payment makes its voucher; before, it makes a receipt, and the voucher follows.
    """

    namespace: ClassVar[str] = "contribution-levies"
    readers: ClassVar[Readers] = Readers.EVERYONE

    centre: str
    collector: str
    amount_fen: int
    vouchers_from_ms: int


class Registration(Record, frozen=True):
    """That a place's centre holds a resident as insured there, at ``year/person/place``."""

    namespace: ClassVar[str] = "contribution-registrations"

    state: str

    @property
    def alive(self) -> bool:
        """Does it still count?"""
        return self.state != "deleted"


class Contribution(Record, frozen=True):
    """A paid contribution, which is the resident's one enrolment of that year, at ``year/person``.

    ``receipt`` is the transaction that paid. It is credited to the resident of the key, whoever ``payer`` is.
    """

    namespace: ClassVar[str] = "contributions"

    place: str
    amount_fen: int
    collector: str
    payer: str
    channel: str
    receipt: str
    paid_ms: int


class Request(Record, frozen=True):
    """That a channel's idempotency key was used up, and for what, at ``channel/key``."""

    namespace: ClassVar[str] = "contribution-requests"

    year: int
    person: str
    payer: str


class Voucher(Record, frozen=True):
    """The voucher with the red seal 红章, at ``year/person``; there is one if and only if it was paid for."""

    namespace: ClassVar[str] = "contribution-vouchers"

    fingerprint: str
    issued_ms: int


EVENTS = (
    EventKind("locked", parties=("channel",)),
    EventKind("paid", parties=("channel", "payer", "collector")),
    EventKind("voucher", parties=("payer", "collector")),
)

contract = Contract("contributions", records=(Levy, Registration, Lock, Contribution, Request, Voucher), events=EVENTS)


def levy_key(place: str, year: int) -> str:
    """Where a place's levy of a year stands."""
    return f"{place}/{year}"


def resident_key(year: int, person: str) -> str:
    """Where a resident's lock, contribution and voucher of a year stand."""
    return f"{year}/{person}"


def registrations(ctx: Context, year: int, person: str) -> dict[str, Registration]:
    """A resident's registrations that still count, by place in ascending order."""
    prefix = f"{resident_key(year, person)}/"
    found = ctx.items(Registration, prefix)
    return {key.removeprefix(prefix): registration for key, registration in found if registration.alive}
