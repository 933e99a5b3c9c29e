"""Flight delay 航班延误险 (row 53): past flights make the price, three oracles say how late, and it pays.

Two oracles state how often a flight was late; the premium follows from these counts on the chain. Passengers buy until
the flight leaves, and what each may get is set aside then. The oracles read by how many minutes it was late, settled as
any :class:`~node.contracts.oracle.Question`: two of three that agree. The reading that settles it pays every passenger
in the same transaction, whether or not anybody asks. Where no two agree, nothing is settled: the money stays where it
is until the insurer concedes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts import oracle
from node.contracts.accounts import pay
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import role
from node.contracts.fields import MILLION, Arguments, Count, Fen, Label, Millis, Name, ObjectId, Ppm, Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.oracle import AskArgs, CloseArgs, Question, ReadArgs, Value
from node.contracts.property.escrow import pay_out, release, set_aside

FLIGHT = Lifecycle(
    "insured flight",
    {
        "OPEN": {"late": "PAID", "punctual": "PUNCTUAL", "split": "SPLIT"},
        "SPLIT": {"concede": "PAID"},
        "PAID": {},
        "PUNCTUAL": {},
    },
)

PASSENGERS_MAX = 500
STEPS_MAX = 16


class FlightHistory(Record, frozen=True):
    """How many ``flights`` there were, and how many of them were at least so many minutes late: (minutes, count).

    The key is the flight. Minutes ascend, so counts do not.
    """

    namespace: ClassVar[str] = "flight_histories"
    readers: ClassVar[Readers] = Readers.EVERYONE

    flights: int
    late: tuple[tuple[int, int], ...]


class InsuredFlight(Record, frozen=True):
    """One flight on one day that passengers may insure; the oracle's question about it has the same key."""

    namespace: ClassVar[str] = "insured_flights"
    readers: ClassVar[Readers] = Readers.EVERYONE

    state: str
    insurer: str
    flight: str
    departs_ms: int
    threshold_min: int
    benefit_fen: int
    premium_fen: int
    passengers: tuple[str, ...]


DELAYED = EventKind("flight_delayed", parties=("to", "insurer"))
SETTLED = EventKind("settled")

contract = Contract("flights", records=(FlightHistory, InsuredFlight), events=(DELAYED, SETTLED))


class HistoryArgs(Arguments, frozen=True):
    """Of which flight; how many there were, and (minutes, how many at least so late), minutes ascending."""

    flight: Label
    flights: Annotated[int, Meta(ge=1, lt=2**31)]
    late: Annotated[tuple[tuple[Count, Count], ...], Meta(min_length=1, max_length=STEPS_MAX)]


class OpenArgs(Arguments, frozen=True):
    """Which flight, when; from how many minutes on it pays what, and with how much on top of the expected loss.

    ``oracles`` read within ``tolerance`` minutes of each other, from ``known_ms`` until ``closes_ms``.
    """

    flight: Label
    departs_ms: Millis
    threshold_min: Count
    benefit_fen: Fen
    loading_ppm: Ppm
    oracles: Annotated[tuple[Name, ...], Meta(min_length=3, max_length=3)]
    tolerance: Count
    known_ms: Millis
    closes_ms: Millis


class FlightArgs(Arguments, frozen=True):
    """Which insured flight."""

    flight: ObjectId


class LandArgs(Arguments, frozen=True):
    """Which insured flight, and how many minutes late the oracle saw it arrive."""

    flight: ObjectId
    minutes: Value


@contract.action(roles=("oracle",), endorse=role("oracle", at_least=2))
def history(ctx: Context, args: HistoryArgs) -> Plain:
    """Two oracles state how often a flight was late."""
    minutes = [at_least for at_least, _ in args.late]
    counts = [args.flights, *(count for _, count in args.late)]
    ascending = minutes == sorted(set(minutes))
    ctx.require(ascending and counts == sorted(counts, reverse=True), "counts_not_falling", args.flight)
    ctx.put(args.flight, FlightHistory(flights=args.flights, late=args.late))
    return {"flights": args.flights}


