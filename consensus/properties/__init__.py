"""Safety properties as executable oracles.

An oracle is an :class:`Observer` that a driver tells of every input, effect, durable record and crash of every
node. It checks at the event itself, in constant time or nearly so, and raises :class:`Violation` with the two
facts that cannot both hold. Oracles are omniscient, pure and trust no node: the virtual world feeds them from
its simulated disks and links.

:class:`Agreement`, :class:`Durability` and :class:`Certificates` hold for every protocol; what only one protocol
promises lies in :mod:`consensus.properties.raft` and :mod:`consensus.properties.pbft`. :func:`standard_oracles` builds
all that apply.
"""

from __future__ import annotations

from collections.abc import Callable

from consensus.properties.agreement import Agreement
from consensus.properties.certificates import Certificates
from consensus.properties.durability import Durability
from consensus.properties.observer import Observer, Violation
from consensus.protocols import Application
from consensus.vocabulary import NodeId

__all__ = ["Agreement", "Certificates", "Durability", "Observer", "Violation", "standard_oracles"]


def standard_oracles(  # noqa: PLR0913 (keyword-only: what a network is)
    *,
    protocol: str,
    voters: tuple[NodeId, ...],
    quorum: int,
    genesis: bytes,
    verify: Callable[[NodeId, bytes, bytes], bool],
    liars: frozenset[NodeId] = frozenset(),
    application: Application | None = None,
) -> tuple[Observer, ...]:
    """Every oracle that applies to a network of ``voters`` under ``protocol`` (a registered name).

    ``voters`` are those who vote under this protocol and ``quorum`` is theirs, ``genesis`` the hash at height 0.
    ``verify(member, data, signature)`` checks anyone's signature; ``liars`` are nodes made Byzantine on purpose.
    ``application`` tells, from blocks alone, how they change who votes; without it, nobody's vote ever changes.
    """
    sole = voters[0] if quorum == 1 else None
    common = (Agreement(genesis, sole, liars), Durability(liars), Certificates(voters, quorum, verify, liars))
    return (*common, *_own(protocol, voters, liars, application))


def _own(
    protocol: str, voters: tuple[NodeId, ...], liars: frozenset[NodeId], application: Application | None
) -> tuple[Observer, ...]:
    """What only this protocol promises (imported late: the oracles of one protocol need no other)."""
    if protocol == "raft":
        from consensus.properties.raft import RaftSafety  # noqa: PLC0415

        return (RaftSafety(voters, application=application),)
    if protocol == "pbft":
        from consensus.properties.pbft import PbftSafety  # noqa: PLC0415

        return (PbftSafety(voters, liars),)
    return ()
