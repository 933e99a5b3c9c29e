"""Random schedules under the lab's oracles: the safety properties of the paper's figure 3, then progress.

Every step is one that an asynchronous network of crashing servers allows: any message may be delivered late, twice
or never, any timer may fire as late as it likes, a disk may stand still, a crash loses what is not durable. The
lab asserts election safety, log matching, leader completeness and state-machine safety at each transition. In the
end everything heals, and all servers must agree and go on.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from consensus.raft import RaftOptions
from consensus.vocabulary import SECOND
from tests.consensus.raft.lab import Lab


class RaftSchedule(RuleBasedStateMachine):
    """One network under a random schedule."""

    lab: Lab | None = None
    proposals = 0

    @initialize(count=st.sampled_from([3, 4, 5]), seed=st.integers(0, 2**32), keep=st.sampled_from([2, 100]))
    def build(self, count, seed, keep):
        self.lab = Lab(count, seed=seed, options=RaftOptions(log_keep=keep, window=4, append_blocks_max=2))

    @precondition(lambda self: self.lab.flights)
    @rule(which=st.integers(0, 2**16), copy=st.booleans())
    def deliver(self, which, copy):
        flight = self.lab.flights[which % len(self.lab.flights)]
        if copy:
            self.lab.flights.append(flight)
        self.lab.deliver(flight)

    @precondition(lambda self: self.lab.flights)
    @rule(count=st.integers(1, 12))
    def deliver_in_order(self, count):
        for flight in self.lab.flights[:count]:
            self.lab.deliver(flight)

    @precondition(lambda self: self.lab.flights)
    @rule(which=st.integers(0, 2**16))
    def drop(self, which):
        del self.lab.flights[which % len(self.lab.flights)]

    @rule(which=st.integers(0, 2**16))
    def fire(self, which):
        timers = [(node.me, name) for node in self.lab.nodes if node.up for name in sorted(node.timers)]
        if timers:
            self.lab.fire(*timers[which % len(timers)])

    @rule()
    def propose(self):
        for node in self.lab.nodes:
            if node.up and node.core.slot() is not None:
                self.proposals += 1
                self.lab.propose(node.me, f"{self.proposals}")

    @rule(which=st.integers(0, 2**16))
    def crash_or_restart(self, which):
        node = self.lab.nodes[which % len(self.lab.nodes)]
        if node.up:
            self.lab.crash(node.me)
        else:
            self.lab.restart(node.me)

    @rule(which=st.integers(0, 2**16))
    def stop_or_go_on_writing(self, which):
        me = which % len(self.lab.nodes)
        if me in self.lab.held:
            self.lab.held.discard(me)
            self.lab.drain(me)
        else:
            self.lab.held.add(me)

    @rule(which=st.integers(0, 2**16), count=st.integers(1, 3))
    def write_a_little(self, which, count):
        self.lab.drain(which % len(self.lab.nodes), count)

    @rule(which=st.integers(0, 2**16))
    def isolate_or_heal(self, which):
        if self.lab.cut:
            self.lab.heal()
        else:
            self.lab.isolate(which % len(self.lab.nodes))

    @rule()
    def catch_up(self):
        """Hand every node the next block that someone decided, as the replica's catch-up would."""
        catch_up(self.lab)

    @invariant()
    def decided_blocks_are_on_a_majority(self):
        if self.lab is None:
            return
        for height in list(self.lab.decided)[1:]:
            copies = sum(
                node.core.server.log.last_index >= height
                and (
                    height < node.core.server.log.base_index
                    or node.core.server.log.hash_at(height) == self.lab.decided[height].hash
                )
                for node in self.lab.nodes
            )
            assert copies > len(self.lab.voters) // 2

    def teardown(self):
        if self.lab is not None:
            heal_and_agree(self.lab)


def catch_up(lab: Lab) -> None:
    for node in lab.nodes:
        height = len(node.chain)
        if node.up and height in lab.decided:
            certificates = (other.certified.get(height) for other in lab.nodes)
            lab.adopt(node.me, lab.decided[height], next(filter(None, certificates), None))


def heal_and_agree(lab: Lab) -> None:
    """With every server up and the network whole, all decide the same blocks, and new ones."""
    lab.heal()
    lab.held.clear()
    for node in list(lab.nodes):
        if node.up:
            lab.drain(node.me)
        else:
            lab.restart(node.me)
    assert lab.run(30 * SECOND, until=lambda: lab.leader() is not None)
    lab.run(3 * SECOND)
    while any(len(node.chain) < len(lab.decided) for node in lab.nodes):
        catch_up(lab)
    lab.run(3 * SECOND)
    leader = lab.leader()
    assert leader is not None
    height = lab.core(leader).server.log.last_index + 1
    lab.propose(leader, "after healing")
    assert lab.run(5 * SECOND, until=lambda: all(len(node.chain) > height for node in lab.nodes))
    assert len({node.chain[-1].hash for node in lab.nodes}) == 1


TestRaftSchedule = RaftSchedule.TestCase
TestRaftSchedule.settings = settings(
    max_examples=60,
    stateful_step_count=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
