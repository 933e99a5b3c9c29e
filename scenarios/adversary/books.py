"""Oracles of the ledger: every decided block is executed a second time, by other code, into a dictionary.

:class:`Model` knows transfers and nothing else. Its state is a dictionary of plain values; its root is computed from
the definition in docs/ledger-format.md, section "State", by none of the ledger's own code. :class:`Books` holds every
replica's execution to it, height by height: the outcomes, the root, and the balances.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from itertools import pairwise
from typing import Any, ClassVar

import msgspec

from consensus.chain import Block
from consensus.properties import Agreement, Observer, Property, Violation
from consensus.properties.observer import told
from consensus.vocabulary import Broadcast, Commit, Image, NodeId, Reply, Send, Trace
from network.requests import Receipt
from node.contracts.accounts import Account
from node.contracts.runtime import Execution
from node.ledger.transaction import Body, decode_transaction
from node.mempool import Claim

Entry = tuple[str, str]
"""(namespace, key)."""

_BITS = 256
_pack = msgspec.msgpack.encode


class Tree:
    """The state tree by its definition, over a plain dictionary; hashes of what did not change are remembered."""

    def __init__(self) -> None:
        self._leaves: dict[int, bytes] = {}
        self._known: dict[tuple[int, int], bytes] = {}
        """(depth, first bits) -> the subtree's hash, for those computed since anything below them changed."""
        self._deepest = 0

    def put(self, entry: Entry, record: dict[str, Any]) -> None:
        """Set an entry; its record is told field by field."""
        path = sha256(_pack(entry)).digest()
        value = sha256(_pack(dict(sorted(record.items())))).digest()
        place = int.from_bytes(path)
        self._leaves[place] = sha256(b"\x02" + path + value).digest()
        for depth in range(self._deepest + 1):
            self._known.pop((depth, place >> _BITS - depth), None)

    def root(self) -> bytes:
        """The root over all entries."""
        return self._below(0, 0, sorted(self._leaves))

    def _below(self, depth: int, bits: int, places: list[int]) -> bytes:
        """The hash of the subtree whose paths begin with ``bits``; ``places`` are its leaves, ascending."""
        if len(places) < 2:
            return self._leaves[places[0]] if places else bytes(32)
        known = self._known.get((depth, bits))
        if known is None:
            self._deepest = max(depth, self._deepest)
            turn = _BITS - 1 - depth
            left = [place for place in places if not place >> turn & 1]
            sides = self._below(depth + 1, bits << 1, left), self._below(depth + 1, bits << 1 | 1, places[len(left) :])
            known = self._known[depth, bits] = sha256(b"\x03" + sides[0] + sides[1]).digest()
        return known


class Model:
    """What a chain of transfers comes to. ``opening``: what each party has in cash at the beginning, in fen."""

    def __init__(self, opening: dict[str, int]) -> None:
        self._parties = tuple(opening)
        self.balances = {f"{name}/cash": amount for name, amount in opening.items() if amount}
        self.balances |= {f"{name}/equity": -amount for name, amount in opening.items() if amount}
        self.used: dict[str, set[int]] = {}
        self.tree = Tree()
        for name, amount in opening.items():
            if amount:
                lines = ((f"{name}/cash", amount), (f"{name}/equity", -amount))
                self._book(f"opening/{name}", "opening balance", 0, lines)

    def execute(self, body: Body) -> str:
        """The outcome's code."""
        used = self.used.setdefault(body.client, set())
        if body.number in used:
            return "duplicate"
        used.add(body.number)
        self.tree.put(("client", body.client), {"ranges": _ranges(used)})
        payee, amount = msgspec.msgpack.decode(body.arguments)
        payer, lines = f"{body.client}/cash", ((f"{payee}/cash", amount), (f"{body.client}/cash", -amount))
        if payee not in self._parties:
            return "unknown_payee"
        if payee != body.client and self.balances.get(payer, 0) < amount:
            return "insufficient_funds"
        for name, change in lines:
            self.balances[name] = self.balances.get(name, 0) + change
        self._book(f"{body.client}/{body.number}", "transfer", body.time_ms, lines)
        return "ok"

    def _book(self, key: str, memo: str, time_ms: int, lines: tuple[tuple[str, int], ...]) -> None:
        self.tree.put(("postings", key), {"memo": memo, "time_ms": time_ms, "lines": lines})
        for name, _ in lines:
            owner, kind = name.rsplit("/", 1)
            self.tree.put(("accounts", name), {"owner": owner, "kind": kind, "balance_fen": self.balances[name]})


