"""An onlooker: reads from decided blocks who votes from where on, so that a run's oracles can follow.

It knows every node's key from the beginning, since in a run every node stands in the genesis; what the replicas believe
of each other is not asked.
"""

from __future__ import annotations

from consensus.chain import Block
from consensus.configuration import Configuration, Reconfiguration
from consensus.protocols import Application, Verdict
from node.assembly import Common
from node.ledger.genesis import members_hash
from node.membership.blocks import change_in


class Onlooker(Application):
    """What blocks say of members, to oracles alone: it orders nothing and so accepts everything."""

    def __init__(self, common: Common) -> None:
        self._common = common

    def validate(self, block: Block) -> Verdict:  # noqa: ARG002 - nothing here judges blocks
        return Verdict.ACCEPT

    def reconfiguration(self, block: Block) -> Reconfiguration | None:
        return change_in(block)

    def members_hash(self, configuration: Configuration) -> bytes:
        protocol, members = self._common.protocol, self._common.genesis.members
        return members_hash(protocol.name, protocol.quorum, configuration, lambda number: members[number].verify_key)
