"""State transfer: a replica far behind fetches the state, from helpers of whom some lie or say nothing."""

from __future__ import annotations

import msgspec
import pytest

from consensus.pbft import Options
from consensus.pbft.messages import Chunk, FetchChunk, FetchManifest, Manifest, StableCheckpoint
from consensus.snapshots import MANIFEST, SNAPSHOT
from consensus.vocabulary import Install, Rejected, Trace
from tests.consensus.pbft.cluster import CHUNKS, Cluster

SHORT = Options(checkpoint_interval=2, log_size=4, transfer_window=2)
STATE = (FetchManifest, Manifest, FetchChunk, Chunk)


class Seen(list):
    """Everything that happened at node 3, for a test to look at."""

    def __call__(self, node, what):
        if node == 3:
            self.append(what)

    def kinds(self, kind):
        return [what for what in self if isinstance(what, kind)]

    def traces(self, kind):
        return [what.detail for what in self if isinstance(what, Trace) and what.kind == kind]


def lagging(n=4, *, options=SHORT, height=8, blocks_kept=2, seed=0):
    """Node 3 was cut off while the others decided ``height`` blocks, of which they serve the last ones only."""
    seen = Seen()
    cluster = Cluster(n, options=options, observe=seen, seed=seed)
    cluster.blocks_kept = blocks_kept
    cluster.isolate(3)
    for _ in range(height):
        cluster.propose(0)
        cluster.deliver()
    cluster.drop()
    cluster.heal()
    return cluster, seen


def told(cluster, seen):
    """Node 3 learns of the stable checkpoint, and its patience ends; requests are under way."""
    cluster.give(1, 3, cluster.nodes[1].image["pbft.checkpoint"]["stable"])
    assert not seen.kinds(Install)
    cluster.fire(3, "pbft.transfer")


@pytest.mark.parametrize("n", [4, 5, 7])
def test_a_replica_that_no_blocks_can_help_fetches_the_state_and_goes_on(n):
    cluster, seen = lagging(n, blocks_kept=1)
    cluster.demand()
    cluster.run(cluster.all_at(20))
    (install,) = seen.kinds(Install)[:1]
    assert install.chunks == cluster.states[install.height]
    assert cluster.nodes[3].stable >= install.height


def test_blocks_come_first():
    cluster, seen = lagging(blocks_kept=100)
    cluster.demand()
    cluster.run(cluster.all_at(20))
    assert not seen.kinds(Install)


def test_chunks_come_from_different_helpers_a_window_at_a_time():
    cluster, seen = lagging()
    told(cluster, seen)
    cluster.deliver(lambda f: isinstance(f.message, FetchManifest | Manifest))
    asked = [f.to for f in cluster.flights if isinstance(f.message, FetchChunk)]
    assert len(asked) == len(set(asked)) == 2
    cluster.deliver()
    assert cluster.heights() == [8] * 4


@pytest.mark.parametrize("lie", ["chunk", "manifest", "shorter", "no proof"])
def test_a_liar_is_found_out_and_left_aside(lie):
    cluster, seen = lagging()

    def lying(sender, _to, message):
        if sender != 1:
            return message
        if isinstance(message, Chunk) and lie == "chunk":
            return Chunk(message.height, message.place, b"not the state")
        if isinstance(message, Manifest) and lie != "chunk":
            changed = {
                "manifest": {"chunks": (bytes(32), *message.snapshot.chunks[1:])},
                "shorter": {"chunks": message.snapshot.chunks[1:]},
                "no proof": {"certificate": None},
            }[lie]
            return Manifest(message.height, msgspec.structs.replace(message.snapshot, **changed))
        return message

    cluster.filter_sent = lying
    for _ in range(3):  # whoever is asked first
        told(cluster, seen)
        cluster.deliver()
        if seen.traces("pbft.liar"):
            break
        cluster, seen = lagging(seed=1)
    assert [detail[0] for detail in seen.traces("pbft.liar")] == [1]
    assert cluster.heights() == [8] * 4


def test_a_silent_helper_is_passed_over():
    cluster, seen = lagging()
    cluster.filter_sent = lambda sender, _to, m: None if sender == 2 and isinstance(m, Chunk | Manifest) else m
    told(cluster, seen)
    cluster.run(cluster.all_at(8), proposing=False, gossip=False)
    assert not seen.traces("pbft.liar")


def test_a_helper_that_keeps_no_snapshot_says_so_and_another_is_asked():
    cluster, seen = lagging()
    cluster.nodes[1].application.states.clear()
    cluster.nodes[2].application.states.clear()
    told(cluster, seen)
    cluster.deliver()
    assert cluster.heights() == [8] * 4


def test_if_nobody_keeps_it_the_transfer_is_given_up_until_later():
    cluster, seen = lagging()
    for number in (0, 1, 2):
        cluster.nodes[number].application.states.clear()
        cluster.nodes[number].application.kept = 0
    told(cluster, seen)
    cluster.deliver()
    assert seen.traces("pbft.transfer_failed") == [(8,)]
    assert cluster.heights() == [8, 8, 8, 0]
    for number in (0, 1, 2):
        cluster.nodes[number].application.kept = 3
    cluster.demand()
    cluster.run(cluster.all_at(12))
    assert seen.kinds(Install)


def test_a_newer_state_is_fetched_when_the_older_is_not_kept_any_more():
    cluster, seen = lagging()
    told(cluster, seen)
    cluster.deliver(lambda f: isinstance(f.message, FetchManifest | Manifest))
    requests, cluster.flights = cluster.flights, []
    cluster.isolate(3)
    for _ in range(8):
        cluster.propose(0)
        cluster.deliver()
    cluster.drop()
    cluster.heal()
    cluster.flights = requests
    cluster.deliver()
    assert cluster.heights() == [16] * 4
    assert [install.height for install in seen.kinds(Install)] == [16]


