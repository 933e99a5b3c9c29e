"""The adversary of a contract: random stories of calls, executed again and again in other ways.

Whatever a contract does, a chain rests on this (:mod:`node.contracts.runtime`):

* the same calls give the same state, however they are cut into blocks, and whenever they are executed again;
* a refused call changes nothing but that its number is used up, and a repeated one nothing at all;
* no call makes it fail in an unforeseen way;
* debits equal credits after every call, and no cash account is negative;
* what its author says of its state holds after every call: ``invariant(tree)`` tells what is wrong, or None.

A story that breaks one of these is made short, call by call, before it is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from consensus.properties import Property, Violation
from network.virtual.draws import Stream
from node.contracts.accounts import Opening, Settings, overdrawn, total_of_all_accounts
from node.contracts.accounts import contract as accounts_contract
from node.contracts.catalogue import catalogue
from node.contracts.context import BlockState, Context
from node.contracts.contract import Contract
from node.contracts.fields import Arguments
from node.contracts.numbers import ClientNumbers
from node.contracts.runtime import DUPLICATE, GENESIS_CLIENT, OK, Execution, execute_block
from node.ledger.state_tree import StateTree
from node.ledger.transaction import TRANSACTION_VERSION, Body, Transaction

PARTIES = MappingProxyType({"insurer-a": "insurer", "insurer-b": "insurer", "hospital-c": "hospital", "pat": "patient"})
"""Who calls, and in which role, unless the caller says otherwise."""

OPENING_FEN = 10_000
CALLS = 24
AGAIN_IN = 8
"""One call in so many is an earlier one, sent again."""


PROPERTIES = (
    Property("deterministic", "the same call on the same state gives the same state", "docs/architecture.md", "O(1)"),
    Property("independent of blocks", "however calls are cut into blocks, they give one state", "runtime, 4", "O(1)"),
    Property(
        "a refusal changes nothing", "but that its number is used up; a repetition not even that", "runtime", "O(1)"
    ),
    Property("invariant", "what its author says of its state holds after every call", "its author", "the author's"),
)
"""What a contract is judged by, besides that it never raises and that money is conserved."""


class Call(NamedTuple):
    """One call of a story: ``client`` asks for ``action`` with these arguments."""

    client: str
    action: str
    arguments: Arguments


Calls = Callable[[Stream, tuple[str, ...]], Call]
"""Draws one call; the clients' names are given."""

Invariant = Callable[[StateTree], str | None]

_encode = msgspec.msgpack.Encoder().encode


def check_contract(  # noqa: PLR0913 - keyword-only
    contract: Contract,
    calls: Calls,
    invariant: Invariant | None = None,
    *,
    runs: int = 50,
    seed: int = 0,
    budget_s: float | None = None,
    parties: Mapping[str, str] = PARTIES,
    settings: Arguments | None = None,
) -> int:
    """Tell ``runs`` stories, from ``seed`` on, or for ``budget_s`` CPU-seconds; how many were told.

    Each of the ``parties`` (name -> role) begins with :data:`OPENING_FEN` in cash; ``settings`` are the contract's own
    at genesis. AssertionError holds the shortest story that breaks something.
    """
    __tracebackhide__ = True
    stage = _Stage(contract, invariant, parties, settings)
    began = time.process_time()
    told = 0
    for number in range(seed, seed + runs):
        story = stage.story(calls, Stream(f"contract/{contract.name}/{number}"))
        broken = stage.broken(story)
        if broken is not None:
            raise AssertionError(_report(contract, number, stage, stage.shortest(story, broken)))
        told += 1
        if budget_s is not None and time.process_time() - began >= budget_s:
            break
    return told


