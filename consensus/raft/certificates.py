"""What proves to a third party that a block was decided under Raft.

A quorum's signatures over (term, height, hash), where the term is the block's *own*: each signer held the
block durably while it was in the term that proposed it, which is Raft's commit rule (paper, section 5.4.2).
Signatures of a later term would prove nothing: figure 8 shows an older entry on a majority that is lost.

Whose quorum, the block's configuration says: a majority of its voters, and under a joint configuration a majority of
either set. The signatures are exactly such a quorum: without any one of them, they would be none.

That the block's own configuration decides it, and not the latest in the leader's log, is safe. By induction on h:
suppose block h of term T is acknowledged by a quorum of its configuration C, and L is the first leader of a later
term without h; let D be the latest configuration in L's log. If a change of term T stands at or before h, an earlier
block of term T was committed before it (:mod:`consensus.raft.membership`, rule 2), so L holds that, and all changes
but the last one up to h are committed (rule 1), so L holds them: D is C or the one before it. If none does, C and D
were both made in terms before T, and by the same rules one is the other or its neighbour. Either way some member is
in the quorum of C that acknowledged h and in the quorum of D that elected L. It voted after it held h, hence for a
log at least as complete: L holds h.
"""

from __future__ import annotations

from consensus.chain import Block, Certificate, Header, verify_signatures
from consensus.configuration import ConfigurationError
from consensus.proof import Run
from consensus.protocols import Crypto
from consensus.raft.electorate import Electorate
from consensus.raft.server import Server


def fault_of(electorate: Electorate, crypto: Crypto, block: Block | Header, certificate: Certificate) -> str | None:
    """Why ``certificate`` does not prove ``block``, which ``electorate`` decides, or None when it does."""
    if certificate.height != block.height or certificate.hash != block.hash:
        return "it is another block's"
    if certificate.round != block.round:
        return f"it is of term {certificate.round}, the block of term {block.round}"
    fault = electorate.fault_of_signers([member for member, _ in certificate.signatures])
    return fault or verify_signatures(certificate, electorate.electors, crypto.verify)


def proven(server: Server, run: Run) -> int:
    """How many blocks of ``run`` link to our last decided one and are proven decided.

    A certificate proves its block and, by the hash links, those before it: but only where the configuration changes *at
    most once* from the last block proven before. A configuration and its successor (one voter more or less, a joint
    configuration entered or left) have no two quorums without a common member, so that among the signers is one that
    the known configuration trusts, and that held the change because its leader sent it. Two changes on, the signers may
    be strangers to it, voters by a change that nobody but they vouch for. Leaders see to it that a certificate lies
    between any two changes (:mod:`consensus.raft.membership`, rules 1 and 2) and that it travels with the second.
    """
    height = server.commit_index
    head, electorate = server.log.hash_at(height), server.configurations.at(height)
    count = changes = 0
    for place, (block, certificate) in enumerate(run, start=1):
        if block.height != height + place or block.parent != head:
            break
        try:
            after = server.configurations.following(electorate, block)
        except ConfigurationError:
            break
        changes += after is not electorate
        if certificate is not None:
            if changes > 1 or fault_of(after, server.crypto, block, certificate) is not None:
                break
            count, changes = place, 0
        head, electorate = block.hash, after
    return count


def certifies(server: Server, block: Block, certificate: Certificate) -> bool:
    """Does ``certificate`` prove ``block``, which is decided here or follows, directly or not, on what is?"""
    height = server.commit_index
    electorate = server.configurations.at(min(block.height, height))
    if block.height > height:
        try:
            electorate = server.configurations.following(electorate, block)
        except ConfigurationError:
            return False
    return fault_of(electorate, server.crypto, block, certificate) is None
