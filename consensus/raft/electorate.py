"""The arithmetic of one configuration: what a majority is, where one or two sets of voters must agree.

Under a joint configuration (dissertation, section 4.3) every decision needs a majority of the old voters *and* a
majority of the new ones: elections, commitment, CheckQuorum, ReadIndex. A majority of all of them together would
prove nothing. Whoever is not in a set does not count for it, whatever it says: learners, removed servers, strangers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from consensus.configuration import Configuration
from consensus.quorum import majority
from consensus.vocabulary import NodeId


class Electorate:
    """Who decides under ``configuration``. Immutable; one object stands for every height that it decides.

    ``members_hash`` is what the headers of those blocks must say, None where the application does not care.
    """

    __slots__ = ("_majorities", "_sets", "configuration", "electors", "members_hash", "quorum_min")

    def __init__(self, configuration: Configuration, members_hash: bytes | None = None) -> None:
        self.configuration = configuration
        self.members_hash = members_hash
        self.electors = configuration.electors
        sets = (configuration.voters, configuration.outgoing) if configuration.joint else (configuration.voters,)
        self._sets = tuple((voters, majority(len(voters))) for voters in sets)
        self._majorities = tuple((frozenset(voters), needed) for voters, needed in self._sets)
        self.quorum_min = max(needed for _, needed in self._sets)
        """No fewer are ever enough."""

    def __deepcopy__(self, memo: object) -> Electorate:
        return self

    def is_quorum(self, nodes: Collection[NodeId]) -> bool:
        """Do ``nodes`` hold a majority of each set of voters?"""
        if len(nodes) < self.quorum_min:
            return False
        for voters, needed in self._majorities:  # noqa: SIM110  a loop: asked at every acknowledgement
            if len(voters.intersection(nodes)) < needed:
                return False
        return True

    def is_blocked(self, nodes: Collection[NodeId]) -> bool:
        """Can there be no quorum any more without one of ``nodes`` (who have refused)?"""
        return any(sum(voter in nodes for voter in voters) > len(voters) - needed for voters, needed in self._sets)

    def reached(self, values: Mapping[NodeId, int], least: int) -> int:
        """The highest value that a quorum has reached; ``least`` stands for voters without one."""
        reached = []
        for voters, needed in self._sets:
            descending = sorted((values.get(voter, least) for voter in voters), reverse=True)
            reached.append(descending[needed - 1])
        return min(reached)

    def least_quorum(self, nodes: Collection[NodeId]) -> tuple[NodeId, ...] | None:
        """A quorum out of ``nodes``, ascending, none of whom could be left out; None where there is no quorum.

        Those with low numbers are kept, so that the choice is the same everywhere.
        """
        if not self.is_quorum(nodes):
            return None
        if len(self._sets) == 1:
            ((voters, needed),) = self._sets
            return tuple(voter for voter in voters if voter in nodes)[:needed]
        chosen = sorted(voter for voter in self.electors if voter in nodes)
        for voter in reversed(tuple(chosen)):
            rest = [other for other in chosen if other != voter]
            if self.is_quorum(rest):
                chosen = rest
        return tuple(chosen)

    def fault_of_signers(self, signers: Collection[NodeId]) -> str | None:
        """Why ``signers`` are not exactly a quorum, or None where they are one.

        Exactly: without any one of them it would be none. With one set of voters that is a number of signers.
        """
        if not self.is_quorum(signers):
            return f"{len(signers)} signatures are no quorum"
        for signer in signers:
            if self.is_quorum([other for other in signers if other != signer]):
                return f"{len(signers)} signatures are more than a quorum, which does not need that of member {signer}"
        return None
