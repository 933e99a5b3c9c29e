"""The search visits what a search without its tricks visits, finds what is planted, and says how to get there."""

from __future__ import annotations

import msgspec
import pytest

from consensus.raft.log import Log
from consensus.raft.server import PeerError, Server
from consensus.vocabulary import Send
from scenarios.adversary.explore import Search, scenes, search_scene
from scenarios.adversary.explore.model import Fact
from tests.scenarios.adversary.explore.naive import Naive, key_of
from tests.scenarios.adversary.explore.planting import plant

SCENES = {scene.name: scene for protocol in ("raft", "pbft") for scene in scenes(protocol)}


def poorer(scene, **budget):
    return msgspec.structs.replace(scene, budget=budget)


@pytest.mark.parametrize(("name", "depth"), [("election", 3), ("lying primary", 2), ("lying successor", 2)])
def test_it_visits_what_a_search_without_tricks_visits(name, depth):
    scene = SCENES[name]
    naive, search = Naive(scene), Search(scene)
    for reached in range(1, depth + 1):
        naive.expand()
        assert search.run(depth=reached).states == len(naive.seen)
    said = {key_of(item) for item in search.items.all}
    assert said >= set().union(*(items for _, items, _ in naive.seen))


@pytest.mark.parametrize("name", SCENES)
def test_every_short_schedule_is_safe(name):
    search = Search(SCENES[name])
    tally = search.run(depth=12, states_max=3_000)
    assert (tally.violation, tally.states >= 3_000, tally.depth >= 3) == (None, True, True)


def test_decisions_and_leaders_are_within_reach():
    search = Search(SCENES["replication"])
    search.run(depth=4)
    kinds = {item.kind for item in search.items.all if isinstance(item, Fact)}
    assert kinds == {"leads", "decided"}


def test_a_scene_may_be_exhausted():
    scene = poorer(SCENES["replication"], propose=1)
    tally = search_scene(scene)
    assert (tally.exhausted, tally.violation) == (True, None)


@pytest.mark.parametrize("name", ["election", "lying primary"])
def test_the_order_in_which_dictionaries_were_filled_changes_nothing_that_is_said(name):
    loose, strict = Search(SCENES[name]), Search(SCENES[name], ordered=True)
    loose.run(depth=4 if name == "election" else 2)
    strict.run(depth=4 if name == "election" else 2)
    assert set(map(key_of, loose.items.all)) == set(map(key_of, strict.items.all))
    assert loose.tally.states <= strict.tally.states


def test_the_same_search_twice_is_the_same():
    once, again = (search_scene(SCENES["election"], depth=5) for _ in range(2))
    assert (once.states, once.transitions, once.items) == (again.states, again.transitions, again.items)


def test_a_majority_of_too_few_is_found(monkeypatch):
    plant(monkeypatch, "consensus.raft", "majority", lambda n: n // 2)
    tally = search_scene(SCENES["election"], depth=4)
    assert tally.violation == "election safety"
    assert [line for line in tally.story if line.startswith(">")] == ["> raft.election 0", "> raft.election 1"]
    assert any(line.startswith("  tells raft.role leader 1") for line in tally.story)


def test_a_quorum_of_too_few_is_found_among_liars(monkeypatch):
    plant(monkeypatch, "consensus.pbft", "byzantine_quorum", lambda n: 2 * ((n - 1) // 3))
    tally = search_scene(SCENES["lying primary"], depth=4)
    assert tally.violation == "one prepared block a view and height"
    assert sum("PrePrepare" in line for line in tally.story if line.startswith(">")) == 2


def test_a_vote_for_an_incomplete_log_is_found(monkeypatch):
    monkeypatch.setattr(Log, "is_up_to_date", lambda *_: True)
    monkeypatch.setattr(Server, "stands_by_a_leader", lambda *_: False)  # so that it can be asked for sooner
    scene = poorer(SCENES["replication"], **{"raft.election": 1, "propose": 1})
    assert search_scene(scene, depth=8).violation == "leader completeness"


def test_a_vote_that_is_said_before_it_is_durable_is_found(monkeypatch):
    """Only a crash in the middle of a step shows it."""

    def send(server, to, message):
        server.effects.append(Send(to=to, message=message))

    monkeypatch.setattr(Server, "send", send)
    scene = poorer(SCENES["election"], **{"raft.election": 2, "crash": 1})
    tally = search_scene(scene, depth=9)
    assert tally.violation == "one vote a term"
    assert any("crashes in the middle" in line for line in tally.story)


def test_a_flaw_of_one_node_is_told(monkeypatch):
    monkeypatch.setattr(Log, "is_up_to_date", lambda *_: reject())
    tally = search_scene(SCENES["election"], depth=3)
    assert tally.violation == "node 1 rejects an honest message: for no reason"


def reject():
    raise PeerError("for no reason")


def test_liars_speak_with_two_tongues():
    scene = SCENES["lying primary"]
    said = [letter.message for letter in scene.opening()]
    proposals = {one.block.hash for one in said if type(one).__name__ == "PrePrepare"}
    assert len(proposals) == 2
    assert all(letter.sender == 0 and letter.to == (1, 2, 3) for letter in scene.opening())


def test_a_lying_successor_begins_its_view_from_any_quorum():
    search = Search(SCENES["lying successor"])
    search.run(depth=3)
    begun = [item for item in search.items.all if type(getattr(item, "message", None)).__name__ == "NewView"]
    assert len(begun) >= 3
    assert {letter.sender for letter in begun} == {1}
