from typing import Annotated, ClassVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import (
    Arguments,
    Context,
    Contract,
    Record,
    business_entries,
    catalogue,
    execute_block,
    is_executed,
    record_types,
)
from node.contracts.context import OPERATIONS_MAX, EventKind
from node.contracts.fields import Count, Label, Text
from tests.node.contracts.network import Network


class Note(Record, frozen=True):
    namespace: ClassVar[str] = "notes"

    text: str


class Tally(Record, frozen=True):
    namespace: ClassVar[str] = "tallies"
    business: ClassVar[bool] = False

    count: int


class WriteArgs(Arguments, frozen=True):
    key: Label
    text: Text


class CountArgs(Arguments, frozen=True):
    count: Count


toy = Contract("toy", records=(Note, Tally), events=(EventKind("written"),))


@toy.action(roles=("insurer", "bureau"))
def write(ctx: Context, args: WriteArgs):
    ctx.put(args.key, Note(text=args.text))
    ctx.emit("written", key=args.key, by=ctx.client)
    return {"object": ctx.object_id, "at": ctx.time_ms, "list": [args.key]}


@toy.action()
def write_then_refuse(ctx: Context, args: WriteArgs):
    ctx.put(args.key, Note(text=args.text))
    ctx.emit("written", key=args.key)
    ctx.require(False, "never", "not this one")


