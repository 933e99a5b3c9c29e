"""The kill matrix: which search catches which planted bug, how soon, and by which oracle.

``make bug-bank`` searches for every bug of the bank from ten seeds, with the strategy that suits it and with plain
random loss of messages, and writes ``docs/bug-bank.md`` (:mod:`scenarios.adversary.bank_page`). The row "none" plays
the cores as they are, and must stay silent. So must every trial that caught a bug, played once more without it.

Every search is kept as soon as it is over, in a file of its own, so that what was stopped goes on where it was, and
slices (some bugs at a time, on several machines) put together make the whole page. What is kept speaks of the program
that played it: it lies in a folder named by a digest of everything that a trial consists of, and another program
begins anew. Another bug's module is no part of what a trial consists of.

Random loss is given ten times the CPU that the other strategy took for the same seed, 10 CPU-seconds at most, from the
first three seeds: what it misses there it would miss for long.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import as_completed
from functools import cache
from hashlib import sha256
from itertools import chain
from pathlib import Path
from subprocess import CalledProcessError, run

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scenarios.adversary.bank_page import Row, page
from scenarios.adversary.bugs import bugs
from scenarios.adversary.play import play
from scenarios.adversary.search import Plan, Search, check, keep_search, read_search, suited
from scenarios.workers import workers

SEEDS = 10
BUDGET_S = 60.0
SILENCE_S = 120.0
"""CPU-seconds for the row "none" of either protocol."""

APART = 100_000
"""Between the first trials of two seeds."""

SUITED, LOSS = "suited", "loss"
"""The two columns of the matrix: the strategy that suits a bug, and plain random loss."""

LOSS_SEEDS = 3
LOSS_FACTOR = 10
LOSS_BUDGET_S = 10.0

_ROOT = Path(__file__).resolve().parents[2]
_PLAYED = ("consensus", "network", "node", "scenarios/adversary", "scenarios/linearizability.py")
_NOT_PLAYED = ("bank", "bank_page", "command", "report", "failure", "shrink", "diagram")


def program_digest(*names: str) -> str:
    """Names the program that plays trials with these bugs: a digest of all its files, and of no other bugs' modules."""
    return _digest(frozenset(bugs()[name].plant.__module__ for name in names))


