"""Voting 表决: who decides, as the chain executed here says, and what the core asks about that.

A change of members is a transaction of the registry that stands alone in its block, whose header states the height
right below; so what a block asks for can be read from the block alone, and whether it may is for the registry as after
that height to say (:mod:`node.membership.rule`). From which block on the change holds is the protocol's business
(:mod:`node.ledger.deciders`). A node's number binds one key for ever: what a configuration is named by never changes
once it is known.
"""

from __future__ import annotations

from collections.abc import Callable

from consensus.chain import Block, Certificate
from consensus.configuration import Changeover, Configuration, ConfigurationError, Reconfiguration, UnknownMembersError
from consensus.protocols import ProtocolEntry, Slot
from consensus.snapshots import Snapshot
from consensus.vocabulary import NodeId
from node.entry import Divergence
from node.ledger.deciders import Deciders, fault_of_certificate
from node.ledger.genesis import electorate, members_hash
from node.membership.blocks import change_in, key_in
from node.membership.registry import Registry

REMEMBERED_MAX = 64
"""Configurations whose name is remembered; a network in use has few."""


class Voting:
    """Follows who decides, block by block. ``registry`` gives the view of the state executed here."""

    def __init__(self, protocol: ProtocolEntry, registry: Callable[[], Registry]) -> None:
        self._protocol = protocol
        self._registry = registry
        self._names: dict[Configuration, bytes] = {}
        self._followed: dict[bytes, Configuration] = {}
        self._founders = electorate(registry().founding.genesis).voters
        self._follow_from(Configuration(voters=self._founders))

    def _follow_from(self, configuration: Configuration) -> None:
        self._deciders = Deciders(self._protocol.changeover, configuration, self.name_of)
        self._adopt(configuration)

    def _adopt(self, configuration: Configuration) -> None:
        self.electors = configuration.electors
        self._count = self._registry().member_count
        self._followed[self.name_of(configuration)] = configuration

    electors: tuple[NodeId, ...]
    """Everyone with a vote on the block at our head, ascending."""

    @property
    def configuration(self) -> Configuration:
        """Who decided the block at our head."""
        return self._deciders.current

    def audience(self, me: NodeId) -> tuple[NodeId, ...] | None:
        """Whom a broadcast of ``me`` to the voters must reach; None: those of the genesis."""
        if self.electors == self._founders:
            return None
        return tuple(node for node in self.electors if node != me)

    @property
    def nodes(self) -> int:
        """How many members have a number as of our head: 0 to this less one."""
        return self._count

    @property
    def fixed(self) -> bytes | None:
        """What every header names, where no change of members is ever possible; else None."""
        return self.name_of(self._deciders.current) if self._protocol.changeover is Changeover.NEVER else None

    def name_of(self, configuration: Configuration) -> bytes:
        """What headers of blocks name that ``configuration`` decides; UnknownMembersError where we cannot say yet."""
        known = self._names.get(configuration)
        if known is None:
            known = members_hash(self._protocol.name, self._protocol.quorum, configuration, self._key_of)
            if len(self._names) >= REMEMBERED_MAX:
                self._names.clear()
            self._names[configuration] = known
        return known

    def _key_of(self, number: NodeId) -> bytes:
        return key_in(self._registry(), number)

    # Following the chain

    def follow(self, block: Block) -> None:
        """``block`` was decided and executed on top of the one before. Divergence where it names other deciders."""
        try:
            self._adopt(self._deciders.follow(block.header, change_in(block)))
        except ConfigurationError as error:
            raise Divergence(f"decided block {block.height}: {error}") from None

    def installed(self, snapshot: Snapshot) -> None:
        """A later state was installed, right above which the snapshot's configuration decides."""
        self._follow_from(snapshot.configuration)

    def fault_of(
        self, block: Block, certificate: Certificate, verify: Callable[[NodeId, bytes, bytes], bool]
    ) -> str | None:
        """Why ``certificate`` does not vouch for an older ``block``; None where it does, or nobody here can say."""
        if (certificate.height, certificate.hash) != (block.height, block.hash):
            return "it is another block's"
        configuration = self._followed.get(block.header.members)
        if configuration is None:
            return None
        return fault_of_certificate(certificate, block.header, configuration, self._protocol, verify)

    # Proposing

    def decides(self, slot: Slot, asked: Reconfiguration | None) -> bytes:
        """What the header of a block for ``slot`` names. ConfigurationError where what it asks for cannot be."""
        before = slot.configuration or self._deciders.current
        return self.name_of(before if asked is None else self._deciders.would_decide(before, asked))

    # Judging a state

    def flaw_in_registry(self, snapshot: Snapshot, offered: Registry) -> str | None:
        """Why the registry of a state that somebody offers is no later one of ours, or not who decided its block."""
        here = self._registry()
        if offered.member_count < here.member_count:
            return "its registry has lost members"
        if any(offered.member_key(number) != here.member_key(number) for number in range(here.member_count)):
            return "its registry gives one of our members another key"
        configuration = snapshot.configuration
        try:
            name = members_hash(
                self._protocol.name, self._protocol.quorum, configuration, lambda number: key_in(offered, number)
            )
        except UnknownMembersError as error:
            return f"its block is decided by strangers: {error}"
        if name != snapshot.header.members or configuration.voters != offered.voters:
            return "it would have others decide than its registry names"
        return None