@contract.action("open", roles=("insurer",))
def open_flight(ctx: Context, args: OpenArgs) -> Plain:
    """The insurer offers cover for a flight, at the price that its history makes, and asks the oracles."""
    past = ctx.find(FlightHistory, args.flight)
    late = dict(past.late).get(args.threshold_min, -1)
    ctx.require(late >= 0, "threshold_not_in_history", f"{args.threshold_min} minutes")
    ctx.require(ctx.time_ms < args.departs_ms <= args.known_ms, "departed_already", args.flight)
    ctx.require(args.benefit_fen > 0, "nothing_promised", args.flight)
    offered = InsuredFlight(
        state="OPEN",
        insurer=ctx.client,
        flight=args.flight,
        departs_ms=args.departs_ms,
        threshold_min=args.threshold_min,
        benefit_fen=args.benefit_fen,
        premium_fen=premium_fen(args.benefit_fen, late, past.flights, args.loading_ppm),
        passengers=(),
    )
    about = f"minutes late, {args.flight}"
    oracle.ask(ctx, AskArgs(about, args.oracles, 2, args.tolerance, args.known_ms, args.closes_ms))
    ctx.put(ctx.object_id, offered)
    return {"flight": ctx.object_id, "premium_fen": offered.premium_fen}


@contract.action(roles=("passenger",))
def buy(ctx: Context, args: FlightArgs) -> Plain:
    """A passenger is covered, once; what the insurer may have to pay is set aside."""
    flight = ctx.find(InsuredFlight, args.flight)
    ctx.require(ctx.time_ms < flight.departs_ms, "departed_already", args.flight)
    question = ctx.find(Question, args.flight)  # a stamp may be dated back, what is on the chain may not
    ctx.require(question.state == "OPEN" and not question.readings, "landed_already", args.flight)
    ctx.require(ctx.client not in flight.passengers, "covered_already", ctx.client)
    ctx.require(len(flight.passengers) < PASSENGERS_MAX, "sold_out", args.flight)
    ctx.put(args.flight, replace(flight, passengers=(*flight.passengers, ctx.client)))
    debit, credit = (ctx.client, "premium-paid"), (flight.insurer, "premium-income")
    pay(ctx, f"flight/{ctx.object_id}", flight.premium_fen, debit=debit, credit=credit, memo="premium")
    set_aside(ctx, f"flight/{ctx.object_id}", args.flight, flight.insurer, flight.benefit_fen)
    return {"premium_fen": flight.premium_fen, "benefit_fen": flight.benefit_fen}


@contract.action(roles=("oracle",))
def land(ctx: Context, args: LandArgs) -> Plain:
    """An oracle says how late it was. The last reading settles, and pays."""
    ctx.find(InsuredFlight, args.flight)
    oracle.read(ctx, ReadArgs(args.flight, args.minutes))
    return _settled(ctx, args.flight)


@contract.action()
def close(ctx: Context, args: FlightArgs) -> Plain:
    """Settle by the readings there are, once the oracles have been waited for or have settled it elsewhere."""
    ctx.find(InsuredFlight, args.flight)
    if ctx.find(Question, args.flight).state == "OPEN":
        oracle.close(ctx, CloseArgs(args.flight))
    return _settled(ctx, args.flight)


@contract.action(roles=("insurer",))
def concede(ctx: Context, args: FlightArgs) -> Plain:
    """The oracles disagree, and the insurer pays all the same."""
    flight = ctx.find(InsuredFlight, args.flight)
    ctx.require(flight.insurer == ctx.client, "wrong_insurer", flight.insurer)
    return _ended(ctx, args.flight, flight, "concede")


def premium_fen(benefit_fen: int, late: int, flights: int, loading_ppm: int) -> int:
    """The share of past flights that would have paid, of the benefit, with the loading on top; to the next fen up."""
    return -(-benefit_fen * late * (MILLION + loading_ppm) // (flights * MILLION))


def _settled(ctx: Context, key: str) -> Plain:
    question = ctx.find(Question, key)
    if question.state == "OPEN":
        return {"state": "OPEN", "paid": 0}
    flight = ctx.find(InsuredFlight, key)
    late = question.value is not None and question.value >= flight.threshold_min
    event = "split" if question.value is None else "late" if late else "punctual"
    return _ended(ctx, key, flight, event)


def _ended(ctx: Context, key: str, flight: InsuredFlight, event: str) -> Plain:
    """Everybody is paid, or nobody."""
    state = FLIGHT.next(flight.state, event)
    ctx.put(key, replace(flight, state=state))
    paid = flight.passengers if state == "PAID" else ()
    for passenger in paid:
        pay_out(ctx, f"{key}/{passenger}", key, flight.insurer, passenger, flight.benefit_fen)
    if paid:
        ctx.emit("flight_delayed", flight=key, insurer=flight.insurer, to=paid)
    if state == "PUNCTUAL":
        release(ctx, key, key, flight.insurer, flight.benefit_fen * len(flight.passengers))
    return {"state": state, "paid": len(paid)}
