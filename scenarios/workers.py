"""Processes that play trials side by side, and end with whoever began them.

A pool's idle process waits for work as long as it can, even where nobody is left to give any: its siblings hold the
other end of its queue. So each watches its parent. Otherwise a search that is killed would leave processes behind that
keep its standard output open, and a CI job that waits for its end would wait for ever.
"""

from __future__ import annotations

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread

from network.virtual import collect_seldom


def workers(jobs: int) -> ProcessPoolExecutor:
    """A pool of ``jobs`` new processes, which leave Ctrl-C to their parent and end when it does, however it ends."""
    return ProcessPoolExecutor(jobs, get_context("spawn"), _begin)


def cores() -> int:
    """How many processes may run at a time, as far as this system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def stop(pool: ProcessPoolExecutor) -> None:
    """End ``pool`` and what its processes are at, at once; nothing where it was shut down before."""
    processes = list((pool._processes or {}).values())  # noqa: SLF001 -- Python 3.14 has terminate_workers for it
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


def _begin() -> None:
    collect_seldom()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes: the parent ends the others
    Thread(target=_end_with_the_parent, name="parent-watch", daemon=True).start()


def _end_with_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
