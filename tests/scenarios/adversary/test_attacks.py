"""Small wrong nodes that no planted bug resembles: whatever they do wrong, some oracle notices.

Each attack bends what a sound node of one kind lets out, on its way to the world; liars they are not, for nobody is
told to expect them. One attack a test, and the property that it breaks.
"""

from __future__ import annotations

import importlib

import msgspec
import pytest

from consensus.chain import BLOCKS, CERTIFICATES, Block
from consensus.pbft.messages import Checkpoint, CommitVote, Prepare, ViewChange
from consensus.raft.messages import AppendEntries, AppendSuccess, RequestVote, RequestVoteReply
from consensus.raft.records import LOG, LogEntry
from consensus.vocabulary import Broadcast, Commit, Persist, Put, Reply, Send
from network.requests import Receipt
from network.virtual.bare.blocks import request
from network.virtual.bare.messages import Done
from scenarios.adversary import draw_trial
from tests.node.lab import reheaded

SEEDS = range(8)
player = importlib.import_module("scenarios.adversary.play")  # the module, not the function of that name


class Bent:
    """A node around a sound one; ``bend`` maps each of its effects to those let out."""

    def __init__(self, machine, bend):
        self.machine, self.bend = machine, bend

    def _out(self, effects):
        return [bent for effect in effects for bent in self.bend(effect)]

    def start(self, now):
        return self._out(self.machine.start(now))

    def receive(self, now, sender, message):
        return self._out(self.machine.receive(now, sender, message))

    def timer(self, now, name):
        return self._out(self.machine.timer(now, name))

    def __getattr__(self, name):
        return getattr(self.machine, name)


def said(kind, change):
    """Bends the messages of one kind."""

    def bend(effect):
        if isinstance(effect, Send | Broadcast | Reply) and type(effect.message) is kind:
            return [msgspec.structs.replace(effect, message=change(effect.message))]
        return [effect]

    return bend


def kept(space, change):
    """Bends the records of one space on their way to the disk: None leaves one out."""

    def bend(effect):
        if not isinstance(effect, Persist):
            return [effect]
        bent = [change(r) if isinstance(r, Put) and r.space == space else r for r in effect.records]
        return [Persist(tuple(record for record in bent if record is not None))]

    return bend


def decided(change):
    """Bends decisions."""
    return lambda effect: [change(effect)] if isinstance(effect, Commit) else [effect]


def doubled(kind):
    return lambda effect: [effect, effect] if isinstance(effect, kind) else [effect]


def changed(message, **fields):
    return msgspec.structs.replace(message, **{name: value(message) for name, value in fields.items()})


def with_body(block, transactions):
    return Block(block.header, transactions)


def proposed_by(block, proposer):
    return Block(reheaded(block.header, proposer=proposer), block.transactions)


