"""Every (state, input) of every core: no exception from a peer's input, no change from a rejected one.

Nothing here knows a protocol: states and messages come from random runs of whatever is registered, inputs from their
types. One node lies: whatever it signs is believed to be signed.
"""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from consensus.protocols import protocol, protocol_names
from consensus.vocabulary import Rejected
from scenarios.adversary.explore import machine
from scenarios.adversary.explore.graph import clone
from tests.consensus.rambling import LIE, kinds, rambles
from tests.consensus.wild import Wild, bytes_of

NODES = {"solo": 3, "raft": 3}
NODES_ELSE = 4
SETTINGS = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # what fails is short already; to shrink it takes minutes
)


def nodes_of(name):
    return NODES.get(name, NODES_ELSE)


class Material:
    """What the runs of one protocol leave behind: nodes in all kinds of states, letters, and ways to forge more."""

    def __init__(self, name):
        self.runs = rambles(name, nodes_of(name), seeds=6, steps=720)
        self.letters = [letter for run in self.runs for letter in run.letters]
        forger = Wild({raw for letter in self.letters[::7] for raw in bytes_of(letter.message)}, LIE)
        options = [forger.wild(kind) for kind in protocol(name).messages]
        if self.letters:
            real = st.sampled_from(self.letters).map(lambda letter: letter.message)
            options += [real, *[real.flatmap(forger.mutated)] * len(options)]
        self.messages = st.one_of(*options, st.sampled_from(["text", None, 7, b"", ("raft.append", 1)]))
        self.states = st.sampled_from([(run, state) for run in self.runs for state in run.states])


@cache
def material(name):
    return Material(name)


@pytest.mark.parametrize("name", protocol_names())
def test_no_peer_input_raises_and_no_rejected_one_changes_anything(name):
    source = material(name)

    @SETTINGS
    @given(start=source.states, inputs=st.lists(st.tuples(st.integers(-1, 9), source.messages), max_size=6))
    def check(start, inputs):
        run, node = start
        for sender, message in inputs:
            claimed = run.scene.liar if sender > nodes_of(name) else sender
            core = clone(node.core)
            before = core.state_hash()
            effects = core.receive(node.now, claimed, message)
            if any(isinstance(effect, Rejected) for effect in effects):
                assert len(effects) == 1
                assert core.state_hash() == before
            node = machine.delivered(run.scene, node, claimed, message).machine

    check()


@pytest.mark.parametrize("name", protocol_names())
def test_the_runs_come_through_most_of_the_protocol(name):
    source = material(name)
    said, defined = kinds(source.runs), set(protocol(name).messages)
    assert said <= defined
    assert len(said) * 3 >= len(defined) * 2, sorted(kind.__name__ for kind in defined - said)
    heights = [state.core.status().height for run in source.runs for state in run.states]
    assert name == "solo" or max(heights) >= 3
