"""Contract code that misbehaves: whatever it does, its transaction is undone, gets its receipt, and no node stops."""

import sys
from typing import ClassVar

import msgspec
import pytest

from node.contracts import Arguments, Context, Contract, Record, catalogue, is_executed
from node.contracts.context import KEY_CHARACTERS_MAX, OPERATIONS_MAX, OUTPUT_BYTES_MAX, RECORD_BYTES_MAX, EventKind
from node.contracts.events import DEPTH_MAX
from node.contracts.fields import Count
from node.contracts.stack import CALLS_MAX, with_full_room
from tests.node.contracts.network import Network


class Sheet(Record, frozen=True):
    namespace: ClassVar[str] = "sheets"

    text: str
    number: int = 0


class Size(Arguments, frozen=True):
    size: Count


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


bad = Contract("bad", records=(Sheet,), events=(EventKind("told"), EventKind("to", parties=("names",))))


@bad.action()
def nothing_but_walks(ctx: Context, args: Size):  # noqa: ARG001
    while True:
        list(ctx.items(Sheet, "nobody"))


@bad.action()
def writes_for_ever(ctx: Context, args: Size):  # noqa: ARG001
    while True:
        ctx.put("a", Sheet("x"))


@bad.action()
def tells_for_ever(ctx: Context, args: Size):  # noqa: ARG001
    while True:
        ctx.emit("told", what="x" * 100)


@bad.action()
def walks_what_it_writes(ctx: Context, args: Size):  # noqa: ARG001
    ctx.put("a", Sheet("x"))
    for key, _ in ctx.items(Sheet):
        ctx.put(key + "a" if len(key) < 200 else f"b{len(key)}{key[:100]}", Sheet("x"))
        ctx.put(f"z{key[:90]}z{len(key)}", Sheet("x"))
    while True:
        ctx.get(Sheet, "a")


@bad.action()
def big_output(ctx: Context, args: Size):
    ctx.put("a", Sheet("x"))
    return "x" * args.size


@bad.action()
def big_record(ctx: Context, args: Size):
    ctx.put("a", Sheet("x" * args.size))


@bad.action()
def long_key(ctx: Context, args: Size):
    ctx.put("k" * args.size, Sheet("x"))


@bad.action()
def many_big_records(ctx: Context, args: Size):
    for number in range(args.size):
        ctx.put(str(number), BIG)


BIG = Sheet("x" * (RECORD_BYTES_MAX - 100))
PLAINLY_WRONG = {
    "a-float": 0.5,
    "a-set": {1},
    "bytes": b"x",
    "a-struct": Sheet("x"),
    "a-number-as-key": {1: 2},
    "a-huge-number": 2**64,
    "half-a-character": "\ud800",
    "deep": nested(DEPTH_MAX + 1),
    "very-deep": nested(50_000),
}


@bad.action()
def output_of(ctx: Context, args: Size):
    ctx.put("a", Sheet("x"))
    return list(PLAINLY_WRONG.values())[args.size]


@bad.action()
def event_of(ctx: Context, args: Size):
    ctx.put("a", Sheet("x"))
    ctx.emit("told", what=list(PLAINLY_WRONG.values())[args.size])


@bad.action()
def record_of_a_huge_number(ctx: Context, args: Size):
    ctx.put("a", Sheet("x", 2**63 + 2**args.size))


@bad.action()
def undeclared_event(ctx: Context, args: Size):  # noqa: ARG001
    ctx.emit("secret")


@bad.action()
def event_without_its_party(ctx: Context, args: Size):  # noqa: ARG001
    ctx.emit("to", name="ann")


@bad.action()
def event_to_a_number(ctx: Context, args: Size):
    ctx.emit("to", names=args.size)


@bad.action()
def recursion(ctx: Context, args: Size):
    def deeper(left):
        return 0 if left == 0 else 1 + deeper(left - 1)

    ctx.put("a", Sheet("x"))
    return deeper(args.size)


@pytest.fixture
def network():
    return Network(catalogue(bad))


