"""Steps that an asynchronous network of crashing servers may take, and a swarm that draws them.

Any message may be delivered late, twice or never; any timer may fire as late as it likes; a disk may stand still, and a
crash loses what is not durable on it. :class:`Steps` names the steps; Hypothesis (``test_safety.py``) and the seeded
swarm below choose among them. The lab's oracles judge every transition.
"""

from __future__ import annotations

from random import Random

import msgspec

from consensus.configuration import Change, Configuration, ConfigurationError, Reconfiguration, Verb
from consensus.raft import RaftOptions, membership
from consensus.raft.messages import SnapshotChunk
from consensus.raft.roles import Leader
from consensus.vocabulary import MILLISECOND, SECOND
from tests.consensus.raft.lab import BLOCKS_PER_CHUNK, Lab, make_block


class Steps:
    """One network, and everything that may happen to it. ``which`` picks one of however many there are."""

    def __init__(self, count: int, seed: int, keep: int, *, lease_ns: int = 0, observers: int = 0, snapshots: int = 0):
        options = RaftOptions(log_keep=keep, window=4, append_blocks_max=2, snapshot_window=2, lease_ns=lease_ns)
        self.lab = Lab(count, seed=seed, options=options, observers=observers, judged=True, snapshots=snapshots)
        self.proposals = 0
        self.questions = 0

    def deliver(self, which: int, *, copy: bool) -> None:
        if self.lab.flights:
            flight = self.lab.flights[which % len(self.lab.flights)]
            if copy:
                self.lab.flights.append(flight)
            self.lab.deliver(flight)

    def deliver_in_order(self, count: int) -> None:
        for flight in self.lab.flights[:count]:
            self.lab.deliver(flight)

    def drop(self, which: int) -> None:
        if self.lab.flights:
            del self.lab.flights[which % len(self.lab.flights)]

    def fire(self, which: int) -> None:
        timers = [(node.me, name) for node in self.lab.nodes if node.up for name in sorted(node.timers)]
        if timers:
            self.lab.fire(*timers[which % len(timers)])

    def propose(self) -> None:
        for node in self.lab.nodes:
            if node.up and node.core.slot() is not None:
                self.proposals += 1
                self.lab.propose(node.me, f"{self.proposals}")

    def crash_or_restart(self, which: int) -> None:
        node = self.lab.nodes[which % len(self.lab.nodes)]
        if node.up:
            self.lab.crash(node.me)
        else:
            self.lab.restart(node.me)

    def stop_or_go_on_writing(self, which: int) -> None:
        me = which % len(self.lab.nodes)
        if me in self.lab.held:
            self.lab.held.discard(me)
            self.lab.drain(me)
        else:
            self.lab.held.add(me)

    def write_a_little(self, which: int, count: int) -> None:
        self.lab.drain(which % len(self.lab.nodes), count)

    def stop_or_go_on_executing(self, which: int) -> None:
        me = which % len(self.lab.nodes)
        if me in self.lab.slow:
            self.lab.slow.discard(me)
            if self.lab.nodes[me].up:
                self.lab.execute(self.lab.nodes[me])
        else:
            self.lab.slow.add(me)

    def damage(self, which: int) -> None:
        """A chunk's bytes change on their way; its receiver must refuse it."""
        damaged = [flight for flight in self.lab.flights if isinstance(flight.message, SnapshotChunk)]
        if damaged:
            flight = damaged[which % len(damaged)]
            flight.message = msgspec.structs.replace(flight.message, chunk=chunk_of_another_chain(flight.message.place))

    def isolate_or_heal(self, which: int) -> None:
        if self.lab.cut:
            self.lab.heal()
        else:
            self.lab.isolate(which % len(self.lab.nodes))

    def catch_up(self) -> None:
        """Hand every node what the one with the longest chain can prove to it, as the replica's catch-up would."""
        lab = self.lab
        giver = max(lab.nodes, key=lambda node: len(node.chain)).me
        for node in lab.nodes:
            run = lab.run_of(giver, len(node.chain))
            for block, certificate in run[: node.core.proves(run)] if node.up else ():
                if block.height == len(node.chain):  # else it decided this one with the one before
                    lab.adopt(node.me, block, certificate)

    def reconfigure(self, which: int) -> None:
        """Leaders that may change the configuration do, or leave a joint one that is not left by itself."""
        random = Random(which)
        for node in self.lab.nodes:
            slot = node.core.slot() if node.up else None
            if slot is None or slot.configuration is None:
                continue
            if slot.reconfigurable:
                self._change(node.me, slot.configuration, random)
            elif slot.configuration.joint and membership.may_change(node.core.server):
                self.lab.propose(node.me, leave=True)

    def _change(self, me: int, before: Configuration, random: Random) -> None:
        nodes = random.sample(range(len(self.lab.nodes)), min(len(self.lab.nodes), random.choice([1, 1, 2, 3])))
        verbs = random.choices([Verb.ADD_VOTER, Verb.ADD_VOTER, Verb.ADD_LEARNER, Verb.REMOVE], k=len(nodes))
        asked = Reconfiguration(
            changes=tuple(map(Change, verbs, nodes)), joint=random.random() < 0.3, auto_leave=random.random() < 0.7
        )
        try:
            before.changed(asked)
        except ConfigurationError:
            return
        self.lab.propose(me, change=asked)

    def read(self, which: int) -> None:
        """At every leader, and at one more node."""
        for node in self.lab.nodes:
            chosen = node.me == which % len(self.lab.nodes)
            if node.up and (chosen or isinstance(node.core.server.role, Leader)):
                self.questions += 1
                self.lab.read(node.me, self.questions)

    def transfer(self, which: int) -> None:
        for node in self.lab.nodes:
            role = node.core.server.role
            rivals = node.core.server.rivals
            if node.up and isinstance(role, Leader) and role.transfer is None and rivals:
                self.lab.transfer(node.me, rivals[which % len(rivals)])

    def heal_and_agree(self) -> None:
        """With every server up and the network whole, all decide the same blocks, and a new one."""
        lab = self.lab
        lab.heal()
        lab.held.clear()
        lab.slow.clear()
        for node in list(lab.nodes):
            if node.up:
                lab.execute(node)
                lab.drain(node.me)
            else:
                lab.restart(node.me)
        assert lab.run(30 * SECOND, until=lambda: lab.leader() is not None)
        for _ in range(8):  # a deposed leader gives way, a new one needs blocks, who is far behind needs catch-up
            lab.run(SECOND)
            self.catch_up()
            self.propose_what_is_wanted()
        leader = lab.leader()
        assert leader is not None
        height = lab.core(leader).server.log.last_index + 1
        lab.propose(leader, "after healing")
        members = [lab.nodes[me] for me in lab.core(leader).server.electorate.configuration.members]
        assert lab.run(5 * SECOND, until=lambda: all(len(node.chain) > height for node in members))
        self.catch_up()
        assert len({node.chain[height].hash for node in lab.nodes}) == 1
        assert [lab.provable(node.me) for node in lab.nodes] == [len(node.chain) - 1 for node in lab.nodes]

    def propose_what_is_wanted(self) -> None:
        for node in self.lab.nodes:
            if node.core.wants_block() and node.core.slot() is not None:
                self.lab.propose(node.me)


