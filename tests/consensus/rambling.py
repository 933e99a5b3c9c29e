"""Random schedules over the cores of any protocol, for the states and messages that they come through."""

from __future__ import annotations

from random import Random

from scenarios.adversary.explore import machine
from scenarios.adversary.explore.model import Keys, Letter, Scene

OPTIONS = {
    "raft": {"log_keep": 1, "window": 3, "append_blocks_max": 2},
    "pbft": {"checkpoint_interval": 2, "window": 2, "transfer_patience_ns": 1, "rotate_every": 3},
}
"""Small enough that logs are compacted, checkpoints taken and states sent within a short run; none: the defaults."""

WEIGHTS = {"deliver": 180, "again": 9, "propose": 20, "timer": 3, "read": 2, "restart": 1, "pause": 1, "complain": 1}

NOTHING = Letter(0, (), None)

LIE = b"\7" * 64
"""A signature that is believed of the liar, whatever it signs."""


class Liberal:
    """Real signatures, and one node whose are whatever it likes."""

    def __init__(self, me, liar):
        self._keys = Keys(me)
        self._liar = liar

    def sign(self, data):
        return self._keys.sign(data)

    def verify(self, member, data, signature):
        return (member == self._liar and signature == LIE) or self._keys.verify(member, data, signature)


class Ramble(Scene, frozen=True, kw_only=True):
    """A network with one liar, who so far is honest."""

    liar: int

    def crypto(self, me):
        return Liberal(me, self.liar)


def scene(name, nodes, liar):
    return Ramble(name=name, protocol=name, nodes=nodes, liar=liar, budget={}, options=OPTIONS.get(name), requests=True)


class Run:
    """One random schedule: ``states`` are nodes as they were now and then, ``letters`` everything said."""

    def __init__(self, seed, name, nodes):
        self.random = Random(seed)
        self.scene = scene(name, nodes, liar=self.random.randrange(nodes))
        self.states = []
        self.letters = []
        self.machines = []
        self.deaf = None
        self.read_to = [0] * nodes
        for me in range(nodes):
            self._take(me, machine.started(self.scene, me, {}))

    def _take(self, me, outcome):
        if outcome is None:
            return
        self.machines[me : me + 1] = [outcome.machine]
        self.letters += outcome.letters

    def go(self, steps, keep_every):
        for step in range(steps):
            if step % 120 == 0:
                self.deaf = self.random.choice([None, *range(len(self.machines))])
            self._step()
            if step % keep_every == keep_every - 1:
                self.states += self.machines
        return self

    def _deliver(self, me):
        """The next letter to this node, in the order in which they were sent."""
        while (place := self.read_to[me]) < len(self.letters):
            self.read_to[me] += 1
            if me in self.letters[place].to and me != self.deaf:
                self._receive(me, self.letters[place])
                return

    def _receive(self, me, letter):
        if me in letter.to:
            self._take(me, machine.delivered(self.scene, self.machines[me], letter.sender, letter.message))

    def _step(self):
        """One event at one node. Mostly letters come in order; by turns one node hears nothing and misses them."""
        random, me = self.random, self.random.randrange(len(self.machines))
        one = self.machines[me]
        (what,) = random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        if what == "deliver":
            self._deliver(me)
        elif what == "again":
            self._receive(me, random.choice(self.letters or [NOTHING]))
        elif what == "propose":
            self._take(me, machine.proposed(self.scene, one))
        elif what == "timer" and one.timers:
            self._take(me, machine.fired(self.scene, one, random.choice(sorted(one.timers))))
        elif what == "read" and one.core.status().leader is not None:
            self._take(me, machine.played(self.scene, one, lambda core, now: core.read(now, 7)))
        elif what == "restart":
            self._take(me, machine.started(self.scene, me, one.disk))
        elif what == "pause":
            self._take(me, machine.paused(self.scene, one))
        elif what == "complain":
            self._take(me, machine.played(self.scene, one, lambda core, now: core.complain(now)))


def rambles(name, nodes, *, seeds, steps):
    return [Run(seed, name, nodes).go(steps, keep_every=max(1, steps // 8)) for seed in range(seeds)]


def kinds(runs):
    """The types of all messages that were really sent."""
    return {type(letter.message) for run in runs for letter in run.letters}
