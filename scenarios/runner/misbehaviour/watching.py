"""What an honest party sees: every transaction of the ledger as it was asked and answered, and the state at the end.

Detectors get this and nothing of the scenario but what anybody knows of it: not who lies.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from node.assembly import Common
from node.chain_state import ChainState
from node.contracts.fields import Arguments
from node.contracts.runtime import OK
from node.ledger.state_tree import StateTree
from node.ledger.transaction import Body, decode_transaction

ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction, with what its receipt says. ``time_ms`` is the business time that its client gave it."""

    height: int
    body: Body
    code: str
    output: dict[str, object]

    @property
    def time_ms(self) -> int:
        return self.body.time_ms

    @property
    def object_id(self) -> str:
        """The object that it made, if it made one."""
        return f"{self.body.client}/{self.body.number}"

    @property
    def ok(self) -> bool:
        return self.code == OK

    def is_call(self, contract: str, *actions: str) -> bool:
        """Does it ask that contract for one of ``actions``?"""
        return self.body.contract == contract and self.body.action in actions

    def arguments(self, kind: type[ArgumentsT]) -> ArgumentsT:
        """What was asked, as the contract read it: only of what it did read."""
        return msgspec.msgpack.decode(self.body.arguments, type=kind)


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """The whole ledger in its order, and the state after it."""

    seen: tuple[Seen, ...]
    tree: StateTree

    @property
    def last_ms(self) -> int:
        """The latest business time that the ledger knows of."""
        return max((one.time_ms for one in self.seen), default=0)

    def first_after_ms(self, moment_ms: int) -> int | None:
        """The earliest time on the ledger after that one: when whoever watches knows that it has passed."""
        return min((one.time_ms for one in self.seen if one.time_ms > moment_ms), default=None)


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """What a detector says: ``subject`` (a policy, a claim, a reading) is a lie, known since ``at_ms``.

    ``prevented``: a contract refused it.
    """

    subject: str
    at_ms: int
    why: str
    prevented: bool = False


def watched(chain: ChainState, common: Common) -> Watched:
    """The ledger as anybody can see it, by executing it again."""
    tree = common.genesis_tree
    seen: list[Seen] = []
    for height in range(1, chain.height + 1):
        block = chain.entry(height).block
        execution = common.execute(tree, block)
        for raw, outcome in zip(block.transactions, execution.outcomes, strict=True):
            output = outcome.output if isinstance(outcome.output, dict) else {}
            seen.append(Seen(height=height, body=decode_transaction(raw).body, code=outcome.code, output=dict(output)))
        tree = execution.tree
    return Watched(seen=tuple(seen), tree=tree)
