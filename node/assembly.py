"""Puts a replica together, the same way for a real process and for the virtual world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

from consensus.chain import Block
from consensus.protocols import Crypto, ProtocolEntry, protocol
from consensus.vocabulary import Image, NodeId
from node.admission import Admission
from node.contracts.runtime import Execution, execute_block, genesis_state
from node.ledger.block import build_genesis_block
from node.ledger.genesis import Genesis, electorate
from node.ledger.state_tree import StateTree
from node.ledger.transaction import Transaction
from node.membership import Directory, Verifier
from node.privacy.vault import VaultRecord, open_for
from node.replica import Replica, ReplicaOptions, ReplicaSetup

EXECUTIONS_KEPT = 512
CHANGES_KEPT = 1_000_000
"""Entries that the executions kept changed in all, the newest one's aside: an old tree holds whatever a newer one put
in another's place, a kilobyte and more for each entry."""

Vault = Callable[[Execution], Mapping[str, VaultRecord]]
"""What one organisation can open of a block's sealed payloads, by key in its vault."""

_Facts = tuple[tuple[bytes, bytes, bytes], ...]
"""(key, data, signature) of what was asked while a block was executed."""


def vault_opener(name: str, seal_secret: bytes) -> Vault:
    """Opens for ``name`` what is sealed to it."""

    def opened(execution: Execution) -> Mapping[str, VaultRecord]:
        envelopes = [envelope for outcome in execution.outcomes for envelope in outcome.envelopes]
        return {f"{r.record}/{r.version}": r for r in open_for(envelopes, name, seal_secret)}

    return opened


class _Executions:
    """What the last blocks came to, by (root before, block hash)."""

    def __init__(self) -> None:
        self._kept: dict[tuple[bytes, bytes], tuple[Execution, _Facts]] = {}
        self._changes = 0
        self.get = self._kept.get

    def keep(self, key: tuple[bytes, bytes], execution: Execution, facts: _Facts) -> None:
        """Remember it, and forget the oldest ones beyond either bound."""
        while self._kept and (len(self._kept) >= EXECUTIONS_KEPT or self._changes > CHANGES_KEPT):
            oldest, _ = self._kept.pop(next(iter(self._kept)))
            self._changes -= oldest.changed
        self._kept[key] = (execution, facts)
        self._changes += execution.changed


class Common:
    """What every replica of a network computes alike from the genesis.

    In the virtual world one instance serves all replicas, so that a transaction is decoded and verified, and a block
    executed, once: same state, same block, same result. With ``independent`` each execution is done anew. Where work
    costs the nodes of that world time, each has its share :meth:`apart`.
    """

    def __init__(self, genesis: Genesis, *, independent: bool = False) -> None:
        self.genesis = genesis
        self.directory = Directory(genesis)
        self.verifier = Verifier()
        self.admission = Admission(self.directory, self.verifier)
        self.protocol: ProtocolEntry = protocol(genesis.protocol)
        chosen = electorate(genesis)
        self.voters = chosen.voters
        self.quorum = chosen.quorum
        self.genesis_tree: StateTree = genesis_state(genesis)
        self.genesis_block: Block = build_genesis_block(genesis, self.genesis_tree.root)
        self._independent = independent
        self._apart = False
        self._executions = _Executions()

    def apart(self) -> Common:
        """The same for one node that remembers what it has checked by itself: ``verifier.checked`` counts it.

        What it would compute is shared all the same; what it would check on the way is asked of its own verifier.
        """
        mine: Common = copy(self)
        mine._apart = True
        mine.verifier = Verifier(self.verifier)
        mine.admission = Admission(self.directory, mine.verifier)
        return mine

    def execute(self, tree: StateTree, block: Block) -> Execution:
        """The state after ``block`` on ``tree``, remembered by (root, block hash)."""
        key = (tree.root, block.hash)
        known = None if self._independent else self._executions.get(key)
        if known is not None:
            execution, asked = known
            if self._apart:
                self._verified(tree, block)
                for fact in asked:
                    self.verifier.verify(*fact)
            return execution
        facts: list[tuple[bytes, bytes, bytes]] = []

        def verify(key: bytes, data: bytes, signature: bytes) -> bool:
            facts.append((key, data, signature))
            return self.verifier.verify(key, data, signature)

        execution = execute_block(tree, self.directory, self._verified(tree, block), height=block.height, verify=verify)
        if not self._independent:
            self._executions.keep(key, execution, tuple(facts))
        return execution

    def _verified(self, tree: StateTree, block: Block) -> list[Transaction]:
        """The block's transactions, whose signatures verify; TransactionError says why one's do not."""
        check, registry = self.admission.check, self.admission.registry(tree.get)
        return [check(raw, registry, block.header.state_height) for raw in block.transactions]

    def replica(  # noqa: PLR0913 - what is a node's own
        self,
        me: NodeId,
        *,
        crypto: Crypto,
        vault: Vault,
        image: Image,
        random: Callable[[], int],
        name: str = "",
        seal_secret: bytes = b"",
        protocol_options: Any = None,
        options: ReplicaOptions | None = None,
    ) -> Replica:
        """The replica of node ``me``; ``name`` is needed where the genesis does not say whose it is."""
        members = self.genesis.members
        return Replica(
            ReplicaSetup(
                me=me,
                name=name or (members[me].name if me < len(members) else ""),
                directory=self.directory,
                protocol=self.protocol,
                protocol_options=protocol_options,
                crypto=crypto,
                admission=self.admission,
                genesis_block=self.genesis_block,
                genesis_tree=self.genesis_tree,
                execute=self.execute,
                vault=vault,
                seal_secret=seal_secret,
                image=image,
                random=random,
                options=options or ReplicaOptions(),
            )
        )