def chunk_of_another_chain(place: int) -> bytes:
    """A well-formed chunk that stands in no manifest: nothing but its digest shows it."""
    return msgspec.msgpack.encode([make_block(BLOCKS_PER_CHUNK * place + 1, bytes(32), 1, 0, "of another chain")])


def swarm(seed: int, steps: int, *, lagging: bool = False) -> Lab:
    """Run one random schedule, its mix of faults drawn too, then heal; the lab as it then stands.

    ``lagging`` draws only mixes in which servers fall behind logs that are short, and applications keep snapshots.
    """
    random = Random(seed)
    one = Steps(
        random.choice([2, 3, 3, 4, 5]),
        seed,
        random.choice([1, 2] if lagging else [1, 2, 100]),
        lease_ns=random.choice([0, 500 * MILLISECOND]),
        observers=random.choice([0, 0, 1, 2]),
        snapshots=random.choice([5, 100] if lagging else [0, 2, 5, 100]),
    )

    def which() -> int:
        return random.randrange(2**16)

    actions = {
        lambda: one.deliver_in_order(random.randint(1, 12)): random.choice([12, 30]),
        lambda: one.fire(which()): random.choice([2, 5]),
        one.propose: random.choice([4, 10]),
        lambda: one.deliver(which(), copy=random.random() < 0.2): random.choice([0, 1, 6]),
        lambda: one.drop(which()): random.choice([0, 0, 1, 3]),
        lambda: one.crash_or_restart(which()): random.choice([0, 0, 1, 3]),
        lambda: one.stop_or_go_on_writing(which()): random.choice([0, 0, 1, 3]),
        lambda: one.write_a_little(which(), random.randint(1, 3)): random.choice([0, 1]),
        lambda: one.isolate_or_heal(which()): random.choice([2, 4] if lagging else [0, 0, 1, 3]),
        lambda: one.stop_or_go_on_executing(which()): random.choice([0, 0, 1, 2]),
        lambda: one.damage(which()): random.choice([0, 12] if lagging else [0, 0, 1]),
        one.catch_up: 0 if lagging else random.choice([0, 0, 1, 3]),
        lambda: one.read(which()): random.choice([0, 2, 6]),
        lambda: one.transfer(which()): random.choice([0, 0, 1]),
        lambda: one.reconfigure(which()): random.choice([0, 1, 3, 6]),
    }
    for action in random.choices(list(actions), list(actions.values()), k=steps):
        action()
    one.heal_and_agree()
    return one.lab