def test_a_restart_in_the_middle_fetches_only_the_rest():
    cluster, seen = lagging()
    told(cluster, seen)
    cluster.deliver(lambda f: isinstance(f.message, FetchManifest | Manifest | FetchChunk))
    first = next(f for f in cluster.flights if isinstance(f.message, Chunk))
    cluster.give(first.sender, 3, first.message)
    cluster.drop()
    cluster.crash(3)
    seen.clear()
    cluster.restart(3)
    cluster.deliver()
    fetched = [what.message.place for what in seen if isinstance(getattr(what, "message", None), FetchChunk)]
    assert sorted(fetched) == [place for place in range(CHUNKS) if place != first.message.place]
    assert cluster.heights() == [8] * 4


@pytest.mark.parametrize("count", range(8))
def test_a_crash_while_installing_loses_nothing(count):
    cluster, seen = lagging()
    told(cluster, seen)
    cluster.deliver(lambda f: not isinstance(f.message, Chunk) or len(_held(cluster)) < CHUNKS - 1)
    (last,) = {f.message.place: f for f in cluster.flights if isinstance(f.message, Chunk)}.values()
    effects = cluster.core(3).receive(cluster.now, last.sender, last.message)
    cluster.drop()
    cluster.carry_out(3, effects, first=count)
    cluster.restart(3)
    cluster.demand()
    cluster.run(cluster.all_at(12))
    assert cluster.nodes[3].stable >= 8


def _held(cluster):
    return [key for key in cluster.nodes[3].image.get("pbft.transfer", {}) if isinstance(key, int)]


def test_after_an_installation_the_replica_restarts_from_the_snapshot():
    cluster, seen = lagging()
    told(cluster, seen)
    cluster.deliver()
    assert cluster.nodes[3].image[SNAPSHOT][MANIFEST].height == 8
    cluster.crash(3)
    cluster.restart(3)
    assert cluster.core(3).status().height == 8
    for _ in range(3):
        cluster.propose(0)
        cluster.deliver()
    assert cluster.heights() == [11] * 4


def test_the_base_of_a_view_change_after_an_installation_is_proven():
    cluster, seen = lagging()
    told(cluster, seen)
    cluster.deliver()
    cluster.demand()
    for number in (1, 2, 3):
        cluster.fire(number, "pbft.view-change")
    cluster.drop(lambda f: f.sender == 0)
    cluster.deliver()
    assert cluster.views() == [1] * 4
    assert [cluster.core(number)._context.active.base.height for number in cluster.voters] == [8] * 4


def test_a_diverged_replica_is_healed_by_the_next_checkpoint():
    seen = Seen()
    cluster = Cluster(4, options=SHORT, observe=seen)
    cluster.corrupt(3)
    cluster.demand()
    cluster.run(cluster.all_at(8))
    (diverged,), (transferred, *_) = seen.traces("pbft.diverged"), seen.traces("pbft.transferred")
    assert diverged[0] < transferred[0]
    assert not cluster.nodes[3].corrupted


def test_chunks_that_our_own_state_shares_are_not_fetched():
    """One block changes one chunk: of four, two are as they were two blocks before."""
    cluster, seen = lagging(height=2)
    told(cluster, seen)
    cluster.deliver()
    seen.clear()
    cluster.isolate(3)
    for _ in range(2):
        cluster.propose(0)
        cluster.deliver()
    cluster.drop()
    cluster.heal()
    told(cluster, seen)
    cluster.deliver()
    assert cluster.heights() == [4] * 4
    assert seen.traces("pbft.transfer") == [(4, CHUNKS, 2)]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (Chunk(8, 9, b"x"), "chunk 9 of a state of 4"),
        (Chunk(8, 3, b"x"), "chunk 3 does not match its digest"),
    ],
)
def test_what_nobody_asked_for_is_refused_and_changes_nothing(message, reason):
    cluster, seen = lagging()
    told(cluster, seen)
    cluster.deliver(lambda f: isinstance(f.message, FetchManifest | Manifest))
    before = cluster.core(3).state_hash()
    assert cluster.core(3).receive(cluster.now, 0, message) == [Rejected(0, reason)]
    assert cluster.core(3).state_hash() == before


@pytest.mark.parametrize("message", [Chunk(8, 0, b"x"), Manifest(8, None), Chunk(8, 0, None)])
def test_answers_that_come_late_mean_nothing(message):
    cluster, _ = lagging()
    before = cluster.core(3).state_hash()
    assert cluster.core(3).receive(cluster.now, 0, message) == []
    assert cluster.core(3).state_hash() == before


def test_a_helper_refuses_places_that_are_not_there_and_answers_the_rest():
    cluster, _ = lagging()
    helper = cluster.core(1)
    assert helper.receive(0, 3, FetchChunk(8, CHUNKS)) == [Rejected(3, "chunk 4 of a state of 4")]
    (answer,) = helper.receive(0, 3, FetchChunk(8, 1))
    assert answer.message.data == cluster.states[8][1]
    gone, newer = helper.receive(0, 3, FetchChunk(6, 1))[0], helper.receive(0, 3, FetchManifest(5))
    assert gone.message.data is not None, "an older state, while it is kept"
    assert newer[0].message == Manifest(5, None)
    assert isinstance(newer[1].message, StableCheckpoint)
