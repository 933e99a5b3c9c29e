"""The light client 轻客户端: believes the members' certificates and nothing else.

It knows the genesis, holds no chain and no state, and is handed :class:`Evidence` by a node it does not trust: a header
whose state root covers the entry, the certificate that vouches for the header, and the entry's proof. So a patient can
show that a policy exists, or that it does not, to anyone who knows the members.

Where members have changed since the genesis it is handed a :class:`Handover` of each change first: the change itself,
approved by those who voted before, the headers that show it decided, and proofs of the newcomers' keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec

from consensus.chain import FORMAT_VERSION, Block, Certificate, Header, Natural
from consensus.configuration import Configuration, ConfigurationError, Reconfiguration, UnknownMembersError, Verb
from consensus.protocols import protocol
from node.ledger.deciders import Deciders, NameOf, fault_of_certificate
from node.ledger.genesis import VOUCHING_PROTOCOLS, Genesis, electorate, members_hash
from node.ledger.merkle import merkle_root
from node.ledger.signatures import Verifying
from node.ledger.state_proof import Proof
from node.ledger.state_tree import StateTree, encode_record, verify_proof
from node.ledger.transaction import TransactionError, decode_transaction
from node.membership.certificates import MemberEntry
from node.membership.changes import OrderError, approval_bytes, decode_order, members_change

HEADERS_MAX = 1024

_decode_member = msgspec.msgpack.Decoder(MemberEntry).decode


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


class Handover(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Proof that the members changed: what a light client is shown of each ``members`` block, in order.

    ``headers`` begin with that block's and end with one that ``certificate`` is for, as in :class:`Evidence`;
    ``transaction`` is the only one in the block. ``nodes`` are (number, bytes of its record in the registry, proof) of
    those voted in, under the state root that the block states.
    """

    headers: tuple[Header, ...]
    certificate: Certificate
    transaction: bytes
    nodes: tuple[tuple[Natural, bytes, Proof], ...]


class LightClient:
    """Checks evidence against a genesis that it trusts, and changes of members one after the other.

    What it has seen others decide, the former voters prove no more: it never goes back.
    """

    def __init__(self, genesis: Genesis) -> None:
        self._network = genesis.network
        self._protocol = protocol(genesis.protocol)
        self._verify = Verifying()
        self._keys = {number: member.verify_key for number, member in enumerate(genesis.members)}
        self._authority = electorate(genesis).voters
        founders = Configuration(voters=self._authority)
        self._deciders = Deciders(self._protocol.changeover, founders, self._name_of(self._keys))
        self._followed = (-1, 0)  # sequence and height of the last change

    def check(self, evidence: Evidence) -> int:
        """The height after which the entry stood so. EvidenceError where that is not proven."""
        deciders = self._deciders.forked(self._name_of(self._keys))
        self._require_decided(evidence.headers, evidence.certificate, deciders, self._keys, None)
        first = evidence.headers[0]
        if not verify_proof(first.state, evidence.namespace, evidence.key, evidence.value, evidence.proof):
            raise EvidenceError("the proof does not lead to the state root that the header states")
        self._deciders = deciders
        return first.state_height

    def follow(self, handover: Handover) -> tuple[int, ...]:
        """Who votes after the change, once it holds. EvidenceError where it is not proven; then nothing has changed."""
        if not handover.headers or handover.headers[0].transactions != merkle_root((handover.transaction,)):
            raise EvidenceError("the transaction is not the only one of the block")
        first = handover.headers[0]
        asked, sequence = self._approved(handover.transaction)
        if first.state_height != first.height - 1:
            raise EvidenceError("the header of a change of members states the height right below it")
        if first.height <= self._followed[1]:
            raise EvidenceError("a change of members that lies behind the last one followed")
        keys = {**self._introduced(first, handover.nodes, asked), **self._keys}
        unknown = [change.node for change in asked.changes if change.node not in keys]
        if unknown:
            raise EvidenceError(f"votes in node {unknown[0]}, of whom nothing is known")
        deciders = self._deciders.forked(self._name_of(keys))
        self._require_decided(handover.headers, handover.certificate, deciders, keys, asked)
        try:
            authority = Configuration(voters=self._authority).changed(asked).voters
        except ConfigurationError as error:
            raise EvidenceError(f"a change that cannot be: {error}") from None
        self._keys, self._deciders, self._authority = keys, deciders, authority
        self._followed = (sequence, first.height)
        return authority

    def _approved(self, raw: bytes) -> tuple[Reconfiguration, int]:
        """The change that ``raw`` asks for and its sequence, approved by enough of those who voted before."""
        try:
            transaction = decode_transaction(raw)
            asked = members_change(transaction)
            if asked is None:
                raise EvidenceError("not a change of members")
            order = decode_order("members", transaction.body.arguments)
        except (TransactionError, OrderError) as error:
            raise EvidenceError(f"no change of members: {error}") from None
        if order.sequence <= self._followed[0]:
            raise EvidenceError("a change of members that lies behind the last one followed")
        data = approval_bytes(self._network, order.sequence, "members", order.change)
        numbers = [number for number, _ in order.approvals]
        enough = len(numbers) >= self._protocol.quorum(len(self._authority))
        if not enough or numbers != sorted({*numbers} & {*self._authority}):
            raise EvidenceError("a change of members that too few, or others than voters, approve")
        if not all(self._verify(self._keys[number], data, signature) for number, signature in order.approvals):
            raise EvidenceError("a change of members with a forged approval")
        return asked, order.sequence

    def _introduced(
        self, first: Header, nodes: Sequence[tuple[int, bytes, Proof]], asked: Reconfiguration
    ) -> dict[int, bytes]:
        """The keys of nodes that were certified after the genesis and are voted in.

        Of no others: the header that proves them is itself proven by those who are known already, or voted in.
        """
        voted_in = {change.node for change in asked.changes if change.verb is Verb.ADD_VOTER}
        keys: dict[int, bytes] = {}
        for number, record, proof in nodes:
            if number in self._keys or number not in voted_in:
                raise EvidenceError(f"introduces node {number}, who is known already or not voted in")
            if not verify_proof(first.state, MemberEntry.namespace, str(number), record, proof):
                raise EvidenceError(f"the registry does not say that of node {number}")
            try:
                certificate = _decode_member(record).certificate
                keys[number] = bytes.fromhex(certificate.verify_key)
            except ValueError as error:  # msgspec's errors are ValueErrors too
                raise EvidenceError(f"node {number}: {error}") from None
            if certificate.standing(first.height) is not None or certificate.until_height:
                raise EvidenceError(f"votes in node {number}, whose certificate is not in force or has an end")
        return keys

    def _require_decided(
        self,
        headers: Sequence[Header],
        certificate: Certificate,
        deciders: Deciders,
        keys: Mapping[int, bytes],
        asked: Reconfiguration | None,
    ) -> None:
        """The headers follow one another, the last one is certified, and the voters change at most once on the way."""
        longest = HEADERS_MAX if self._protocol.name in VOUCHING_PROTOCOLS else 1
        if not 1 <= len(headers) <= longest:
            raise EvidenceError(f"{len(headers)} headers; 1 to {longest} are allowed")
        changes = 0
        for place, header in enumerate(headers):
            if (header.version, header.network) != (FORMAT_VERSION, self._network):
                raise EvidenceError("a header of another network or version")
            try:
                deciders.follow(header, asked if place == 0 else None)
            except ConfigurationError as error:
                raise EvidenceError(f"a header that {error}") from None
            changes += deciders.changed
        for before, after in pairwise(headers):
            if (after.height, after.parent) != (before.height + 1, before.hash):
                raise EvidenceError("the headers do not follow one another")
        reason = "the voters changed twice before it" if changes > 1 else None
        reason = reason or fault_of_certificate(
            certificate,
            headers[-1],
            deciders.current,
            self._protocol,
            lambda member, data, signature: self._verify(keys.get(member, b""), data, signature),
        )
        if reason is not None:
            raise EvidenceError(f"certificate: {reason}")

    def _name_of(self, keys: Mapping[int, bytes]) -> NameOf:
        def key_of(number: int) -> bytes:
            if number not in keys:
                raise UnknownMembersError(f"names node {number}, of whom nothing is known")
            return keys[number]

        return lambda configuration: members_hash(self._protocol.name, self._protocol.quorum, configuration, key_of)