@toy.action()
def divide(ctx: Context, args: CountArgs):
    ctx.put("divided", Note(text="half-way"))
    return {"quotient": 1 // args.count}


@toy.action()
def leak_a_float(ctx: Context, args: CountArgs):  # noqa: ARG001
    return {"half": args.count / 2}


@toy.action()
def loop(ctx: Context, args: CountArgs):
    for _ in range(args.count):
        ctx.get(Note, "none")


@toy.action()
def list_notes(ctx: Context, args: WriteArgs):
    ctx.put(args.key, Note(text=args.text))
    ctx.delete(Note, "gone")
    return [key for key, _ in ctx.items(Note)]


@toy.action()
def add(ctx: Context, args: CountArgs):
    found = ctx.get(Tally, ctx.client)
    ctx.put(ctx.client, Tally(count=(found.count if found else 0) + args.count))


@pytest.fixture
def network():
    return Network(catalogue(toy))


def test_an_action_writes_and_its_receipt_says_so(network):
    outcome = network.do("insurer-1", "toy.write", WriteArgs("a", "hello"), at=7)
    assert (outcome.code, outcome.client, outcome.number) == ("ok", "insurer-1", 1)
    assert outcome.output == {"at": 7, "list": ("a",), "object": "insurer-1/1"}
    assert list(outcome.output) == sorted(outcome.output)
    assert [(event.kind, event.values) for event in outcome.events] == [("written", {"by": "insurer-1", "key": "a"})]
    assert network.tree.get("notes", "a") == Note(text="hello")


def test_a_refusal_undoes_everything_but_uses_the_number_up(network):
    outcome = network.do("ann", "toy.write-then-refuse", WriteArgs("a", "x"))
    assert (outcome.code, outcome.detail, outcome.events, outcome.output) == ("never", "not this one", (), None)
    assert network.tree.get("notes", "a") is None
    assert is_executed(network.tree, "ann", 1)
    assert not is_executed(network.tree, "ann", 2)


@pytest.mark.parametrize(
    ("action", "args", "code"),
    [
        ("toy.divide", CountArgs(0), "contract_error"),
        ("toy.leak-a-float", CountArgs(1), "contract_error"),
        ("toy.loop", CountArgs(OPERATIONS_MAX + 1), "budget_exceeded"),
        ("toy.nothing", CountArgs(1), "unknown_action"),
        ("none.divide", CountArgs(1), "unknown_contract"),
        ("toy.divide", b"\x91\xa3one", "arguments_invalid"),
        ("toy.divide", b"\x92\x01\x02", "arguments_invalid"),
        ("toy.divide", b"\x91\xcd\x00\x01", "arguments_not_canonical"),
        ("toy.divide", b"", "arguments_invalid"),
        ("toy.write", WriteArgs("a", "x"), "role_not_allowed"),
    ],
)
def test_what_goes_wrong_is_refused_with_its_reason_and_changes_nothing(network, action, args, code):
    before = list(business_entries(network.tree, network.contracts))
    outcome = network.do("ann", action, args)
    assert outcome.code == code
    assert list(business_entries(network.tree, network.contracts)) == before


def test_an_overlong_text_is_refused(network):
    outcome = network.do("bureau", "toy.write", msgspec.msgpack.encode(["a", "x" * 257]))
    assert outcome.code == "arguments_invalid"


def test_whoever_only_reads_may_not_even_call_what_is_open_to_all(network):
    assert network.do("regulator", "toy.add", CountArgs(1)).code == "role_not_allowed"
    assert network.do("broker", "toy.add", CountArgs(1)).code == "ok"


def test_a_signer_from_nowhere_is_refused(network):
    assert network.do("bureau", "toy.write", WriteArgs("a", "x"), cosigners=("eve",)).code == "unknown_signer"


def test_a_number_counts_once_whatever_comes_under_it_later(network):
    first = network.transaction("bureau", "toy.write", WriteArgs("a", "first"), number=5)
    other = network.transaction("bureau", "toy.write", WriteArgs("b", "other"), number=5)
    codes = [outcome.code for outcome in network.run(first, first, other).outcomes]
    assert codes == ["ok", "duplicate", "duplicate"]
    root = network.tree.root
    assert [outcome.code for outcome in network.run(first, other).outcomes] == ["duplicate", "duplicate"]
    assert network.tree.root == root
    assert network.tree.get("notes", "b") is None


def test_later_transactions_of_a_block_see_earlier_ones_and_keys_come_in_order(network):
    network.do("bureau", "toy.write", WriteArgs("gone", "x"))
    network.do("bureau", "toy.write", WriteArgs("m", "x"))
    transactions = [
        network.transaction("bureau", "toy.write", WriteArgs("z", "x")),
        network.transaction("bureau", "toy.list-notes", WriteArgs("a", "x")),
    ]
    assert network.run(*transactions).outcomes[1].output == ("a", "m", "z")


def test_business_entries_leave_out_what_is_not_business(network):
    network.do("bureau", "toy.write", WriteArgs("b", "x"))
    network.do("bureau", "toy.write", WriteArgs("a", "x"))
    network.do("bureau", "toy.add", CountArgs(1))
    entries = [(namespace, key) for namespace, key, _ in business_entries(network.tree, network.contracts)]
    assert entries == [("notes", "a"), ("notes", "b")]


def test_every_namespace_has_its_record_type():
    types = record_types()
    assert all(kind.namespace == namespace for namespace, kind in types.items())
    assert {"client", "accounts", "policies", "claims", "treaties"} <= set(types)


def test_unbounded_arguments_and_unplain_records_are_refused_when_they_are_declared():
    class Wide(Arguments, frozen=True):
        text: str

    class Floating(Record, frozen=True):
        namespace: ClassVar[str] = "floating"

        amount: float

    class Endless(Arguments, frozen=True):
        names: tuple[Label, ...]

    broken = Contract("broken")
    for kind in (Wide, Endless):

        def act(ctx: Context, args: Arguments):  # noqa: ARG001
            return None

        act.__annotations__["args"] = kind
        with pytest.raises(TypeError, match=f"{kind.__name__}\\..*without a limit"):
            broken.action()(act)
    with pytest.raises(TypeError, match=r"Floating\.amount"):
        Contract("floating", records=(Floating,))


def test_two_contracts_may_not_share_a_name_or_a_namespace():
    with pytest.raises(ValueError, match="share the name toy"):
        catalogue(toy, Contract("toy"))
    with pytest.raises(ValueError, match="share the namespace notes"):
        catalogue(toy, Contract("other", records=(Note,)))


def test_settings_for_no_contract_or_of_the_wrong_form_are_named():
    with pytest.raises(ValueError, match="'toys', which is no contract"):
        Network(catalogue(toy), settings=[("toys", CountArgs(1))])
    with pytest.raises(ValueError, match="toy takes no settings"):
        Network(catalogue(toy), settings=[("toy", CountArgs(1))])


@settings(max_examples=50, deadline=None)
@given(st.permutations([(who, count) for who in ("ann", "bob", "bureau") for count in (1, 2, 3)]), st.integers(1, 9))
def test_independent_chains_commute_however_blocks_are_cut(order, cut):
    network = Network(catalogue(toy))
    transactions = [network.transaction(who, "toy.add", CountArgs(count), number=count) for who, count in order]
    tree = network.tree
    for start in range(0, len(transactions), cut):
        tree = execute_block(tree, network.directory, transactions[start : start + cut], network.contracts).tree
    whole = execute_block(network.tree, network.directory, sorted(transactions, key=lambda t: t.id), network.contracts)
    assert tree.root == whole.tree.root


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=40))
def test_numbers_are_remembered_exactly(numbers):
    network = Network(catalogue(toy))
    seen = set()
    for number in numbers:
        outcome = network.do("ann", "toy.add", CountArgs(1), number=number)
        assert outcome.code == ("duplicate" if number in seen else "ok")
        seen.add(number)
    assert [number for number in range(32) if is_executed(network.tree, "ann", number)] == sorted(seen)
    record = network.tree.get("client", "ann")
    if record is not None:
        assert all(a[1] + 1 < b[0] for a, b in zip(record.ranges, record.ranges[1:], strict=False))


def test_too_many_gaps_are_refused_and_not_used_up(network, monkeypatch):
    monkeypatch.setattr("node.contracts.numbers.RANGES_MAX", 2)
    codes = [network.do("ann", "toy.add", CountArgs(1), number=number).code for number in (0, 2, 4, 1, 4)]
    assert codes == ["ok", "ok", "number_gaps", "ok", "ok"]


def test_a_bounded_bytes_argument_is_allowed_and_a_record_may_hold_none():
    class Blob(Arguments, frozen=True):
        raw: Annotated[bytes, msgspec.Meta(max_length=4)]

    class Stored(Record, frozen=True):
        namespace: ClassVar[str] = "stored"

        raw: bytes

    contract = Contract("blobs")

    def keep(ctx: Context, args: Arguments):  # noqa: ARG001
        return None

    keep.__annotations__["args"] = Blob
    contract.action()(keep)
    assert contract.actions["keep"].arguments is Blob
    with pytest.raises(TypeError, match="bytes belong in arguments"):
        Contract("stored", records=(Stored,))
