"""Oracles of one's own: what someone's protocol promises besides what every protocol must.

A module that registers a protocol (:func:`consensus.protocols.register`) registers its oracles too. From then on they
watch every trial of that protocol, wherever it is played: in a search, when a failure is shrunk, at a replay.
"""

from __future__ import annotations

from collections.abc import Callable

from consensus.properties import Observer
from scenarios.adversary.trial import Trial

Build = Callable[[Trial], Observer]
"""A fresh oracle for a trial: ``trial.case.voters`` vote in it, ``trial.lying`` lie."""

_registry: dict[str, list[Build]] = {}


def register_oracle(protocol: str, build: Build) -> None:
    """Have ``build(trial)`` watch every trial of ``protocol``. The same ``build`` counts once."""
    builds = _registry.setdefault(protocol, [])
    if build not in builds:
        builds.append(build)


def own_oracles(trial: Trial) -> tuple[Observer, ...]:
    """The registered oracles for ``trial``; none where more nodes lie than its protocol is made for."""
    builds = _registry.get(trial.case.protocol, ()) if trial.tolerated else ()
    return tuple(build(trial) for build in builds)
