"""A standstill is told by its kind, and an idle network that does not rest is told too."""

import importlib
from types import SimpleNamespace

import pytest

from consensus.properties import Violation

player = importlib.import_module("scenarios.adversary.play")  # the module, not the function of that name


class Network:
    """Looks like a world and its stage; ``story`` gives (height, rounds) after each time that it ran."""

    def __init__(self, *story):
        self.now, self._story = 0, list(story)
        self.observers = (SimpleNamespace(height=story[0][0]), object())

    def run(self, *, until_ns):
        self.now = until_ns
        del self._story[0]
        self.observers[0].height = self._story[0][0]

    def cores(self, world):
        return [SimpleNamespace(status=lambda told=told: SimpleNamespace(round=told)) for told in world._story[0][1]]

    def describe(self, world):
        return f"at {world.now} ns"


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        ((5, (1, 1)), "deadlock: nothing rises"),
        ((5, (1, 4)), r"livelock: rounds rise from \(1, 1\) to \(1, 4\), nothing is decided"),
        ((6, (1, 4)), "starvation: blocks are decided"),
    ],
)
def test_a_standstill_is_told_by_its_kind(after, kind):
    network = Network((5, (1, 1)), after)
    with pytest.raises(Violation, match=f"liveness: not finished 7 ns after the network healed; {kind}"):
        raise player._stall(network, network, 7)


def test_an_idle_network_keeps_its_rounds_once_it_has_settled():
    quiet = Network((5, (1,)), (5, (2,)), (5, (2,)))
    player._require_quiet(quiet, quiet)
    restless = Network((5, (1,)), (5, (2,)), (5, (3,)))
    with pytest.raises(Violation, match=r"quiet when idle: rounds \(2,\) with nothing to do; but \(3,\) later"):
        player._require_quiet(restless, restless)


@pytest.fixture
def progress(monkeypatch):
    """Asks a network for progress: one view change is enough, and a request is answered when its story ends."""
    monkeypatch.setattr(player, "views_left", lambda _: 1)
    monkeypatch.setattr(player, "patience_ns", lambda *_: 10 * player.RETRY_NS)
    monkeypatch.setattr(player, "pace_ns", lambda _: 0)
    trial = SimpleNamespace(case=SimpleNamespace(heal_ns=0), operations=0)

    def ask(network):
        network.finished = lambda world: len(world._story) == 1
        player._require_progress(trial, network, network)

    return ask


def test_views_change_no_oftener_than_they_must_once_everybody_was_asked_again(progress):
    before = [(5, (views,)) for views in range(player.RETRY_NS // player.STEP_NS)]
    first = len(before)
    progress(Network(*before, (5, (first,)), (6, (first + 1,)), (7, (first + 1,))))
    with pytest.raises(Violation, match=r"few view changes: views rise from .*; but 1 are enough"):
        progress(Network(*before, *((5, (first + more,)) for more in range(4))))
