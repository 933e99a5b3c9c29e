"""Disks that break their word, to show that the campaign notices: each breaks one rule that crash safety rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from consensus.pbft.messages import ACCEPTED
from consensus.raft.records import STATE
from scenarios.adversary.bugs.registry import Planter

_PERSIST = "network.virtual.world:World._persist"


def _said_before_synced(plant: Planter) -> None:
    """Nothing waits for the disk: votes and receipts leave while what they rest on is not synced."""

    def wrap(real: Any) -> Any:
        def persist(self: Any, actor: Any, records: Any) -> None:
            real(self, actor, records)
            while actor.outbox and type(actor.outbox[-1]) is int:
                actor.outbox.pop()

        return persist

    plant.replace(_PERSIST, wrap)


def _votes_not_synced(plant: Planter) -> None:
    """The records that hold votes never reach the disk."""

    def wrap(real: Any) -> Any:
        def persist(self: Any, actor: Any, records: Any) -> None:
            real(self, actor, tuple(record for record in records if record.space not in {STATE, ACCEPTED}))

        return persist

    plant.replace(_PERSIST, wrap)


def _half_a_write(plant: Planter) -> None:
    """No journal: of the write that a crash tears, a part stays on the disk."""


PLANTED: dict[str, tuple[Callable[[Planter], None], dict[str, Any]]] = {
    "said-before-synced": (_said_before_synced, {}),
    "votes-not-synced": (_votes_not_synced, {}),
    "half-a-write": (_half_a_write, {"journal": False}),
}
"""By name: what is replaced, and with which settings the world is built."""


@contextmanager
def planted(name: str | None) -> Iterator[dict[str, Any]]:
    """Have that disk in the program for a while (None: the true one); the settings of the world. KeyError: unknown."""
    if name is None:
        yield {}
        return
    plant, settings = PLANTED[name]
    planter = Planter()
    try:
        plant(planter)
        yield settings
    finally:
        planter.undo()