def gather_evidence(
    chain: Sequence[tuple[Block, Certificate | None]], height: int, tree: StateTree, namespace: str, key: str
) -> Evidence:
    """What a node hands out, where ``chain[height]``'s header states the root of ``tree``.

    EvidenceError where it states another, or where nothing certified follows yet.
    """
    if chain[height][0].header.state != tree.root:
        raise EvidenceError(f"the header at height {height} states another root than the tree's")
    headers, certificate = _certified_from(chain, height)
    record = tree.get(namespace, key)
    return Evidence(
        headers=headers,
        certificate=certificate,
        namespace=namespace,
        key=key,
        value=None if record is None else encode_record(record),
        proof=tree.prove(namespace, key),
    )


def gather_handover(
    chain: Sequence[tuple[Block, Certificate | None]], height: int, tree: StateTree, nodes: Sequence[int] = ()
) -> Handover:
    """What a node hands out of the ``members`` block at ``chain[height]``, which states the root of ``tree``.

    ``nodes``: the numbers voted in that the genesis does not name. EvidenceError as for :func:`gather_evidence`.
    """
    block = chain[height][0]
    if block.header.state != tree.root or len(block.transactions) != 1:
        raise EvidenceError(f"the block at height {height} states another root than the tree's, or changes no members")
    headers, certificate = _certified_from(chain, height)
    proven: list[tuple[int, bytes, Proof]] = []
    for number in nodes:
        record = tree.get(MemberEntry.namespace, str(number))
        if record is None:
            raise EvidenceError(f"node {number} is certified nowhere below height {height}")
        proven.append((number, encode_record(record), tree.prove(MemberEntry.namespace, str(number))))
    return Handover(headers, certificate, block.transactions[0], tuple(proven))


def _certified_from(
    chain: Sequence[tuple[Block, Certificate | None]], height: int
) -> tuple[tuple[Header, ...], Certificate]:
    """The headers from ``height`` on up to the first with a certificate."""
    for end in range(height, min(len(chain), height + HEADERS_MAX)):
        certificate = chain[end][1]
        if certificate is not None:
            return tuple(block.header for block, _ in chain[height : end + 1]), certificate
    raise EvidenceError(f"nothing certified stands at or above height {height} yet")
