"""Detectors 侦测: one for each kind of misbehaviour, by what an honest party can see (:mod:`..watching`).

A detector is a function of the ledger and of its threshold, in a unit that it documents, to alarms. It never sees who
lies: that is for the score alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from scenarios.runner.misbehaviour.detectors.bills import raised
from scenarios.runner.misbehaviour.detectors.claims import doubled
from scenarios.runner.misbehaviour.detectors.edits import edited
from scenarios.runner.misbehaviour.detectors.invoices import forged
from scenarios.runner.misbehaviour.detectors.keys import stolen
from scenarios.runner.misbehaviour.detectors.notices import withheld
from scenarios.runner.misbehaviour.detectors.oracles import misread
from scenarios.runner.misbehaviour.detectors.stamps import backdated
from scenarios.runner.misbehaviour.detectors.uploads import illegal
from scenarios.runner.misbehaviour.watching import Alarm, Watched

Detector = Callable[[Watched, int | None], Iterator[Alarm]]

DETECTORS: Mapping[str, Detector] = MappingProxyType(
    {
        "backdated-cover": backdated,
        "colluding-hospital": raised,
        "double-claim": doubled,
        "forged-invoice": forged,
        "illegal-upload": illegal,
        "lying-oracle": misread,
        "silent-policy-edit": edited,
        "stolen-key": stolen,
        "withheld-loss-notice": withheld,
    }
)
"""By kind of misbehaviour."""

__all__ = ["DETECTORS", "Detector"]
