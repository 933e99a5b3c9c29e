"""The registry's rule: which change a block may carry out, and what is written down when it does.

The authority is the consortium. At least a quorum of the voters named by the last executed change of members (before
the first, the genesis' own) signs each change with their nodes' keys; ``sequence`` must be the registry's next, so that
no approval counts twice; and no height that a change is about may lie at or below the block that carries it out, so
that nothing already decided is judged anew. Who votes has a certificate without an end, and is given no end while it
votes, so that no height comes at which too few are left to decide. The rule is small and needs no contract: an auditor
applies the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

from msgspec.structs import replace

from consensus.configuration import Changeover, Configuration, ConfigurationError
from node.ledger.records import Record
from node.membership.certificates import AUTHORITY_KEY, Authority, Certificate, ClientEntry, MemberEntry
from node.membership.changes import Certify, Order, Reissue, Revoke, approval_bytes, reconfiguration_of
from node.membership.registry import Registry

Verify = Callable[[bytes, bytes, bytes], bool]
"""(key, data, signature) -> whether the key's holder signed the data; never raises."""

Records = Mapping[tuple[str, str], Record]
"""(namespace, key) -> the record that stands there from now on."""

CERTIFICATES_MAX = 256
"""Of one client: so no record of the state grows beyond what a contract may write."""

_Made = tuple[dict[tuple[str, str], Record], Authority]
"""What a change writes, and the authority after it, whose sequence is counted up at the end."""


class RegistryRefusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The rule says no: ``code`` for machines, ``detail`` for people."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


def judge(registry: Registry, action: str, order: Order, height: int, verify: Verify) -> str | None:
    """Why the block at ``height`` cannot carry out ``order``; None where it can.

    ``registry`` views the state in which the transaction is executed.
    """
    try:
        carry_out(registry, action, order, height, verify)
    except RegistryRefusal as refusal:
        return refusal.code
    return None


def carry_out(registry: Registry, action: str, order: Order, height: int, verify: Verify) -> Records:
    """The records that ``order`` writes in the block at ``height``; RegistryRefusal says why it writes none."""
    _require_approved(registry, action, order, verify)
    change = order.change
    match change:
        case Certify(kind="client"):
            made, after = _certify_client(registry, change, height)
        case Certify():
            made, after = _certify_node(registry, change, height)
        case Revoke(kind="client"):
            made, after = _revoke_client(registry, change, height)
        case Revoke():
            made, after = _revoke_node(registry, change, height)
        case Reissue():
            made, after = _reissue(registry, change, height)
        case _:
            made, after = _change_members(registry, change, height)
    return made | {(Authority.namespace, AUTHORITY_KEY): replace(after, sequence=after.sequence + 1)}


def _require_approved(registry: Registry, action: str, order: Order, verify: Verify) -> None:
    """Replay, order, authority, number, and only then the signatures: from cheap to dear."""
    authority, numbers = registry.authority, [number for number, _ in order.approvals]
    if order.sequence != authority.sequence:
        raise RegistryRefusal("sequence_wrong", f"{order.sequence}; the next is {authority.sequence}")
    if any(one >= other for one, other in pairwise(numbers)):
        raise RegistryRefusal("approvals_unordered", "their numbers must ascend, each once")
    if any(number not in authority.voters for number in numbers):
        raise RegistryRefusal("approval_of_a_stranger", f"those who vote: {', '.join(map(str, authority.voters))}")
    if len(numbers) < registry.quorum:
        raise RegistryRefusal("approvals_too_few", f"{len(numbers)}; {registry.quorum} are needed")
    data = approval_bytes(registry.founding.network, order.sequence, action, order.change)
    for number, signature in order.approvals:
        if not verify(registry.member_key(number) or b"", data, signature):
            raise RegistryRefusal("approval_forged", f"not signed by node {number}")


def _certify_client(registry: Registry, change: Certify, height: int) -> _Made:
    if registry.client(change.name) is not None:
        raise RegistryRefusal("client_known", f"{change.name}; its next certificate is a re-issue")
    if change.home >= registry.member_count:
        raise RegistryRefusal("home_unknown", f"no member has number {change.home}")
    entry = ClientEntry(role=change.role, home=change.home, certificates=(_certificate(change, height),))
    return {(ClientEntry.namespace, change.name): entry}, registry.authority


def _certify_node(registry: Registry, change: Certify, height: int) -> _Made:
    authority = registry.authority
    number = authority.members
    if any(registry.member_key(known) == change.verify_key for known in range(number)):
        raise RegistryRefusal("key_taken", "a node's number binds a key of its own")
    entry = MemberEntry(name=change.name, role=change.role, certificate=_certificate(change, height))
    return {(MemberEntry.namespace, str(number)): entry}, replace(authority, members=number + 1)


