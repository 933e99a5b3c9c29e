"""A Raft core stepped by hand: no thread, clock or network. In the checkout: ``python docs/examples/raft_by_hand.py``.

Node 0 of three holds one decided block. Its election timer fires; then node 1, whose log is empty, asks for its vote.
"""

from __future__ import annotations

from consensus.chain import NO_HASH, Block, Header
from consensus.protocols import Application, Setup, Verdict
from consensus.raft.messages import PreVote
from consensus.raft.restore import restore


class Accepting(Application):
    """A ledger that takes every block."""

    def validate(self, block: Block) -> Verdict:
        return Verdict.ACCEPT


class Trusting:
    """Signatures that are empty and always hold."""

    def sign(self, data: bytes) -> bytes:
        return bytes(64)

    def verify(self, member: int, data: bytes, signature: bytes) -> bool:
        return True


header = Header(
    version=1,
    network="by-hand",
    height=1,
    parent=NO_HASH,
    round=1,
    proposer=0,
    members=NO_HASH,
    transactions=NO_HASH,
    state_height=0,
    state=NO_HASH,
)
setup = Setup(
    me=0,
    voters=(0, 1, 2),
    genesis=NO_HASH,
    application=Accepting(),
    crypto=Trusting(),
    image={},  # what its disk holds: restore() fills it in
    random=lambda: 7,  # timeouts are drawn from it
)
core = restore(setup, term=1, voted_for=None, log=[Block(header, ())], commit_index=1)
print(core.start(0))
print(core.timer(2_000_000_000, "raft.election"))
print(core.receive(2_000_000_001, 1, PreVote(term=2, last_index=0, last_term=0)))
print(core.status())
