"""The oracles and campaigns must catch what is broken on purpose, within a few seeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from consensus.properties import Violation
from consensus.raft import membership
from consensus.raft.electorate import Electorate
from consensus.raft.messages import RequestVoteReply
from consensus.raft.records import LOG, STATE
from consensus.vocabulary import Broadcast, Effects, Persist, Reply, Send
from network.virtual.bare import bare_cast
from network.virtual.case import build_world, draw_case
from network.virtual.machine import Machine

SEEDS = range(60)


class Broken:
    """A node whose effects are tampered with before they are carried out."""

    def __init__(self, machine: Any, tamper: Callable[[Effects], Effects]) -> None:
        self.machine = machine
        self.tamper = tamper

    def start(self, now: int) -> Effects:
        return self.tamper(self.machine.start(now))

    def receive(self, now: int, sender: int, message: Any) -> Effects:
        return self.tamper(self.machine.receive(now, sender, message))

    def timer(self, now: int, name: str) -> Effects:
        return self.tamper(self.machine.timer(now, name))


def play(protocol: str, seed: int, tamper: Callable[[Effects], Effects]) -> None:
    """Only safety is asked for: a broken node need not make progress."""
    case = draw_case(protocol, seed)
    cast = bare_cast(case)

    def build(actor: int, image: Any, incarnation: int) -> Machine:
        machine = cast.factory(actor, image, incarnation)
        return machine if actor == cast.clients_actor else Broken(machine, tamper)

    build_world(case, msgspec.structs.replace(cast, factory=build)).run(until_ns=case.heal_ns)


def _play_all(protocol: str, tamper: Callable[[Effects], Effects]) -> None:
    for seed in SEEDS:
        play(protocol, seed, tamper)


def forgetting(*spaces: str) -> Callable[[Effects], Effects]:
    """Persist nothing in these spaces."""

    def tamper(effects: Effects) -> Effects:
        return [
            Persist(tuple(record for record in effect.records if record.space not in spaces))
            if isinstance(effect, Persist)
            else effect
            for effect in effects
        ]

    return tamper


def hasty(effects: Effects) -> Effects:
    """Say first, persist after."""
    outward = [effect for effect in effects if isinstance(effect, Send | Broadcast | Reply)]
    return outward + [effect for effect in effects if effect not in outward]


def generous(effects: Effects) -> Effects:
    """Grant every vote that is asked for."""
    return [
        Send(effect.to, RequestVoteReply(effect.message.term, granted=True))
        if isinstance(effect, Send) and isinstance(effect.message, RequestVoteReply)
        else effect
        for effect in effects
    ]


@pytest.mark.parametrize(
    ("protocol", "tamper", "expected"),
    [
        ("raft", forgetting(STATE), "durable vote"),
        ("raft", forgetting(LOG), "durable log"),
        ("raft", generous, "one vote"),
        ("raft", hasty, "durable vote"),
        ("pbft", forgetting("pbft.accepted"), "durable before said"),
        ("pbft", forgetting("pbft.view"), "view left|prepared is reported|no equivocation"),
        ("pbft", hasty, "durable before said"),
        ("solo", hasty, "durability"),
        ("solo", forgetting("blocks"), "durability"),
    ],
)
def test_a_planted_bug_is_caught(protocol: str, tamper: Callable[[Effects], Effects], expected: str) -> None:
    with pytest.raises(Violation, match=expected):
        _play_all(protocol, tamper)


@pytest.mark.parametrize(
    ("owner", "rule", "broken", "expected"),
    [
        (
            Electorate,
            "is_quorum",
            lambda self, nodes: 2 * len({*nodes} & {*self.electors}) > len(self.electors),
            "certificates|commit rule|membership|agreement",
        ),
        (
            membership,
            "may_change",
            lambda server: server.log.term_at(server.commit_index) == server.term,
            "one at .* is not decided yet",
        ),
    ],
    ids=["a quorum of the union of two configurations", "two changes of members at once"],
)
def test_a_broken_rule_of_membership_is_caught(owner, rule, broken, expected: str, monkeypatch) -> None:
    monkeypatch.setattr(owner, rule, broken)
    with pytest.raises(Violation, match=expected):
        _play_all("raft", lambda effects: effects)


@pytest.mark.parametrize("protocol", ["solo", "raft", "pbft"])
def test_nothing_is_caught_where_nothing_is_broken(protocol: str) -> None:
    handled = []
    for seed in range(5):
        play(protocol, seed, lambda effects: handled.append(len(effects)) or effects)
    assert handled