@cache
def _digest(planted: frozenset[str]) -> str:
    others = {bug.plant.__module__ for bug in bugs().values()} - planted
    hashed = sha256()
    for place in _PLAYED:
        top = _ROOT / place
        for path in sorted(top.rglob("*.py")) if top.is_dir() else [top]:
            parts = path.relative_to(_ROOT).with_suffix("").parts
            if ".".join(parts) not in others and not any(part in _NOT_PLAYED for part in parts):
                hashed.update("/".join(parts).encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()[:12]


def commit() -> str:
    """The commit that is checked out, where git can tell; and whether what plays differs from it."""
    try:
        head, changed = (
            run(("git", *words), cwd=_ROOT, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603, S607 - ours
            for words in (("rev-parse", "--short=10", "HEAD"), ("status", "--porcelain", "--", *_PLAYED))
        )
    except (OSError, CalledProcessError):
        return "not under version control here"
    return f"commit `{head}`" + (", with changes that are not committed" if changed else "")


def plan_of(name: str | None, protocol: str, column: str = SUITED) -> Plan:
    """The search that is to catch the bug ``name`` (None: there is none to catch)."""
    plan = Plan(protocol=protocol, bug=name, strategy="swarm" if column == SUITED else LOSS)
    return suited(plan) if name is not None else msgspec.structs.replace(plan, network="cores")


def caught(name: str, *, seed: int, budget_s: float = BUDGET_S, column: str = SUITED) -> Search:
    """Search for the bug ``name`` until it is caught or the budget is spent."""
    return check(plan_of(name, bugs()[name].protocol, column), seed=seed * APART, runs=APART, budget_s=budget_s)


def kept(path: Path, plan: Plan, *, seed: int, budget_s: float) -> Search:
    """The search that ``path`` holds, gone on with until something is broken or ``budget_s`` CPU-seconds are spent."""
    before = read_search(path, plan)
    left = budget_s - (before.cpu_s if before is not None else 0.0)
    if before is not None and (before.broken is not None or left <= 0):
        return before
    search = check(plan, seed=seed * APART, runs=APART, budget_s=left, resumed=before)
    _require_innocence(search)
    keep_search(search, path)
    return search


def _require_innocence(search: Search) -> None:
    """What caught a bug was the bug: the same trial without it breaks nothing. RuntimeError where it does."""
    if search.trial is None or search.trial.bug is None:
        return
    broken = play(msgspec.structs.replace(search.trial, bug=None)).broken
    if broken is not None:
        seed = search.trial.case.seed
        raise RuntimeError(f"seed {seed} breaks {broken.property!r} without {search.trial.bug} too: {broken.fact_a}")


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What one process does at a time: one search for one bug from one seed; or, without a bug, for silence.

    ``folder`` is the one of the program that plays it.
    """

    protocol: str
    name: str | None = None
    seed: int = 0
    column: str = SUITED
    budget_s: float
    folder: Path


def perform(task: Task) -> Search:
    """The search of ``task``; one by random loss comes after the one that it is compared with."""
    stem = f"{task.name}.{task.seed}" if task.name else f"none.{task.protocol}"

    def search(column: str, budget_s: float) -> Search:
        plan = plan_of(task.name, task.protocol, column)
        return kept(task.folder / f"{stem}.{column}.json", plan, seed=task.seed, budget_s=budget_s)

    suited_ = search(SUITED, task.budget_s)
    if task.column == SUITED:
        return suited_
    return search(LOSS, min(LOSS_BUDGET_S, task.budget_s, LOSS_FACTOR * suited_.cpu_s))


def tasks(names: tuple[str, ...], *, seeds: int, budget_s: float, folder: Path) -> list[Task]:
    """Everything to do for these bugs, seed by seed, so that what always escapes shows early; random loss last."""
    digests = {name: program_digest(name) for name in names}
    return [
        Task(
            protocol=bugs()[name].protocol,
            name=name,
            seed=seed,
            column=column,
            budget_s=budget_s,
            folder=folder / digests[name],
        )
        for column, count in ((SUITED, seeds), (LOSS, min(seeds, LOSS_SEEDS)))
        for seed in range(count)
        for name in names
    ]


def silence(*, budget_s: float, folder: Path) -> list[Task]:
    """The row "none"."""
    own = folder / program_digest()
    return [Task(protocol=protocol, budget_s=budget_s, folder=own) for protocol in ("raft", "pbft")]


def performed(todo: list[Task], jobs: int) -> Iterator[tuple[Task, Search]]:
    """Each task with its search, as they are over."""
    if jobs == 1:
        yield from ((task, perform(task)) for task in todo)
        return
    with workers(jobs) as pool:
        try:
            futures = {pool.submit(perform, task): task for task in todo}
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def matrix(todo: list[Task], jobs: int) -> tuple[dict[str, dict[str, Row]], dict[str, Search]]:
    """The rows of all bugs by column, and the searches of the row "none" by protocol."""
    rows: dict[str, dict[str, Row]] = {task.name: {SUITED: Row(), LOSS: Row()} for task in todo if task.name}
    silent: dict[str, Search] = {}
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        shown = bar.add_task("searching", total=len(todo))
        in_order = ([task for task in todo if task.column == column] for column in (SUITED, LOSS))
        for task, search in chain.from_iterable(performed(part, jobs) for part in in_order):
            bar.advance(shown)
            if task.name is None:
                silent[task.protocol] = search
                continue
            rows[task.name][task.column].searches[task.seed] = search
            if task.column == SUITED and search.broken is None:
                console.print(f"{task.name} escaped from seed {task.seed}")
    return rows, silent


def main() -> int:
    """``python -m scenarios.adversary.bank --help``; 1 where a bug escaped, or the row "none" was not silent."""
    asked = _arguments()
    todo = tasks(tuple(asked.names) or tuple(bugs()), seeds=asked.seeds, budget_s=asked.budget, folder=asked.kept)
    if not asked.names:
        todo += silence(budget_s=min(asked.silence, SILENCE_S), folder=asked.kept)
    rows, silent = matrix(todo, asked.jobs)
    for name, by_column in rows.items():
        cells = " ".join(f"{column} {' '.join(row.cells())}" for column, row in by_column.items())
        sys.stdout.write(f"{name}: {cells} {by_column[SUITED].oracles}\n")
    soaked = [msgspec.json.decode(path.read_bytes(), type=Search) for path in asked.soak]
    if asked.page:
        text = page(
            rows,
            silent,
            soaked,
            seeds=asked.seeds,
            budget_s=asked.budget,
            program=f"`{program_digest(*rows)}` (a digest of its files), {commit()}",
        )
        asked.page.write_text(text, encoding="utf-8")
    searches = [s for by_column in rows.values() for row in by_column.values() for s in row.searches.values()]
    sys.stdout.write(f"{sum(s.cpu_s for s in (*searches, *silent.values())):,.0f} CPU-seconds in all\n")
    escaped = [name for name, by_column in rows.items() if by_column[SUITED].kills < asked.seeds]
    loud = [search for search in (*silent.values(), *soaked) if search.broken is not None]
    sys.stdout.write(f"escaped: {', '.join(escaped) or 'none'}\n")
    return 1 if escaped or loud else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bank", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", help="bugs to search for in this slice (all, unless some are named)")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="searches for each bug")
    parser.add_argument("--budget", type=float, default=BUDGET_S, help="CPU-seconds for each search")
    parser.add_argument("--silence", type=float, default=SILENCE_S, help='CPU-seconds for each row "none"')
    parser.add_argument("--jobs", type=int, default=1, help="searches at a time")
    parser.add_argument("--kept", type=Path, default=Path("runs/bug-bank"), help="where finished searches are kept")
    parser.add_argument("--soak", type=Path, nargs="*", default=[], help='states of long searches, for the row "none"')
    parser.add_argument("--page", type=Path, help="write the page there; without it, a slice is only played")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in bugs()]
    if unknown or (asked.page and asked.names):
        parser.error(f"no such bug: {', '.join(unknown)}" if unknown else "the page holds every bug: name none")
    return asked


if __name__ == "__main__":
    sys.exit(main())
