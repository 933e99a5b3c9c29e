"""Bugs of what a Raft server keeps on its disk, and when."""

from __future__ import annotations

from typing import Any

from consensus.raft.records import LOG, STATE, HardState
from consensus.snapshots import MANIFEST, SNAPSHOT
from consensus.vocabulary import Broadcast, Cut, Effects, Persist, Put, Send
from scenarios.adversary.bugs.registry import Planter, bug

_TAKE = "consensus.raft.server:Server.take_effects"


def _without(effects: Effects, unwanted: Any) -> Effects:
    """The effects with those records left out that ``unwanted(record)`` names."""
    out: Effects = []
    for effect in effects:
        if type(effect) is not Persist:
            out.append(effect)
        elif kept := tuple(record for record in effect.records if not unwanted(record)):
            out.append(Persist(kept))
    return out


def _forgetting(plant: Planter, unwanted: Any) -> None:
    plant.replace(_TAKE, lambda real: lambda self: _without(real(self), unwanted))


@bug("raft-term-not-durable", protocol="raft", source="wenweihu86/raft-java #57")
def _term_not_durable(plant: Planter) -> None:
    """Term and vote are kept in memory alone."""
    _forgetting(plant, lambda record: record.space == STATE)


@bug("raft-log-not-durable", protocol="raft", source="acknowledged before written: jepsen's classic")
def _log_not_durable(plant: Planter) -> None:
    """Entries are acknowledged that were never written."""
    _forgetting(plant, lambda record: record.space == LOG and not isinstance(record, Cut))


@bug(
    "raft-vote-lost-at-restart",
    quick=False,
    protocol="raft",
    source="half of raft-java #57: the term survives, the vote not",
    nodes=5,
    strategy="contest",
)
def _vote_lost(plant: Planter) -> None:
    """A restarted server knows its term and no longer its vote."""

    def wrap(real: Any) -> Any:
        def load(self: Any, image: Any, *rest: Any) -> None:
            real(self, image, *rest)
            self.voted_for = None

        return load

    plant.replace("consensus.raft.server:Server._load", wrap)


@bug("raft-says-before-durable", protocol="raft", source="Raft paper, figure 2: persistent before responding, ignored")
def _hasty(plant: Planter) -> None:
    """What is said leaves before what it rests on is written."""

    def wrap(real: Any) -> Any:
        def take(self: Any) -> Effects:
            effects: Effects = real(self)
            said = [effect for effect in effects if type(effect) is Send or type(effect) is Broadcast]
            return [*said, *(effect for effect in effects if not (type(effect) is Send or type(effect) is Broadcast))]

        return take

    plant.replace(_TAKE, wrap)


@bug("raft-truncation-not-durable", quick=False, protocol="raft", source="etcd-io/raft #22442")
def _truncation_not_durable(plant: Planter) -> None:
    """A conflicting tail is cut off in memory alone, and is back after a restart."""
    _forgetting(plant, lambda record: isinstance(record, Cut) and record.space == LOG)
    # The hash links of blocks would mend it: a server that does not check them when it loads is what had the bug.

    def wrap(real: Any) -> Any:
        def recover(setup: Any, log_keep: int) -> Any:
            found = real(setup, log_keep)
            entries = setup.image.get(LOG, {})
            found.leftover = False
            found.log._blocks += [entries[index].block for index in sorted(entries) if index > found.log.last_index]  # noqa: SLF001
            return found

        return recover

    plant.replace("consensus.raft.server:recover", wrap)


@bug("raft-stale-term-written", protocol="raft", source="a term that falls at a restart")
def _stale_term(plant: Planter) -> None:
    """The term is written one too low, so that a restarted server votes twice in it."""

    def wrap(real: Any) -> Any:
        def take(self: Any) -> Effects:
            return [_lowered(effect) for effect in real(self)]

        return take

    plant.replace(_TAKE, wrap)


def _lowered(effect: Any) -> Any:
    if type(effect) is not Persist:
        return effect
    records = tuple(
        Put(STATE, record.key, HardState(max(0, record.value.term - 1), None))
        if isinstance(record, Put) and record.space == STATE
        else record
        for record in effect.records
    )
    return Persist(records)


@bug("raft-applied-index-not-atomic", quick=False, protocol="raft", source="etcd-io/etcd #13766", strategy="lag")
def _applied_index(plant: Planter) -> None:
    """How far the state of a snapshot reaches is written first, and the state itself with the next write."""

    def wrap(real: Any) -> Any:
        def install(self: Any, snapshot: Any) -> Effects:
            effects: Effects = []
            for effect in real(self, snapshot):
                if isinstance(effect, Persist):
                    index = tuple(record for record in effect.records if not _is_chunk(record))
                    effects += [Persist(index), Persist(tuple(filter(_is_chunk, effect.records)))]
                else:
                    effects.append(effect)
            return effects

        return install

    plant.replace("network.virtual.bare.node:BareNode._install", wrap)


def _is_chunk(record: Any) -> bool:
    return isinstance(record, Put) and record.space == SNAPSHOT and record.key != MANIFEST
