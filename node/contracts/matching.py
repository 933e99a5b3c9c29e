"""Matching 隐私求交: whom do two insurers both insure, without either's list on the chain (row 18)?

The chain carries the messages of :mod:`node.privacy.intersection` and keeps both parties to the protocol: one set each,
which none can change after it has seen the other's; an answer for every point; and in the end both state how many
people they share. Honest parties find the same number; where they do not, one of them lies, and the record says so.
Nobody but the two learns whom: everybody sees blinded points, which without a party's secret nobody can try people out
against.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, TypeVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, EventKind, Plain, Refusal
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Count, Digest, ObjectId, Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.ledger.transaction import Name

POINTS_MAX = 2_048
"""People of one party in one matching on the chain. (Larger sets go from party to party in the same messages.)"""

MATCHING = Lifecycle(
    "matching",
    {
        "OPEN": {"offer": "OPEN", "all_offered": "OFFERED"},
        "OFFERED": {"answer": "OFFERED", "all_answered": "ANSWERED"},
        "ANSWERED": {"conclude": "ANSWERED", "agree": "AGREED", "dispute": "DISPUTED"},
        "AGREED": {},
        "DISPUTED": {},
    },
)

Value = TypeVar("Value")
Points = Annotated[tuple[Digest, ...], Meta(max_length=POINTS_MAX)]


class Matching(Record, frozen=True):
    """One matching of two insurers, ``parties`` in ascending order.

    ``sizes`` are the sizes of their sets, which may be padded, and ``shared`` what each found, or None.
    """

    namespace: ClassVar[str] = "matchings"
    readers: ClassVar[Readers] = Readers.EVERYONE

    state: str
    parties: tuple[str, str]
    sizes: tuple[int | None, int | None]
    answered: tuple[bool, bool]
    shared: tuple[int | None, int | None]


class PointSet(Record, frozen=True):
    """A message of a matching: what a party sent in a round. The key is ``<matching>/<round>/<party>``."""

    namespace: ClassVar[str] = "matching_points"
    business: ClassVar[bool] = False
    readers: ClassVar[Readers] = Readers.EVERYONE

    points: tuple[str, ...]


CONCLUDED = EventKind("matching_concluded", parties=("parties",))

contract = Contract("matching", records=(Matching, PointSet), events=(CONCLUDED,))


class OpenArgs(Arguments, frozen=True):
    """With whom."""

    other: Name


class PointsArgs(Arguments, frozen=True):
    """A message of which matching: its points in hex."""

    matching: ObjectId
    points: Points


class ConcludeArgs(Arguments, frozen=True):
    """How many people of one's own the other has too."""

    matching: ObjectId
    shared: Count


@contract.action(name="open", roles=("insurer",))
def open_(ctx: Context, args: OpenArgs) -> Plain:
    """Begin a matching with another insurer; its id names the session."""
    ctx.require(args.other != ctx.client, "with_oneself")
    ctx.require_role(args.other, "insurer")
    first, second = sorted((ctx.client, args.other))
    nothing = (None, None)
    matching = Matching("OPEN", parties=(first, second), sizes=nothing, answered=(False, False), shared=nothing)
    ctx.put(ctx.object_id, matching)
    return {"matching": ctx.object_id}


@contract.action(roles=("insurer",))
def offer(ctx: Context, args: PointsArgs) -> Plain:
    """Round 1: one's own people, blinded, ascending. Once."""
    matching, place = _at(ctx, args.matching, "offer")
    ctx.require(matching.sizes[place] is None, "already_offered")
    ctx.require(all(one < other for one, other in pairwise(args.points)), "points_out_of_order", "ascending, each once")
    ctx.put(points_key(args.matching, "offer", ctx.client), PointSet(points=args.points))
    sizes = _with(matching.sizes, place, len(args.points))
    event = "offer" if None in sizes else "all_offered"
    ctx.put(args.matching, replace(matching, sizes=sizes, state=MATCHING.next(matching.state, event)))
    return {"points": len(args.points)}


@contract.action(roles=("insurer",))
def answer(ctx: Context, args: PointsArgs) -> Plain:
    """Round 2, once both have offered: the other's points blinded once more, as many as there were. Once."""
    matching, place = _at(ctx, args.matching, "answer")
    ctx.require(not matching.answered[place], "already_answered")
    ctx.require(len(args.points) == matching.sizes[1 - place], "wrong_number_of_points")
    ctx.require(len(set(args.points)) == len(args.points), "points_repeated")
    ctx.put(points_key(args.matching, "answer", ctx.client), PointSet(points=args.points))
    answered = _with(matching.answered, place, value=True)
    event = "all_answered" if all(answered) else "answer"
    ctx.put(args.matching, replace(matching, answered=answered, state=MATCHING.next(matching.state, event)))
    return {"points": len(args.points)}


@contract.action(roles=("insurer",))
def conclude(ctx: Context, args: ConcludeArgs) -> Plain:
    """State how many are shared. The second to do so ends the matching, agreed or disputed."""
    matching, place = _at(ctx, args.matching, "conclude")
    ctx.require(matching.shared[place] is None, "already_concluded")
    most = min(size or 0 for size in matching.sizes)
    ctx.require(args.shared <= most, "more_than_there_are", f"at most {most}")
    shared = _with(matching.shared, place, args.shared)
    event = "conclude" if None in shared else "agree" if shared[0] == shared[1] else "dispute"
    state = MATCHING.next(matching.state, event)
    ctx.put(args.matching, replace(matching, shared=shared, state=state))
    if MATCHING.final(state):
        ctx.emit("matching_concluded", matching=args.matching, parties=matching.parties, state=state)
    return {"state": state}


def points_key(matching: str, round_: str, party: str) -> str:
    """Where the points lie that ``party`` sent in a round, "offer" or "answer"."""
    return f"{matching}/{round_}/{party}"


def _at(ctx: Context, matching_id: str, event: str) -> tuple[Matching, int]:
    """The matching and which of its parties asks; refused for others, and where ``event`` is not in turn."""
    matching = ctx.find(Matching, matching_id)
    if ctx.client not in matching.parties:
        raise Refusal("not_a_party", ctx.client)
    MATCHING.next(matching.state, event)
    return matching, matching.parties.index(ctx.client)


def _with(pair: tuple[Value, Value], place: int, value: Value) -> tuple[Value, Value]:
    """``pair`` with ``value`` in its ``place``."""
    return (pair[0], value) if place else (value, pair[1])
