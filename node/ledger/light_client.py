"""The light client 轻客户端: believes the members' certificates and nothing else.

It knows the genesis, holds no chain and no state, and is handed :class:`Evidence` by a node it does not trust: a header
whose state root covers the entry, the certificate that vouches for the header, and the entry's proof. So a patient can
show that a policy exists, or that it does not, to anyone who knows the members.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from consensus.chain import FORMAT_VERSION, Block, Certificate, Header, verify_certificate
from node.ledger.genesis import VOUCHING_PROTOCOLS, Genesis, electorate
from node.ledger.signatures import Verify, verifier
from node.ledger.state_proof import Proof
from node.ledger.state_tree import StateTree, encode_record, verify_proof

HEADERS_MAX = 1024


class EvidenceError(Exception):
    """The evidence proves nothing; the message says why. For a node: there is none to give."""


class Evidence(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Proof that ``key`` in ``namespace`` held ``value`` (a record's bytes; None: nothing).

    ``headers`` ascend without gaps: the first states the root that ``proof`` leads to, ``certificate`` is the last
    one's. They are one and the same, except under Raft, where an uncertified header needs those that follow it.
    """

    headers: tuple[Header, ...]
    certificate: Certificate
    namespace: str
    key: str
    value: bytes | None
    proof: Proof


class LightClient:
    """Checks evidence against a genesis that it trusts."""

    def __init__(self, genesis: Genesis) -> None:
        self._genesis = genesis
        self._electorate = electorate(genesis)
        self._keys: list[Verify] = [verifier(member.verify_key) for member in genesis.members]

    def check(self, evidence: Evidence) -> int:
        """The height after which the entry stood so. EvidenceError where that is not proven."""
        self._check_headers(evidence.headers)
        last = evidence.headers[-1]
        certificate = evidence.certificate
        if (certificate.height, certificate.hash) != (last.height, last.hash):
            raise EvidenceError("the certificate is for another block")
        voters, quorum = self._electorate.voters, self._electorate.quorum
        reason = verify_certificate(certificate, voters, quorum, self._signed)
        if reason is not None:
            raise EvidenceError(f"certificate: {reason}")
        first = evidence.headers[0]
        if not verify_proof(first.state, evidence.namespace, evidence.key, evidence.value, evidence.proof):
            raise EvidenceError("the proof does not lead to the state root that the header states")
        return first.state_height

    def _check_headers(self, headers: Sequence[Header]) -> None:
        longest = HEADERS_MAX if self._genesis.protocol in VOUCHING_PROTOCOLS else 1
        if not 1 <= len(headers) <= longest:
            raise EvidenceError(f"{len(headers)} headers; 1 to {longest} are allowed")
        for header in headers:
            stated = (header.version, header.network, header.members)
            if stated != (FORMAT_VERSION, self._genesis.network, self._electorate.members_hash):
                raise EvidenceError("a header of another network, version or membership")
        for before, after in pairwise(headers):
            if (after.height, after.parent) != (before.height + 1, before.hash):
                raise EvidenceError("the headers do not follow one another")

    def _signed(self, member: int, data: bytes, signature: bytes) -> bool:
        return self._keys[member](data, signature)


def gather_evidence(
    chain: Sequence[tuple[Block, Certificate | None]], height: int, tree: StateTree, namespace: str, key: str
) -> Evidence:
    """What a node hands out, where ``chain[height]``'s header states the root of ``tree``.

    EvidenceError where it states another, or where nothing certified follows yet.
    """
    if chain[height][0].header.state != tree.root:
        raise EvidenceError(f"the header at height {height} states another root than the tree's")
    for end in range(height, min(len(chain), height + HEADERS_MAX)):
        certificate = chain[end][1]
        if certificate is not None:
            record = tree.get(namespace, key)
            return Evidence(
                headers=tuple(block.header for block, _ in chain[height : end + 1]),
                certificate=certificate,
                namespace=namespace,
                key=key,
                value=None if record is None else encode_record(record),
                proof=tree.prove(namespace, key),
            )
    raise EvidenceError(f"nothing certified stands at or above height {height} yet")