class Books(Observer):
    """Watches what replicas other than the ``liars`` execute; blocks hold transfers and nothing else.

    ``opening`` is what each party begins with. ``agreement``, which must be told of everything first, knows what a
    crash takes back (None: nothing).
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property("one root", "one state root a height, at every replica and in every life", "ledger", "O(1)"),
        Property(
            "independent model",
            "outcomes and root are those of a dictionary that executes every block once more",
            "docs/ledger-format.md, section State",
            "O(what a block changes · log state), once a height",
        ),
        Property(
            "true receipts", "a replica's receipt tells what its execution came to", "PBFT, section 4.1", "O(entries)"
        ),
        Property(
            "money is conserved",
            "after each block debits equal credits, to the fen, and no cash account is negative",
            "ledger",
            "O(accounts), once a height",
        ),
    )

    weighs = frozenset({Receipt})

    def __init__(
        self, opening: dict[str, int], agreement: Agreement | None = None, liars: frozenset[NodeId] = frozenset()
    ) -> None:
        self.model = Model(opening)
        self._opening = opening
        self._agreement = agreement
        self._liars = liars
        self._decided: Block | None = None
        """What was decided last, by the node that tells of its execution next."""
        self._executed: list[tuple[Block, bytes, str]] = []
        """Of each height from 1 on: the block, the root after it, and who told it first."""
        self._outcomes: list[dict[Claim, tuple[bytes, str]]] = []
        """Of each height: what became of each claim, as (transaction, code)."""

    @property
    def height(self) -> int:
        """How many heights were executed."""
        return len(self._executed)

    def on_crash(self, now: int, node: NodeId, incarnation: int) -> None:  # noqa: ARG002 (an observer's)
        self._take_back()

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002 (an observer's)
        self._take_back()

    def _take_back(self) -> None:
        """Undo what was executed and may be decided otherwise now."""
        stands = self.height if self._agreement is None else self._agreement.height
        if stands < self.height:
            del self._executed[stands:], self._outcomes[stands:]
            self.model = Model(self._opening)
            for block, _, _ in self._executed:
                self._follow(block)

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002
        self._decided = commit.block

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:
        if trace.kind != "executed" or node in self._liars:
            return
        height, execution = trace.detail
        origin = f"executed by {told(now, node, incarnation)}"
        if height > self.height:
            self._execute(height, execution, origin)
        self.require_state(height, execution.tree.root, origin)

    def on_leave(
        self,
        now: int,
        node: NodeId,
        incarnation: int,
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002
    ) -> None:
        """A receipt tells what became of each transaction, and of its client's alone."""
        receipt = effect.message
        if type(receipt) is not Receipt or node in self._liars or not 0 < receipt.height <= self.height:
            return
        outcomes = self._outcomes[receipt.height - 1]
        for entry in receipt.entries:
            became = outcomes.get((receipt.client, entry.number))
            if became != (entry.transaction, entry.code):
                says = f"{told(now, node, incarnation)} tells {receipt.client} of its {entry.number}: {entry.code}"
                raise Violation("true receipts", f"{says} at height {receipt.height}", f"what became of it: {became}")

    def _execute(self, height: int, execution: Execution, origin: str) -> None:
        """The first execution of a height."""
        block = self._decided
        assert block is not None  # noqa: S101 - a replica tells of a decision before it tells of its execution
        self._require_balance(height, execution, origin)
        codes, theirs = self._follow(block), [outcome.code for outcome in execution.outcomes]
        if codes != theirs:
            raise Violation("independent model", f"height {height}: {theirs}, {origin}", f"the model says {codes}")
        root, expected = execution.tree.root, self.model.tree.root()
        if root != expected:
            raise Violation(
                "independent model",
                f"the root after height {height} is {root.hex()[:16]}, {origin}",
                f"the model's is {expected.hex()[:16]}; {_differences(execution, self.model)}",
            )
        self._executed.append((block, root, origin))
        self._outcomes.append({(o.client, o.number): (o.transaction, o.code) for o in execution.outcomes})

    def _follow(self, block: Block) -> list[str]:
        """Execute ``block`` in the model; the outcomes' codes."""
        return [self.model.execute(decode_transaction(raw).body) for raw in block.transactions]

    def require_state(self, height: int, root: bytes, whose: str) -> None:
        """``root`` is that of the executions of ``height``; of heights that nobody executed nothing is said."""
        if 0 < height <= self.height and self._executed[height - 1][1] != root:
            _, known, origin = self._executed[height - 1]
            differs = f"the root after height {height} is {root.hex()[:16]} {whose}"
            raise Violation("one root", differs, f"it is {known.hex()[:16]}, {origin}")

    @staticmethod
    def _require_balance(height: int, execution: Execution, origin: str) -> None:
        accounts = [record for _, record in execution.tree.items(Account.namespace)]
        total = sum(record.balance_fen for record in accounts)
        if total:
            all_ = f"after height {height} all accounts hold {total} fen, {origin}"
            raise Violation("money is conserved", all_, "debits equal credits")
        for record in accounts:
            if record.kind == "cash" and record.balance_fen < 0:
                owes = f"after height {height} {record.owner} holds {record.balance_fen} fen in cash, {origin}"
                raise Violation("money is conserved", owes, "cash is never negative")


def _ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """(first, last) of each run of numbers."""
    ordered = sorted(numbers)
    starts = [ordered[0], *(after for before, after in pairwise(ordered) if after != before + 1)]
    ends = [*(before for before, after in pairwise(ordered) if after != before + 1), ordered[-1]]
    return list(zip(starts, ends, strict=True))


def _differences(execution: Execution, model: Model) -> str:
    """Which balances differ, for people."""
    theirs = {key: record.balance_fen for key, record in execution.tree.items(Account.namespace)}
    names = sorted({*theirs, *model.balances})
    wrong = [f"{name} {theirs.get(name, 0)}, not {model.balances.get(name, 0)}" for name in names]
    differing = [text for text, name in zip(wrong, names, strict=True) if theirs.get(name) != model.balances.get(name)]
    return f"balances: {'; '.join(differing) or 'all equal'}"
