"""Oracles 预言机: facts of the world on the chain, stated by several who look for themselves (row 53).

Somebody asks a question of named oracles; each states one reading, a whole number. Once all have, or time is up, the
readings that agree settle it: most of them within the tolerance of each other, at least ``needed``, and the median of
those counts. More than half are needed, so with 2 of 3 one oracle that lies or is silent changes nothing, and where
the honest disagree nothing is settled. Which reading came first plays no part. Contracts that pay by a fact find its
:class:`Question` and go by ``value``.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median_low
from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import AMOUNT_END, Arguments, Count, Millis, Name, ObjectId, Record, Text
from node.contracts.lifecycle import Lifecycle

ORACLES_MAX = 31

QUESTION = Lifecycle(
    "question",
    {"OPEN": {"read": "OPEN", "settle": "SETTLED", "split": "SPLIT"}, "SETTLED": {}, "SPLIT": {}},
)

Value = Annotated[int, Meta(gt=-AMOUNT_END, lt=AMOUNT_END)]
"""What is read, in a unit that the question names: minutes, tenths of a degree, fen."""


class Question(Record, frozen=True):
    """A question to ``oracles``, who read from ``known_ms`` on and are waited for until ``closes_ms``.

    ``readings`` are (oracle, value) in order of name. ``value`` is None until it is settled, and for good where the
    readings are split.
    """

    namespace: ClassVar[str] = "questions"

    state: str
    asker: str
    about: str
    oracles: tuple[str, ...]
    needed: int
    tolerance: int
    known_ms: int
    closes_ms: int
    readings: tuple[tuple[str, int], ...]
    value: int | None


contract = Contract("oracle", records=(Question,), events=(EventKind("settled"),))


class AskArgs(Arguments, frozen=True):
    """What is asked, of whom, how many must agree and how closely, from when on it is known, until when one waits."""

    about: Text
    oracles: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=ORACLES_MAX)]
    needed: Annotated[int, Meta(ge=1, le=ORACLES_MAX)]
    tolerance: Count
    known_ms: Millis
    closes_ms: Millis


class ReadArgs(Arguments, frozen=True):
    """Which question, and what the oracle saw."""

    question: ObjectId
    value: Value


class CloseArgs(Arguments, frozen=True):
    """Which question."""

    question: ObjectId


@contract.action()
def ask(ctx: Context, args: AskArgs) -> Plain:
    """Ask. Refused with "wrong_role", "asked_twice", "minority_settles" where half could, or "closed_before_known"."""
    ctx.require(len(set(args.oracles)) == len(args.oracles), "asked_twice")
    for name in args.oracles:
        ctx.require_role(name, "oracle")
    most = len(args.oracles)
    ctx.require(args.needed <= most and 2 * args.needed > most, "minority_settles", f"{args.needed} of {most}")
    ctx.require(args.known_ms <= args.closes_ms, "closed_before_known")
    question = Question(
        state="OPEN",
        asker=ctx.client,
        about=args.about,
        oracles=tuple(sorted(args.oracles)),
        needed=args.needed,
        tolerance=args.tolerance,
        known_ms=args.known_ms,
        closes_ms=args.closes_ms,
        readings=(),
        value=None,
    )
    ctx.put(ctx.object_id, question)
    return {"question": ctx.object_id}


@contract.action(roles=("oracle",))
def read(ctx: Context, args: ReadArgs) -> Plain:
    """State a reading, once; the last one settles. Refused with "not_asked", "read_already" or "not_known_yet"."""
    question = ctx.find(Question, args.question)
    state = QUESTION.next(question.state, "read")
    ctx.require(ctx.client in question.oracles, "not_asked", ctx.client)
    ctx.require(ctx.client not in dict(question.readings), "read_already", ctx.client)
    ctx.require(ctx.time_ms >= question.known_ms, "not_known_yet", args.question)
    readings = tuple(sorted((*question.readings, (ctx.client, args.value))))
    read_so_far = replace(question, state=state, readings=readings)
    if len(readings) == len(question.oracles):
        return _settle(ctx, args.question, read_so_far)
    ctx.put(args.question, read_so_far)
    return {"state": state, "readings": len(readings)}


@contract.action()
def close(ctx: Context, args: CloseArgs) -> Plain:
    """Settle by the readings there are, once time is up. Refused with "not_closed_yet"."""
    question = ctx.find(Question, args.question)
    ctx.require(ctx.time_ms >= question.closes_ms, "not_closed_yet", args.question)
    return _settle(ctx, args.question, question)


def agreed(values: Sequence[int], needed: int, tolerance: int) -> int | None:
    """The median of the largest group of ``values`` within ``tolerance`` of each other; None below ``needed``.

    Of groups as large, the lowest counts; with more than half needed, at most one group is of honest oracles alone.
    """
    ordered = sorted(values)
    groups = [[value for value in ordered if least <= value <= least + tolerance] for least in ordered]
    largest = max(groups, key=len, default=[])
    return median_low(largest) if len(largest) >= needed else None


def _settle(ctx: Context, key: str, question: Question) -> Plain:
    value = agreed([value for _, value in question.readings], question.needed, question.tolerance)
    state = QUESTION.next(question.state, "split" if value is None else "settle")
    ctx.put(key, replace(question, state=state, value=value))
    if value is not None:
        ctx.emit("settled", question=key, value=value)
    return {"state": state, "readings": len(question.readings), "value": value}