class _Stage:
    """One contract beside the accounts, and those who call it."""

    def __init__(
        self, contract: Contract, invariant: Invariant | None, parties: Mapping[str, str], settings: Arguments | None
    ) -> None:
        self._name = contract.name
        self._contracts = catalogue(*({accounts_contract.name: accounts_contract} | {contract.name: contract}).values())
        self._invariant = invariant
        self._parties = parties
        opened = Settings(openings=tuple(Opening(name, OPENING_FEN) for name in parties))
        begun = [(accounts_contract, opened), *([(contract, settings)] if settings is not None else [])]
        state = BlockState(StateTree.empty())
        for number, (of, given) in enumerate(begun):
            ctx = Context(state, self, client=GENESIS_CLIENT, number=number, signers=(), time_ms=0)
            of.configure(ctx, _encode(given))
            state.changes.update(ctx.changes)
        self._genesis = state.tree.update(state.changes)

    def role(self, name: str) -> str | None:
        """The directory's word (:class:`node.contracts.context.Roles`)."""
        return self._parties.get(name)

    def story(self, calls: Calls, draws: Stream) -> list[Transaction]:
        told: list[Transaction] = []
        for place in range(CALLS):
            if told and not draws.below(AGAIN_IN):
                told.append(told[draws.below(len(told))])
                continue
            client, action, arguments = calls(draws, tuple(self._parties))
            body = Body(
                version=TRANSACTION_VERSION,
                network="contract",
                client=client,
                number=place + 1,
                contract=self._name,
                action=action,
                arguments=_encode(arguments),
                time_ms=place,
            )
            told.append(Transaction(body, ((client, bytes(64)),)))  # who signs is checked before a contract is asked
        return told

    def broken(self, story: Sequence[Transaction]) -> Violation | None:
        """What the story breaks."""
        try:
            one_by_one = self._judge(story)
            for size in (len(story) or 1, 3):
                tree = self._genesis
                for start in range(0, len(story), size):
                    tree = self._execute(tree, story[start : start + size]).tree
                if tree.root != one_by_one.root:
                    blocks, alone = (
                        f"in blocks of {size} the root is {tree.root.hex()[:16]}",
                        one_by_one.root.hex()[:16],
                    )
                    return Violation("independent of blocks", blocks, f"one by one it is {alone}")
        except Violation as violation:
            return violation
        return None

    def shortest(self, story: list[Transaction], broken: Violation) -> tuple[list[Transaction], Violation]:
        """Leave out call after call, as long as the same property stays broken."""
        place = 0
        while place < len(story):
            shorter = story[:place] + story[place + 1 :]
            again = self.broken(shorter)
            if again is not None and again.property == broken.property:
                story, broken = shorter, again
            else:
                place += 1
        return story, broken

    def _execute(self, tree: StateTree, transactions: Sequence[Transaction]) -> Execution:
        return execute_block(tree, self, transactions, self._contracts)

    def _judge(self, story: Sequence[Transaction]) -> StateTree:
        """Execute call by call, judging each; the state at the end."""
        tree = self._genesis
        for place, transaction in enumerate(story):
            after = self._execute(tree, [transaction])
            if after.tree.root != self._execute(tree, [transaction]).tree.root:
                raise Violation("deterministic", f"call {place} gives one root", "executed again it gives another")
            self._judge_one(place, transaction, tree, after)
            tree = after.tree
        return tree

    def _judge_one(self, place: int, transaction: Transaction, before: StateTree, after: Execution) -> None:
        outcome, tree = after.outcomes[0], after.tree
        if outcome.code == "contract_error":
            raise Violation("never raises", f"call {place} fails: {outcome.detail}", "a call is done or refused")
        if outcome.code != OK:
            used = tree.get(ClientNumbers.namespace, transaction.body.client)
            expected = before.update({(ClientNumbers.namespace, transaction.body.client): used})
            if tree.root != (before if outcome.code == DUPLICATE else expected).root:
                raise Violation(
                    "a refusal changes nothing", f"call {place} is refused: {outcome.code}", "the state changed"
                )
        total, below = total_of_all_accounts(tree), overdrawn(tree)
        if total or below:
            raise Violation(
                "money is conserved", f"after call {place} all accounts hold {total} fen", f"below 0: {below}"
            )
        wrong = self._invariant(tree) if self._invariant is not None else None
        if wrong is not None:
            raise Violation("invariant", f"after call {place}: {wrong}", "the contract's author rules that out")


def _report(contract: Contract, seed: int, stage: _Stage, found: tuple[list[Transaction], Violation]) -> str:
    story, broken = found
    lines = [f"contract {contract.name}: story {seed} breaks `{broken.property}`"]
    lines += [f"  A  {broken.fact_a}", f"  B  {broken.fact_b}", f"the shortest story, {len(story)} calls:"]
    kinds = {name: action.arguments for name, action in contract.actions.items()}
    for place, transaction in enumerate(story):
        body = transaction.body
        kind = kinds.get(body.action)
        shown = msgspec.msgpack.decode(body.arguments, type=kind) if kind is not None else body.arguments.hex()
        who = f"{body.client} ({stage.role(body.client)})"
        lines.append(f"  {place:>3}  {who} number {body.number}: {body.action} {shown}")
    return "\n".join([*lines, f"tell it again: --adversary-seed={seed} --adversary-runs=1"])
