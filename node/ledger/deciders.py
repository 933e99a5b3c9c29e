"""Who decides which block, followed along a chain from its blocks alone; what makes a quorum of them.

Auditors, light clients and replicas all follow the same three rules:

1. A ``members`` block asks for a change of voters. Under a protocol of :attr:`Changeover.AT_ONCE` it is itself decided
   by what the change makes: a *joint* configuration where more than one voter comes or goes, which the first later
   block leaves whose header names the new voters alone. Under :attr:`Changeover.LATER` a block above it is the first
   that the new voters decide, and until then no other change may be asked for.
2. Every header names the hash of the configuration that decides it (:func:`node.ledger.genesis.members_hash`), so the
   header says where a change begins to hold; it can name nothing else.
3. A certificate holds exactly a quorum: a quorum of each set of voters, and nobody without whom it still would. It is
   of the block's own round, or under PBFT of a later one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from consensus.chain import Certificate, Header, verify_signatures
from consensus.configuration import Changeover, Configuration, ConfigurationError, Reconfiguration
from consensus.protocols import ProtocolEntry
from node.ledger.genesis import OWN_ROUND_PROTOCOLS

NameOf = Callable[[Configuration], bytes]
"""Configuration -> what headers of its blocks name; UnknownMembersError where one of its keys is not known."""


class Deciders:
    """The configuration in force after a chain of blocks, and the change that is asked for and not in force yet."""

    def __init__(self, changeover: Changeover, configuration: Configuration, name_of: NameOf) -> None:
        self._changeover = changeover
        self._name_of = name_of
        self.current = configuration
        """Who decided the last block that was followed (at first: who decides the one to come, if nothing changes)."""
        self.pending: Reconfiguration | None = None
        self._before = configuration
        self.changed = False
        """Did the last block that was followed bring another configuration than the one before it?"""

    def forked(self, name_of: NameOf) -> Deciders:
        """The same, to follow on with names that ``name_of`` gives; this one stays as it is."""
        other = Deciders(self._changeover, self.current, name_of)
        other.pending, other._before = self.pending, self._before
        return other

    def follow(self, header: Header, asked: Reconfiguration | None) -> Configuration:
        """Who decides the next block, which asks for that change; ConfigurationError where that cannot be."""
        options = self._options(asked)
        chosen = next((option for option in options if self._name_of(option) == header.members), None)
        if chosen is None:
            raise ConfigurationError("names other members than those who decide it")
        pending = None if chosen is not self.current else self.pending
        if self._changeover is not Changeover.AT_ONCE and asked is not None:
            if self._changeover is Changeover.NEVER:
                raise ConfigurationError("asks for other members, which its protocol does not allow")
            if pending is not None:
                raise ConfigurationError("asks for other members while a change is under way")
            chosen.changed(asked)
            pending = asked
        self.changed = chosen is not self.current
        if self.changed:
            self._before = self.current
        self.current, self.pending = chosen, pending
        return chosen

    @property
    def proposers(self) -> tuple[int, ...]:
        """Who may have proposed the last block that was followed.

        Those who decide it; and under :attr:`Changeover.AT_ONCE` those who decided before the last change: a leader
        that is voted out leads on until that is decided (Ongaro's dissertation, section 4.2.2).
        """
        if self._changeover is not Changeover.AT_ONCE:
            return self.current.electors
        return tuple(sorted({*self.current.electors, *self._before.electors}))

    def would_decide(self, before: Configuration, asked: Reconfiguration) -> Configuration:
        """Who decides a block that asks for that change where ``before`` would decide one that asks for none."""
        return before.changed(asked) if self._changeover is Changeover.AT_ONCE else before

    def _options(self, asked: Reconfiguration | None) -> Sequence[Configuration]:
        current = self.current
        if self._changeover is Changeover.AT_ONCE:
            if asked is not None:
                return (current.changed(asked),)
            return (current, current.left()) if current.joint else (current,)
        return (current,) if self.pending is None else (current, _plain(current.changed(self.pending)))


def _plain(configuration: Configuration) -> Configuration:
    """Where a change holds later there is no time in which both sets decide."""
    return configuration.left() if configuration.joint else configuration


def voter_sets(configuration: Configuration) -> tuple[tuple[int, ...], ...]:
    """The sets of voters of which each must agree: one, or two where the configuration is joint."""
    return (configuration.voters, configuration.outgoing) if configuration.joint else (configuration.voters,)


def fault_of_certificate(
    certificate: Certificate,
    header: Header,
    configuration: Configuration,
    protocol: ProtocolEntry,
    verify: Callable[[int, bytes, bytes], bool],
) -> str | None:
    """Why ``certificate`` does not prove that ``configuration`` decided the block of ``header``, or None."""
    fault = _fault_of_place(certificate, header, protocol.name)
    if fault is None:
        signers = [member for member, _ in certificate.signatures]
        sets = [(voters, protocol.quorum(len(voters))) for voters in voter_sets(configuration)]
        fault = _fault_of_signers(signers, sets)
    return fault or verify_signatures(certificate, configuration.electors, verify)


def _fault_of_place(certificate: Certificate, header: Header, protocol: str) -> str | None:
    if (certificate.height, certificate.hash) != (header.height, header.hash):
        return "it is for another block"
    if certificate.round == header.round:
        return None
    if certificate.round < header.round:
        return f"it is of round {certificate.round}, before the block was proposed in {header.round}"
    if protocol in OWN_ROUND_PROTOCOLS:
        return f"it is of round {certificate.round}, the block of {header.round}: under {protocol} they are the same"
    return None


def _fault_of_signers(signers: Sequence[int], sets: Sequence[tuple[Collection[int], int]]) -> str | None:
    if len(sets) == 1:
        needed = sets[0][1]
        return None if len(signers) == needed else f"{len(signers)} signatures where a quorum is exactly {needed}"
    for voters, needed in sets:
        few = sum(signer in voters for signer in signers)
        if few < needed:
            return f"{few} signatures of the voters {list(voters)}, of whom {needed} must agree"
    for spare in signers:
        rest = [signer for signer in signers if signer != spare]
        if all(sum(signer in voters for signer in rest) >= needed for voters, needed in sets):
            return f"{len(signers)} signatures, of which that of member {spare} is to spare"
    return None