def _revoke_client(registry: Registry, change: Revoke, height: int) -> _Made:
    entry, begin = _known_client(registry, change.name), _begin(change.from_height, height)
    if not any(certificate.outlasts(begin) for certificate in entry.certificates):
        raise RegistryRefusal("nothing_to_revoke", f"no key of {change.name} holds from {begin} on")
    certificates = tuple(_ended(certificate, begin) for certificate in entry.certificates)
    return {(ClientEntry.namespace, change.name): replace(entry, certificates=certificates)}, registry.authority


def _revoke_node(registry: Registry, change: Revoke, height: int) -> _Made:
    number, begin = change.number, _begin(change.from_height, height)
    entry = registry.member(number)
    if entry is None or entry.name != change.name:
        raise RegistryRefusal("member_unknown", f"{change.name} is not node {number}")
    if number in registry.voters:
        raise RegistryRefusal("member_votes", f"first remove node {number} from those who vote")
    if not entry.certificate.outlasts(begin):
        raise RegistryRefusal("nothing_to_revoke", f"the key of node {number} does not hold from {begin} on")
    after = replace(entry, certificate=_ended(entry.certificate, begin))
    return {(MemberEntry.namespace, str(number)): after}, registry.authority


def _reissue(registry: Registry, change: Reissue, height: int) -> _Made:
    """Whatever holds from then on ends; the same key's earlier certificate ends too, but is not called revoked."""
    entry, begin = _known_client(registry, change.name), _begin(change.from_height, height)
    key = change.verify_key.hex()
    if len(entry.certificates) >= CERTIFICATES_MAX:
        raise RegistryRefusal("certificates_too_many", f"{change.name} has had {CERTIFICATES_MAX}, which is the limit")
    if any(certificate.revoked and certificate.verify_key == key for certificate in entry.certificates):
        raise RegistryRefusal("key_was_revoked", f"{change.name} needs a key that never was")
    before = (_ended(certificate, begin, revoked=certificate.verify_key != key) for certificate in entry.certificates)
    after = replace(entry, certificates=(*before, _certificate(change, height)))
    return {(ClientEntry.namespace, change.name): after}, registry.authority


def _change_members(registry: Registry, change: Iterable[tuple[str, int]], height: int) -> _Made:
    founding, authority, pairs = registry.founding, registry.authority, tuple(change)
    if founding.protocol.changeover is Changeover.NEVER:
        raise RegistryRefusal("members_fixed", f"under {founding.protocol.name} they never change")
    if any(one[1] >= other[1] for one, other in pairwise(pairs)):
        raise RegistryRefusal("members_unordered", "their numbers must ascend, each once")
    for verb, number in pairs:
        entry = registry.member(number)
        if entry is None or (verb != "remove" and entry.certificate.standing(height) is not None):
            raise RegistryRefusal("member_unknown", f"no certificate of node {number} is in force")
        if verb != "remove" and entry.certificate.until_height:
            end = f"that of node {number} ends at {entry.certificate.until_height}"
            raise RegistryRefusal("certificate_ends", f"{end}: who votes needs one without an end")
    try:
        after = Configuration(voters=authority.voters).changed(reconfiguration_of(pairs))
    except ConfigurationError as error:
        raise RegistryRefusal("members_senseless", str(error)) from None
    return {}, replace(authority, voters=after.voters)


def _known_client(registry: Registry, name: str) -> ClientEntry:
    entry = registry.client(name)
    if entry is None:
        raise RegistryRefusal("client_unknown", name)
    return entry


def _begin(asked: int, height: int) -> int:
    """The first height that a change in the block at ``height`` is about: above that block."""
    if 0 < asked <= height:
        raise RegistryRefusal("height_past", f"{asked} does not lie above block {height}, which carries this out")
    return asked or height + 1


def _certificate(change: Certify | Reissue, height: int) -> Certificate:
    begin = _begin(change.from_height, height)
    if 0 < change.until_height <= begin:
        raise RegistryRefusal("validity_empty", f"from {begin} until {change.until_height}")
    return Certificate(begin, change.until_height, change.verify_key.hex(), change.seal_key.hex(), recorded=height)


def _ended(certificate: Certificate, height: int, *, revoked: bool = True) -> Certificate:
    """``certificate`` as it is where it does not hold from ``height`` on anyway; else ended there."""
    return replace(certificate, until_height=height, revoked=revoked) if certificate.outlasts(height) else certificate
