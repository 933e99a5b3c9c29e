"""How often Python's garbage collector looks through what a simulation holds.

What a world makes and drops by the million (effects, messages, lists of them) is freed by reference counting at once,
and what stays (blocks, votes, records) forms no cycles. By default the collector looks all the same whenever 700 more
objects are alive than at its last look, which costs a twentieth of a run.
"""

from __future__ import annotations

import gc

ALIVE_MORE = 200_000
"""So many more objects than at its last look make the collector look again: some 20 MB at worst."""


def collect_seldom() -> None:
    """For programs that play worlds, to call once at their start: look rarely. It holds for the whole process.

    A program that set a higher threshold, or switched the collector off, keeps that.
    """
    young, middle, old = gc.get_threshold()
    if 0 < young < ALIVE_MORE:
        gc.set_threshold(ALIVE_MORE, middle, old)
