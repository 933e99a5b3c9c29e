"""RETACC and REBORD of UN/EDIFACT D.13B: technical accounts and bordereaux as segments, and back.

The order of segments and groups is the directory's (header: UNH, GEI, groups of NAD, DTM; then groups of CUX or ARD
with their RFF and MOA; UNT). Code lists are not modelled: where the directory takes a code, a word of ours stands, as
partners may agree on. One currency, no exchange rates, no free text, no further parties, one group an account.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, get_args

import msgspec

from scenarios.edges.reinsurance.edifact import Segment, read_message, segment, write_message
from scenarios.edges.reinsurance.messages import (
    Bordereau,
    Entry,
    Item,
    Line,
    MessageError,
    TechnicalAccount,
    summed,
)

ACCOUNT, LIST = "RETACC", "REBORD"

MessageT = TypeVar("MessageT", TechnicalAccount, Bordereau)

_DAY_FORMAT = "102"
"""The directory's code for a day as eight digits."""


def write_edifact(message: TechnicalAccount | Bordereau, number: int) -> str:
    """The message as segments, the ``number``-th of its interchange."""
    match message:
        case TechnicalAccount():
            return write_message(ACCOUNT, number, [*_head(message), *_account(message)])
        case Bordereau():
            return write_message(LIST, number, [*_head(message), *_bordereau(message)])


def read_edifact(text: str) -> TechnicalAccount | Bordereau:
    """The account or bordereau in ``text``; MessageError says at which segment it is none."""
    name, body = read_message(text)
    if name not in {ACCOUNT, LIST}:
        raise MessageError("UNH", f"`{name}` is neither {ACCOUNT} nor {LIST}")
    try:
        message = _read_account(body) if name == ACCOUNT else _read_bordereau(body)
        summed(message)
    except msgspec.ValidationError as error:
        raise MessageError(name, str(error)) from None
    return message


def _head(message: TechnicalAccount | Bordereau) -> Iterator[Segment]:
    yield segment("GEI", "ORIGINAL")
    yield segment("NAD", "SENDER", message.sender)
    yield segment("NAD", "RECEIVER", message.receiver)
    yield segment("DTM", ("MESSAGE", message.day, _DAY_FORMAT))
    yield segment("DTM", ("PERIOD", message.period))


def _account(message: TechnicalAccount) -> Iterator[Segment]:
    yield segment("CUX", ("STATEMENT", message.currency))
    yield segment("RFF", ("CONTRACT", message.contract))
    yield segment("RFF", ("ACCOUNT", message.reference))
    for item in message.items:
        yield segment("MOA", (item.entry.upper(), item.amount))
    yield segment("MOA", ("BALANCE", message.balance))


def _bordereau(message: Bordereau) -> Iterator[Segment]:
    yield segment("ARD", message.kind.upper())
    yield segment("CUX", ("STATEMENT", message.currency))
    yield segment("RFF", ("CONTRACT", message.contract))
    yield segment("RFF", ("BORDEREAU", message.reference))
    for line in message.lines:
        yield segment("RFF", ("LINE", line.reference))
        yield segment("MOA", ("MATCHED" if line.matched else "QUERY", line.amount))
    yield segment("MOA", ("TOTAL", message.total))


class _Reader:
    """Takes the segments one by one, as they must come."""

    def __init__(self, body: Sequence[Segment]) -> None:
        self._left = list(body)

    def take(self, tag: str, *words: str) -> Segment:
        """The next segment, which must be a ``tag`` and begin with one of ``words``."""
        found = self._left.pop(0) if self._left else None
        if found is None or found.tag != tag or (words and found.at(0) not in words):
            told = f"`{found.tag}+{found.at(0)}`" if found else "the end"
            raise MessageError(tag, f"`{tag}+{'|'.join(words)}` must stand where {told} does")
        return found

    def comes(self, tag: str, word: str) -> bool:
        """Is the next one such a segment?"""
        return bool(self._left) and self._left[0].tag == tag and self._left[0].at(0) == word

    def done(self) -> None:
        """Nothing may be left."""
        if self._left:
            raise MessageError(self._left[0].tag, "stands where the message should end")


def _read_head(reader: _Reader) -> dict[str, Any]:
    reader.take("GEI", "ORIGINAL")
    return {
        "sender": reader.take("NAD", "SENDER").at(1),
        "receiver": reader.take("NAD", "RECEIVER").at(1),
        "day": reader.take("DTM", "MESSAGE").at(0, 1),
        "period": reader.take("DTM", "PERIOD").at(0, 1),
    }


def _read_account(body: Sequence[Segment]) -> TechnicalAccount:
    reader = _Reader(body)
    told = _read_head(reader)
    told["currency"] = reader.take("CUX", "STATEMENT").at(0, 1)
    told["contract"] = reader.take("RFF", "CONTRACT").at(0, 1)
    told["reference"] = reader.take("RFF", "ACCOUNT").at(0, 1)
    items = []
    while not reader.comes("MOA", "BALANCE"):
        found = reader.take("MOA", *(entry.upper() for entry in get_args(Entry)))
        items.append(Item(found.at(0).lower(), found.at(0, 1)))  # type: ignore[arg-type] # judged with the whole
    told |= {"items": items, "balance": reader.take("MOA", "BALANCE").at(0, 1)}
    reader.done()
    return _judged(TechnicalAccount, told)


def _read_bordereau(body: Sequence[Segment]) -> Bordereau:
    reader = _Reader(body)
    told = _read_head(reader)
    told["kind"] = reader.take("ARD", "PREMIUM", "CLAIMS").at(0).lower()
    told["currency"] = reader.take("CUX", "STATEMENT").at(0, 1)
    told["contract"] = reader.take("RFF", "CONTRACT").at(0, 1)
    told["reference"] = reader.take("RFF", "BORDEREAU").at(0, 1)
    lines = []
    while reader.comes("RFF", "LINE"):
        reference = reader.take("RFF").at(0, 1)
        amount = reader.take("MOA", "MATCHED", "QUERY")
        lines.append(Line(reference, amount.at(0, 1), amount.at(0) == "MATCHED"))
    told |= {"lines": lines, "total": reader.take("MOA", "TOTAL").at(0, 1)}
    reader.done()
    return _judged(Bordereau, told)


def _judged(kind: type[MessageT], told: dict[str, Any]) -> MessageT:
    """The struct of what was read, each field within its bounds."""
    plain = msgspec.to_builtins(told | {"message": kind.__name__})
    return msgspec.convert(plain, kind)
