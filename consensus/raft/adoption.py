"""Decided blocks from outside the log: what the replica's catch-up fetched, and a certificate proves.

A leader whose log contradicts one has been replaced without having heard of it. The block's own term need not show
that: it may be an older leader's, committed by a successor's (section 5.4.2). A candidate whose log it changes gives
up: the votes on their way to it are for the log that it had.
"""

from __future__ import annotations

from consensus.chain import Block, Certificate
from consensus.configuration import ConfigurationError
from consensus.raft import membership
from consensus.raft.roles import Candidate, Leader, Observer, PreCandidate
from consensus.raft.server import Server
from consensus.vocabulary import LocalProtocolError


def adopt(server: Server, now: int, block: Block, certificate: Certificate | None) -> None:
    """Decide ``block``, which was proven; LocalProtocolError where it does not follow what is decided here."""
    log, height = server.log, server.commit_index + 1
    if block.height != height or block.parent != log.hash_at(height - 1):
        raise LocalProtocolError(f"block {block.height} does not follow the decided one at {height - 1}")
    agrees = log.last_index >= height and log.hash_at(height) == block.hash
    try:
        electorate = server.configurations.following(server.configurations.at(height - 1), block)
    except ConfigurationError as error:
        raise LocalProtocolError(f"block {block.height}: {error}") from None
    _learn_term(server, now, block.round, agrees=agrees)
    if not agrees:
        if log.last_index >= height:
            server.truncate(height)
        server.adopt(block, electorate)
        membership.take_effect(server, now)
    server.commit(height, {height: certificate} if certificate is not None else {})
    membership.step_down_if_removed(server)


def _learn_term(server: Server, now: int, term: int, *, agrees: bool) -> None:
    """A decided block proves its term, and to whoever stands or leads with another log that its time is over."""
    overtaken = isinstance(server.role, Leader | PreCandidate | Candidate) and not agrees
    if isinstance(server.role, Observer) and term > server.term:
        server.enter_term(term)
    elif overtaken or term > server.term:
        server.become_follower(now, max(term, server.term))
