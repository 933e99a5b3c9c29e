"""All scenes of a protocol, one process each: ``consortium explore``."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from queue import Empty
from typing import Any

from scenarios.adversary.explore import pbft, raft
from scenarios.adversary.explore.model import Scene
from scenarios.adversary.explore.search import Search, Tally
from scenarios.adversary.explore.story import story

STATES_MAX = 8_000_000
"""Where a scene ends for want of memory: a state takes some 200 bytes."""

_SCENES: dict[str, tuple[int, Callable[[int], Sequence[Scene]]]] = {
    "raft": (3, raft.scenes),
    "pbft": (4, pbft.scenes),
}
_POLL_S = 0.2


def explorable() -> tuple[str, ...]:
    """The protocols that have scenes."""
    return tuple(sorted(_SCENES))


def scenes(protocol: str, nodes: int | None = None) -> Sequence[Scene]:
    """The scenes of a protocol; ValueError where it has none, or none for so many nodes."""
    if protocol not in _SCENES:
        raise ValueError(f"{protocol!r} has no scenes to explore; there are some for: {', '.join(explorable())}")
    least, make = _SCENES[protocol]
    count = least if nodes is None else nodes
    if not least <= count <= least + 3:
        raise ValueError(f"{protocol} is explored with {least} to {least + 3} nodes, not with {count}")
    return make(count)


def explore(
    chosen: Sequence[Scene],
    *,
    depth: int | None = None,
    budget_s: float | None = None,
    progress: Callable[[Sequence[Tally]], None] = lambda _: None,
) -> tuple[Tally, ...]:
    """Search every scene, side by side where there are processors for it; the first violation ends them all.

    ``budget_s`` is the time on the clock that all of it may take.
    """
    latest = {scene.name: Tally(scene=scene.name) for scene in chosen}

    def tell(tally: Tally) -> None:
        latest[tally.scene] = tally
        progress(tuple(latest.values()))

    if len(os.sched_getaffinity(0)) < len(chosen) or len(chosen) == 1:
        each = None if budget_s is None else budget_s / len(chosen)
        for scene in chosen:
            tell(search_scene(scene, depth=depth, budget_s=each, progress=tell))
            if latest[scene.name].violation is not None:
                break
    else:
        _side_by_side(chosen, depth, budget_s, tell)
    return tuple(latest.values())


def summary(protocol: str, chosen: Sequence[Scene], tallies: Sequence[Tally]) -> Iterator[str]:
    """What was searched, a line for each scene; the transcript of a violation; the verdict."""
    yield f"{'scene':<18} {'states':>12} {'transitions':>12} {'local states':>12} {'depth':>6} {'seconds':>8}"
    for tally in tallies:
        yield (
            f"{tally.scene:<18} {tally.states:>12,} {tally.transitions:>12,} {tally.local_states:>12,} "
            f"{'all' if tally.exhausted else tally.depth:>6} {tally.seconds:>8.1f}"
        )
    for tally in tallies:
        yield from tally.story
    broken = [tally for tally in tallies if tally.violation is not None]
    states = sum(tally.states for tally in tallies)
    verdict = "; ".join(f"`{tally.violation}` broken in scene {tally.scene}" for tally in broken) or "no violation"
    yield f"{protocol}, {chosen[0].nodes} nodes: {states:,} states, {verdict}"


def search_scene(
    scene: Scene,
    *,
    depth: int | None = None,
    budget_s: float | None = None,
    states_max: int = STATES_MAX,
    progress: Callable[[Tally], None] = lambda _: None,
) -> Tally:
    """Search one scene in this process; a violation comes with its story."""
    search = Search(scene)
    tally = search.run(depth=depth, budget_s=budget_s, states_max=states_max, progress=progress)
    if search.violation is not None:
        tally.story = story(search, search.violation)
    return tally


def _side_by_side(
    chosen: Sequence[Scene], depth: int | None, budget_s: float | None, tell: Callable[[Tally], None]
) -> None:
    context = multiprocessing.get_context()
    news: Any = context.Queue()
    workers = [context.Process(target=_work, args=(scene, depth, budget_s, news), daemon=True) for scene in chosen]
    for worker in workers:
        worker.start()
    try:
        left = len(workers)
        while left:
            try:
                tally, finished = news.get(timeout=_POLL_S)
            except Empty:
                if not any(worker.is_alive() for worker in workers):
                    raise RuntimeError("a searching process ended without a word") from None
                continue
            tell(tally)
            left -= finished
            if finished and tally.violation is not None:
                return
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _work(scene: Scene, depth: int | None, budget_s: float | None, news: Any) -> None:
    """One process: search, and tell every now and then how far it is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes: the first of them ends the others
    tally = search_scene(scene, depth=depth, budget_s=budget_s, progress=lambda tally: news.put((tally, False)))
    news.put((tally, True))
