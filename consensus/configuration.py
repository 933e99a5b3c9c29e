"""Who takes part in deciding: configurations, and how one becomes the next.

One shape for every protocol. Raft's *joint* configuration (dissertation, section 4.3) holds two sets of voters, each of
which must agree by a majority of its own; PBFT and the single-server changes of section 4.1 use the plain form. A
learner (section 4.2.1) is sent everything and asked for nothing.

A change is asked for by a block (:meth:`consensus.protocols.Application.reconfiguration`); from which height on it
holds is the protocol's business: Raft's from the block that carries it, PBFT's from the checkpoint after that block.
Every header names the hash of the configuration that decides its block, so an outsider can follow.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from consensus.chain import Natural


class ConfigurationError(ValueError):
    """A change that cannot be made to a configuration; the message says why."""


class UnknownMembersError(ConfigurationError):
    """A configuration names a node of which the application has not learnt yet who it is."""


class Changeover(StrEnum):
    """From when on a change of members that a block asks for decides, by protocol."""

    NEVER = "never"  # such a block is refused
    AT_ONCE = "at-once"  # that very block is decided by what it makes, which may be joint
    LATER = "later"  # some block above it is the first; never joint


class Verb(StrEnum):
    """What a change does with a node."""

    ADD_VOTER = "add-voter"  # a newcomer, or the promotion of a learner
    ADD_LEARNER = "add-learner"  # a newcomer, or the demotion of a voter
    REMOVE = "remove"


class Change(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One node's part in a reconfiguration."""

    verb: Verb
    node: Natural


class Reconfiguration(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Changes to be made together.

    ``joint`` asks Raft for joint consensus even where one node alone changes its vote; ``auto_leave`` has it left by
    the leader as soon as the joint configuration is committed.
    """

    changes: tuple[Change, ...]
    joint: bool = False
    auto_leave: bool = True


class Configuration(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Voters and learners, each ascending. ``outgoing`` is empty but while two sets of voters must agree (joint).

    ``learners_next`` are voters of ``outgoing`` that become learners when the joint configuration is left.
    """

    voters: tuple[Natural, ...]
    learners: tuple[Natural, ...] = ()
    outgoing: tuple[Natural, ...] = ()
    learners_next: tuple[Natural, ...] = ()
    auto_leave: bool = False

    @property
    def joint(self) -> bool:
        return bool(self.outgoing)

    @property
    def electors(self) -> tuple[int, ...]:
        """Everyone with a vote in either set, ascending."""
        return tuple(sorted({*self.voters, *self.outgoing}))

    @property
    def members(self) -> tuple[int, ...]:
        """Everyone who is sent the log: electors and learners, ascending."""
        return tuple(sorted({*self.voters, *self.outgoing, *self.learners}))

    def left(self) -> Configuration:
        """What a joint configuration becomes when it is left; ConfigurationError for a plain one."""
        if not self.joint:
            raise ConfigurationError("only a joint configuration can be left")
        learners = tuple(sorted({*self.learners, *self.learners_next}))
        return Configuration(voters=self.voters, learners=learners)

    def changed(self, asked: Reconfiguration) -> Configuration:
        """The configuration after ``asked``, joint where voters change by more than one or ``asked.joint``.

        ConfigurationError where it makes no sense: in a joint configuration, a change that changes nothing, one that
        names a node twice, or one that leaves no voter.
        """
        if self.joint:
            raise ConfigurationError("a joint configuration must be left before the next change")
        if len({change.node for change in asked.changes}) != len(asked.changes) or not asked.changes:
            raise ConfigurationError("a reconfiguration names each of its nodes once, and at least one")
        voters, learners = set(self.voters), set(self.learners)
        for change in asked.changes:
            before = change.node in voters, change.node in learners
            voters.discard(change.node)
            learners.discard(change.node)
            if change.verb is Verb.ADD_VOTER:
                voters.add(change.node)
            elif change.verb is Verb.ADD_LEARNER:
                learners.add(change.node)
            if (change.node in voters, change.node in learners) == before:
                raise ConfigurationError(f"{change.verb} of node {change.node} changes nothing")
        if not voters:
            raise ConfigurationError("no voter would be left")
        return self._become(voters, learners, asked)

    def _become(self, voters: set[int], learners: set[int], asked: Reconfiguration) -> Configuration:
        old = set(self.voters)
        if len(voters ^ old) <= 1 and not asked.joint:
            return Configuration(voters=tuple(sorted(voters)), learners=tuple(sorted(learners)))
        return Configuration(
            voters=tuple(sorted(voters)),
            learners=tuple(sorted(learners - old)),
            outgoing=self.voters,
            learners_next=tuple(sorted(learners & old)),
            auto_leave=asked.auto_leave,
        )