ATTACKS = {
    # -- any protocol
    "a block's body is another than its header's": (
        "raft",
        "cores",
        decided(
            lambda c: msgspec.structs.replace(c, block=with_body(c.block, (*c.block.transactions, request(10**6))))
        ),
        "validity|agreement",
    ),
    "a disk keeps a block without its body": (
        "raft",
        "cores",
        kept(BLOCKS, lambda r: Put(BLOCKS, r.key, with_body(r.value, (b"x",)))),
        "agreement",
    ),
    "a disk keeps another block's certificate": (
        "pbft",
        "cores",
        kept(CERTIFICATES, lambda r: Put(r.space, r.key, changed(r.value, hash=lambda _: bytes(32)))),
        "agreement",
    ),
    "a disk leaves a block out": (
        "pbft",
        "cores",
        kept(BLOCKS, lambda r: None if r.key % 5 == 0 else r),
        "durability",
    ),
    "a decision is told twice": ("pbft", "cores", doubled(Commit), "order"),
    "a decision comes at the wrong height": (
        "raft",
        "cores",
        decided(lambda c: msgspec.structs.replace(c, height=c.height + 1)),
        "order|commit announced",
    ),
    "a client is told of a block that does not hold its request": (
        "raft",
        "cores",
        said(Done, lambda m: changed(m, number=lambda m: m.number + 1)),
        "true answers",
    ),
    "a client is told of a height to come": (
        "pbft",
        "cores",
        said(Done, lambda m: changed(m, height=lambda m: m.height + 3)),
        "durability",
    ),
    "a receipt says that all is well": (
        "raft",
        "replicas",
        said(
            Receipt, lambda m: changed(m, entries=lambda m: tuple(changed(e, code=lambda _: "ok") for e in m.entries))
        ),
        "true receipts",
    ),
    "a decision goes without its certificate": (
        "pbft",
        "replicas",
        decided(lambda c: msgspec.structs.replace(c, certificate=None)),
        "certificates",
    ),
    "a certificate has one signature less": (
        "pbft",
        "cores",
        decided(
            lambda c: msgspec.structs.replace(
                c, certificate=changed(c.certificate, signatures=lambda m: m.signatures[1:])
            )
        ),
        "certificates",
    ),
    # -- Raft
    "a leader announces more than is decided": (
        "raft",
        "cores",
        said(AppendEntries, lambda m: changed(m, commit=lambda m: m.commit + 1)),
        "commit is decided",
    ),
    "a leader speaks in a term to come": (
        "raft",
        "cores",
        said(AppendEntries, lambda m: changed(m, term=lambda m: m.term + 1)),
        "term said",
    ),
    "a candidate stands in a term of the past": (
        "raft",
        "cores",
        said(RequestVote, lambda m: changed(m, term=lambda m: max(1, m.term - 1))),
        "term said|one vote|durable vote|honest words",
    ),
    "a voter says yes to everybody": (
        "raft",
        "cores",
        said(RequestVoteReply, lambda m: changed(m, granted=lambda _: True)),
        "vote",
    ),
    "an entry is put on the disk under another leader's name": (
        "raft",
        "cores",
        kept(
            LOG,
            lambda r: Put(LOG, r.key, LogEntry(proposed_by(r.value.block, (r.value.block.header.proposer + 1) % 3))),
        ),
        "proposer|log|agreement|commit rule",
    ),
    "an acknowledgement reaches one too far": (
        "raft",
        "cores",
        said(AppendSuccess, lambda m: changed(m, match_index=lambda m: m.match_index + 1)),
        "durable log|acknowledgement",
    ),
    "a disk leaves every third entry out": (
        "raft",
        "cores",
        kept(LOG, lambda r: None if r.key % 3 == 0 else r),
        "durable log|commit rule|durability",
    ),
    # -- PBFT
    "a vote names the view to come": (
        "pbft",
        "cores",
        said(Prepare, lambda m: changed(m, view=lambda m: m.view + 1)),
        "durable before said|proof|honest",
    ),
    "a commit is said of another block": (
        "pbft",
        "cores",
        said(CommitVote, lambda m: changed(m, hash=lambda m: m.hash[::-1])),
        "durable before said|no equivocation|proof|honest",
    ),
    "a checkpoint's digest is another": (
        "pbft",
        "cores",
        said(Checkpoint, lambda m: changed(m, digest=lambda m: m.digest[::-1])),
        "no equivocation|durable before said",
    ),
    "a view change reports nothing": (
        "pbft",
        "cores",
        said(ViewChange, lambda m: changed(m, prepared=lambda _: ())),
        "prepared is reported|proof|honest",
    ),
}


def break_something(monkeypatch, protocol, network, bend, seeds=SEEDS):
    """Play a few seeds with every node bent; the first violation."""
    sound = player.set_stage

    def staged(trial):
        stage = sound(trial)

        def build(actor, image, incarnation):
            machine = stage.factory(actor, image, incarnation)
            return machine if actor == stage.clients_actor else Bent(machine, bend)

        return msgspec.structs.replace(stage, factory=build)

    monkeypatch.setattr(player, "set_stage", staged)
    for seed in seeds:
        trial = draw_trial(protocol, seed, network=network, liars=0, nodes=4)
        played = player.play(trial, until_ns=trial.case.heal_ns)
        if played.broken is not None:
            return played.broken
    return None


@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_noticed(name, monkeypatch):
    protocol, network, bend, expected = ATTACKS[name]
    broken = break_something(monkeypatch, protocol, network, bend)
    assert broken is not None, "nobody noticed"
    assert any(part in broken.property for part in expected.split("|")), broken


@pytest.mark.parametrize(("protocol", "network"), [("raft", "cores"), ("pbft", "cores"), ("raft", "replicas")])
def test_what_is_not_bent_is_no_violation(protocol, network, monkeypatch):
    assert break_something(monkeypatch, protocol, network, lambda effect: [effect], range(2)) is None
