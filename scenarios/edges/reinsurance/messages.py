"""Messages between cedent and reinsurer, named as ACORD's reinsurance suite names them.

Technical Account 技术账单, Bordereau 业务明细表, Claim Movement 赔案变动, Acknowledgement 确认: what they are for and
what they are called is public; ACORD's schemas are its members' and are not reproduced here. Amounts are texts with
two decimals, exact to the fen. In JSON, names are in camel case and ``message`` says which one it is.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from node.contracts.money import format_fen, parse_fen

Amount = Annotated[str, Meta(pattern=r"^-?[0-9]{1,14}\.[0-9]{2}\Z", max_length=18)]
"""Yuan with two decimals: "-1041.88"."""

Name = Annotated[str, Meta(min_length=1, max_length=96)]
Day = Annotated[str, Meta(pattern=r"^[0-9]{8}\Z", max_length=8)]
"""A day: "20230504"."""

ITEMS_MAX = 99
LINES_MAX = 1_000

Entry = Literal["premium", "commission", "loss", "cash-loss", "reserve"]
"""What an item of an account is, from the reinsurer's side: premium is positive, the others negative as they stand."""


class MessageError(Exception):
    """A message says what cannot be; ``place`` is where."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place
        self.message = message


class Header(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What every message says: its own reference, who sends it to whom, of which day and contract it is."""

    reference: Name
    sender: Name
    receiver: Name
    day: Day
    contract: Name
    currency: Literal["CNY"] = "CNY"


class Item(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """One entry of an account."""

    entry: Entry
    amount: Amount


class Line(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """One policy or claim of a bordereau; ``matched``: both books agree on it."""

    reference: Name
    amount: Amount
    matched: bool


class TechnicalAccount(Header, frozen=True, kw_only=True, tag="TechnicalAccount", tag_field="message"):
    """The receiver's position in the sender's books under one contract. ``balance``: due to the reinsurer."""

    period: Name
    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=ITEMS_MAX)]
    balance: Amount


class Bordereau(Header, frozen=True, kw_only=True, tag="Bordereau", tag_field="message"):
    """How the premium or the claims of a period are built up, line by line."""

    period: Name
    kind: Literal["premium", "claims"]
    lines: Annotated[tuple[Line, ...], Meta(max_length=LINES_MAX)]
    total: Amount


class ClaimMovement(Header, frozen=True, kw_only=True, tag="ClaimMovement", tag_field="message"):
    """A step of a loss: it is noticed, its reserve changes, it is recovered or paid in cash."""

    claim: Name
    step: Literal["notice", "change", "recovery", "cash"]
    change: Amount
    outstanding: Amount


class Acknowledgement(Header, frozen=True, kw_only=True, tag="Acknowledgement", tag_field="message"):
    """The answer to a message: agreed, or in query with the lines that do not match."""

    answers: Name
    status: Literal["agreed", "query"]
    breaks: tuple[Name, ...] = ()


Message = TechnicalAccount | Bordereau | ClaimMovement | Acknowledgement

_decode = msgspec.json.Decoder(Message)


def to_json(message: Message) -> bytes:
    """The message as JSON, indented, with a line's end."""
    return msgspec.json.format(msgspec.json.encode(message), indent=1) + b"\n"


def from_json(raw: bytes) -> Message:
    """The message in ``raw``. MessageError where it is none, or its sums are not."""
    try:
        return summed(_decode.decode(raw))
    except msgspec.DecodeError as error:
        raise MessageError("", str(error)) from None


def summed(message: Message) -> Message:
    """The message, whose balance or total is the sum of its parts; MessageError where it is not."""
    match message:
        case TechnicalAccount(items=items, balance=balance):
            _require_sum("balance", [item.amount for item in items], balance)
        case Bordereau(lines=lines, total=total):
            _require_sum("total", [line.amount for line in lines], total)
        case ClaimMovement() | Acknowledgement():
            pass
    return message


def _require_sum(place: str, parts: list[str], told: str) -> None:
    total = sum(parse_fen(part) for part in parts)
    if total != parse_fen(told):
        raise MessageError(place, f"says {told}, and its parts come to {format_fen(total)}")