@pytest.mark.parametrize(
    ("action", "size", "code"),
    [
        ("nothing-but-walks", 0, "budget_exceeded"),
        ("writes-for-ever", 0, "budget_exceeded"),
        ("tells-for-ever", 0, "budget_exceeded"),
        ("walks-what-it-writes", 0, "budget_exceeded"),
        ("big-output", OUTPUT_BYTES_MAX + 1, "budget_exceeded"),
        ("big-record", RECORD_BYTES_MAX + 1, "record_too_large"),
        ("long-key", KEY_CHARACTERS_MAX + 1, "key_too_long"),
        ("long-key", 0, "contract_error"),
        ("record-of-a-huge-number", 63, "contract_error"),
        ("undeclared-event", 0, "contract_error"),
        ("event-without-its-party", 0, "contract_error"),
        ("event-to-a-number", 0, "contract_error"),
        ("recursion", 100_000, "contract_error"),
        *(("output-of", place, "contract_error") for place in range(len(PLAINLY_WRONG))),
        *(("event-of", place, "contract_error") for place in range(len(PLAINLY_WRONG))),
    ],
)
def test_it_is_undone_and_has_its_receipt(network, monkeypatch, action, size, code):
    monkeypatch.setattr("node.contracts.context.OPERATIONS_MAX", 20_000)  # it is reached all the same, and sooner
    before = network.tree.root
    outcome = network.do("ann", f"bad.{action}", Size(size), number=1)
    assert (outcome.code, outcome.output, outcome.events) == (code, None, ())
    assert list(network.tree.items("sheets")) == []
    assert is_executed(network.tree, "ann", 1)
    assert network.tree.root != before
    assert network.do("ann", "bad.big-record", Size(1), number=2).code == "ok"


def test_what_it_writes_is_paid_for_by_size(network, monkeypatch):
    assert network.do("ann", "bad.many-big-records", Size(9)).code == "ok"
    monkeypatch.setattr("node.contracts.context.OPERATIONS_MAX", 8 * (RECORD_BYTES_MAX // 1024))
    assert network.do("ann", "bad.many-big-records", Size(9)).code == "budget_exceeded"
    assert OPERATIONS_MAX * 1024 < 2**30


@pytest.mark.parametrize("size", [0, OUTPUT_BYTES_MAX - 8])
def test_what_is_within_bounds_passes(network, size):
    assert network.do("ann", "bad.big-output", Size(size)).output == "x" * size


def outcomes_at(depth, network, sizes):
    """What becomes of calls of these depths, when this many calls lie below already."""
    if depth:
        return outcomes_at(depth - 1, network, sizes)
    return [network.do("ann", "bad.recursion", Size(size)).code for size in sizes]


def test_how_deep_calls_may_lie_does_not_depend_on_who_calls():
    sizes = range(900, 1000, 7)
    limit = sys.getrecursionlimit()
    seen = [outcomes_at(depth, Network(catalogue(bad)), sizes) for depth in (0, 40, limit // 2)]
    assert seen[0] == seen[1] == seen[2]
    assert {"ok", "contract_error"} <= set(seen[0])
    assert sys.getrecursionlimit() == limit


def test_room_on_the_stack_is_the_same_at_any_depth_and_given_back():
    def depth(calls):
        return calls if calls == 0 else depth(calls - 1)

    def fits(calls, below):
        if below:
            return fits(calls, below - 1)
        try:
            return with_full_room(lambda: depth(calls)) == 0
        except RecursionError:
            return False

    limit = sys.getrecursionlimit()
    deepest = [
        max(calls for calls in range(CALLS_MAX - 50, CALLS_MAX) if fits(calls, below)) for below in (0, 50, limit // 2)
    ]
    assert deepest[0] == deepest[1] == deepest[2] > CALLS_MAX - 10
    with pytest.raises(ZeroDivisionError):
        with_full_room(lambda: 1 // 0)
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize(
    "raw",
    [
        b"\x91" * 100_000,
        b"\x91\x91\x01",
        b"\xdd\xff\xff\xff\xff",
        b"\xc1",
        b"\x91\xcf" + b"\xff" * 8,
        b"\x91\xd3" + b"\xff" * 8,
        b"\x91\xcb" + bytes(8),
        b"\x81\xa4size\x01",
        b"\x91\x01\x00",
        msgspec.msgpack.encode([2**31]),
    ],
)
def test_arguments_of_no_sense_are_refused(network, raw):
    assert network.do("ann", "bad.big-output", raw).code == "arguments_invalid"
