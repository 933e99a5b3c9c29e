"""``exchanges.jsonl``: a few exchanges of messages worth a picture, one a line.

The first round that was decided with transactions in it, and changes of leader or view: the first ones of the run, and
the first ones after a fault. In virtual mode every message is seen, and when it left; with processes they are what the
nodes recalled of their last messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from scenarios.results.numbers import Int64, Natural

_encode = msgspec.json.Encoder(order="deterministic").encode


class Happening(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something at ``node`` ("clients" are everybody's wallets): what it heard, or did.

    ``what``: a message's kind, or "decides", "turns", "starts", "crashes". A message has a ``sender`` and ``sent_ns``,
    and never came where it is ``lost``. Real processes elect a leader before the run's clock begins: ``at_ns`` is then
    less than nothing.
    """

    at_ns: Int64
    node: str
    what: str
    detail: str = ""
    sender: str | None = None
    sent_ns: Int64 | None = None
    lost: bool = False


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """``after_fault``: had a fault begun before it? ``left_out``: happenings at its end that found no room."""

    reason: Literal["change", "round"]
    after_fault: bool
    left_out: Natural
    happenings: tuple[Happening, ...]


def exchange_lines(exchanges: Iterable[Exchange]) -> Iterator[bytes]:
    """The file's lines."""
    return map(_encode, exchanges)


def chosen(exchanges: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """The same, the one that explains most first: a change after a fault, any change, the first full round."""
    return tuple(sorted(exchanges, key=lambda found: (found.reason != "change", not found.after_fault)))
