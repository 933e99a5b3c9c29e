"""Safety properties as executable oracles.

An oracle is an :class:`Observer` that a driver tells of every input, effect, durable record and crash of every
node. It checks at the event itself, in constant time or nearly so, and raises :class:`Violation` with the two
facts that cannot both hold. Oracles are omniscient, pure and trust no node: the virtual world feeds them from
its simulated disks and links.

:class:`Agreement`, :class:`Durability` and :class:`Certificates` hold for every protocol; what only one protocol
promises lies in :mod:`consensus.properties.raft`, :mod:`consensus.properties.pbft` and
:mod:`consensus.properties.checkpoints`. :func:`standard_oracles` builds all that apply.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from consensus.properties.agreement import Agreement
from consensus.properties.certificates import Certificates
from consensus.properties.durability import Durability
from consensus.properties.electorates import Electorates
from consensus.properties.memberships import Memberships
from consensus.properties.observer import Observer, Property, Violation
from consensus.protocols import Application
from consensus.vocabulary import NodeId

__all__ = [
    "Agreement",
    "Certificates",
    "Durability",
    "Electorates",
    "Observer",
    "Property",
    "Violation",
    "standard_oracles",
]


def standard_oracles(  # noqa: PLR0913 (keyword-only: what a network is)
    *,
    protocol: str,
    voters: tuple[NodeId, ...],
    quorum: int,
    genesis: bytes,
    verify: Callable[[NodeId, bytes, bytes], bool],
    liars: frozenset[NodeId] = frozenset(),
    application: Application | None = None,
    options: Any = None,
) -> tuple[Observer, ...]:
    """Every oracle that applies to a network of ``voters`` under ``protocol`` (a registered name).

    ``voters`` are those who vote under this protocol and ``quorum`` is theirs, ``genesis`` the hash at height 0.
    ``verify(member, data, signature)`` checks anyone's signature; ``liars`` are nodes made Byzantine on purpose.
    ``application`` tells, from blocks alone, how they change who votes; without it, nobody's vote ever changes.
    ``options`` are the protocol's own settings, where the limits that they set are to be judged too.
    """
    sole = voters[0] if quorum == 1 else None
    electorates = _electorates(voters, application, options) if protocol == "pbft" else None
    memberships = Memberships(voters, application) if protocol == "raft" and application is not None else None
    certificates = Certificates(voters, quorum, verify, liars, electorates or memberships, every=protocol == "pbft")
    common = (Agreement(genesis, sole, liars), Durability(liars), certificates)
    if protocol == "raft":
        from consensus.properties.raft import RaftSafety  # noqa: PLC0415
        from consensus.properties.raft_logs import RaftLogs  # noqa: PLC0415

        safety = RaftSafety(voters, application=application)
        return (*common, RaftLogs(safety), safety)
    if protocol == "pbft":
        from consensus.pbft.options import options_of  # noqa: PLC0415
        from consensus.properties.checkpoints import CheckpointSafety  # noqa: PLC0415
        from consensus.properties.pbft import PbftSafety  # noqa: PLC0415

        log_size = options_of(options).heights_kept if options is not None else None
        pbft_safety = PbftSafety(voters, liars, electorates=electorates)
        return (*common, pbft_safety, CheckpointSafety(voters, liars, log_size))
    return common


def _electorates(voters: tuple[NodeId, ...], application: Application | None, options: Any) -> Electorates:
    """Who votes at which height under PBFT (imported late: the oracles of one protocol need no other)."""
    from consensus.pbft.options import options_of  # noqa: PLC0415

    asked = application.reconfiguration if application is not None else None
    return Electorates(voters, options_of(options).checkpoint_interval, asked)
