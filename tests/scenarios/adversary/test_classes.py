"""Oracles that name the classes of messages that they need are not told of others, and must have no use for those."""

from __future__ import annotations

import pickle
from collections import Counter

import pytest

from consensus.properties import Observer
from scenarios.adversary.play import play
from scenarios.adversary.stage import set_stage
from scenarios.adversary.trial import draw_trial

OFTEN = 4
"""How often each oracle is told of each class that it does not name."""


class Meddler(Observer):
    """Tells every oracle of what it does not want to be told of, and looks whether it takes any notice."""

    def __init__(self) -> None:
        self.oracles = ()
        self.told = Counter()

    def on_receive(self, now, node, incarnation, sender, message):
        self._meddle("hears", "on_receive", {type(message)}, (now, node, incarnation, sender, message))

    def on_leave(self, now, node, incarnation, effect, durable):
        classes = {type(effect), type(effect.message)}
        self._meddle("weighs", "on_leave", classes, (now, node, incarnation, effect, durable))

    def _meddle(self, names, hook, classes, event):
        for oracle in self.oracles:
            named = getattr(oracle, names)
            case = type(oracle).__name__, hook, *sorted(kind.__name__ for kind in classes)
            if named is None or classes & named or self.told[case] >= OFTEN:
                continue
            self.told[case] += 1
            before = knowledge(oracle)
            getattr(oracle, hook)(*event)
            assert knowledge(oracle) == before, case


def knowledge(oracle: Observer) -> dict[str, bytes]:
    """What an oracle has found out so far."""
    return {name: pickle.dumps(value) for name, value in vars(oracle).items() if isinstance(value, dict | set | int)}


@pytest.mark.parametrize("network", ["cores", "replicas"])
@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_what_an_oracle_does_not_name_it_has_no_use_for(protocol: str, network: str) -> None:
    meddler = Meddler()

    def meddle(world):
        meddler.oracles = tuple(oracle for oracle in world.observers if oracle is not meddler)

    trial = draw_trial(protocol, 3, network=network)
    assert any(oracle.weighs is not None for oracle in set_stage(trial).observers)
    played = play(trial, observers=(meddler,), until_ns=min(trial.case.heal_ns, 6_000_000_000), see=meddle)
    assert played.broken is None
    assert len(meddler.told) > 8
