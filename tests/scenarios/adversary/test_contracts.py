"""The adversary of contracts: a sound one passes, and each way to be unsound is told with the shortest story."""

from typing import Annotated, ClassVar

import pytest
from msgspec import Meta

from node.contracts import accounts
from node.contracts.accounts import Account
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Readers, Record
from scenarios.adversary.contracts import Call, check_contract


class Mark(Record, frozen=True):
    namespace: ClassVar[str] = "marks"
    readers: ClassVar[Readers] = Readers.EVERYONE

    number: int


class Ask(Arguments, frozen=True):
    number: Annotated[int, Meta(ge=0, le=9)]


CALLED = []


def mark(ctx, args: Ask):
    ctx.require(args.number < 3, "too_large", "")
    ctx.put(ctx.client, Mark(number=args.number))
    return {}


def mark_as_never_before(ctx, args: Ask):
    CALLED.append(args)
    ctx.put(ctx.client, Mark(number=len(CALLED)))
    return {}


def mark_by_the_company(ctx, args: Ask):  # noqa: ARG001
    ctx.put(ctx.client, Mark(number=len(ctx._state.changes)))
    return {}


def mark_and_refuse(ctx, args: Ask):
    ctx._state.changes["marks", ctx.client] = Mark(number=args.number)
    ctx.require(args.number < 3, "too_large", "")
    return {}


def forge(ctx, args: Ask):
    ctx.put(accounts.account(ctx.client, "cash"), Account(owner=ctx.client, kind="cash", balance_fen=args.number))
    return {}


def overdraw(ctx, args: Ask):  # noqa: ARG001
    for kind, fen in (("cash", -1), ("equity", 1)):
        name = accounts.account(ctx.client, kind)
        ctx.put(name, Account(owner=ctx.client, kind=kind, balance_fen=fen))
    return {}


def stumble(ctx, args: Ask):
    return {"marks": [ctx.client][args.number]}


def draw(draws, parties):
    return Call(parties[draws.below(len(parties))], "act", Ask(number=draws.below(5)))


def check(function, invariant=None, **settings):
    contract = Contract("marking", records=(Mark,))
    contract.action("act")(function)
    return check_contract(contract, draw, invariant, runs=5, **settings)


def test_a_sound_contract_passes_every_story():
    assert check(mark) == 5
    assert check(mark, budget_s=0) == 1


@pytest.mark.parametrize(
    ("function", "property_", "calls"),
    [
        (mark_as_never_before, "deterministic", 1),
        (mark_by_the_company, "independent of blocks", 2),
        (mark_and_refuse, "a refusal changes nothing", 1),
        (forge, "money is conserved", 1),
        (overdraw, "money is conserved", 1),
        (stumble, "never raises", 1),
    ],
)
def test_an_unsound_one_is_told_with_the_shortest_story(function, property_, calls):
    with pytest.raises(AssertionError, match=f"contract marking: story 0 breaks `{property_}`") as broken:
        check(function)
    assert f"the shortest story, {calls} call" in str(broken.value)
    assert "tell it again: --adversary-seed=0 --adversary-runs=1" in str(broken.value)


def test_what_its_author_rules_out_is_told():
    with pytest.raises(AssertionError) as broken:
        check(mark, lambda tree: "a mark is 2" if any(m.number == 2 for _, m in tree.items("marks")) else None)
    assert "invariant" in str(broken.value)
    assert "a mark is 2" in str(broken.value)
