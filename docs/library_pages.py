"""The generated pages on the shipped scenarios: the gallery, and the rows of the table of systems that they show.

Both are made from the scenarios themselves, and from ``library_runs.json``: what each came to when it was last run.
:func:`refresh_runs` renews that where a scenario has changed since; ``tests/scenarios/test_library.py`` runs them all.
"""
# ruff: noqa: INP001 - a script's helper beside the pages

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from scenarios.dashboard import NoView
from scenarios.language import Scenario, load_scenario
from scenarios.language.models.expect import MetricBound, Quantity
from scenarios.language.models.source import Shown
from scenarios.language.reading import read_file
from scenarios.language.units import Rate, Span, format_duration, format_money, format_rate, format_share
from scenarios.profiles import load_profile
from scenarios.runner import run
from scenarios.shipped import profiles, shipped, systems_table, themes

DOCS = Path(__file__).parent
RUNS = DOCS / "library_runs.json"

GALLERY = """Every shipped scenario, by theme; `consortium scenarios` lists the same. `consortium run NAME` runs one,
and `consortium demo NAME` runs it on real processes, where its faults can be done to them. *Expects* is what its
verdict rests on besides the [safety properties](reference/oracles.md) that every scenario names. *Time* is simulated
time, and CPU time on the machine that wrote this page."""

SYSTEMS = """Scenarios and code name *rows*: systems, flows and rules that the source documents describe (white papers
and articles on insurance and blockchain in China), by their number in a [table of 72](../configs/systems.yaml). This
page lists all of them: which [shipped scenarios](gallery.md) show a row, by which steps, what is simplified, and what
the scenarios came to. Steps, values that leak scans look for, and expectations stand under these names in the
scenario's file. What the sources do not give is declared under each scenario's `assumptions:` with its row and reason.
A row that nothing shows says so."""


class Ran(NamedTuple):
    """What a run came to; ``sha256`` is that of the scenario that was run."""

    sha256: str
    verdict: str
    expectations: int
    simulated_ns: int
    cpu_ms: int


@cache
def scenarios() -> dict[str, Scenario]:
    """Every shipped scenario, by name."""
    return {name: load_scenario(path) for name, path in shipped().items()}


def gallery_page(note: str) -> str:
    """One table a theme."""
    ran = _ran()
    lines = ["# Gallery", "", note, "", GALLERY]
    for theme in themes():
        lines += ["", f"## {theme.name.capitalize()}", "", theme.description, ""]
        lines += ["| scenario | shows | rows | expects | verdict | time |", "|-|-|-|-|-|-|"]
        lines += [_gallery_row(name, path, ran[name]) for name, path in theme.scenarios.items()]
    return "\n".join(lines) + "\n"


def systems_page(note: str) -> str:
    """What all rows come to in one table, then a table for each, in order of number."""
    ran, table, shown = _ran(), systems_table(), _by_row()
    compared = {row for path in profiles().values() for row in load_profile(path).rows}
    verdicts = {row: _row_verdict(shown.get(row, {}), ran, compared=row in compared) for row in table}
    done = sum(row in shown for row in table)
    beside = [row for row in sorted(compared) if row not in shown]
    missing = [row for row in table if row not in shown and row not in compared]
    lines = ["# Systems", "", note, "", SYSTEMS, "", f"{done} of {len(table)} rows are shown by scenarios"]
    lines[-1] += f", {_listed(beside)} compared with what was published" if beside else ""
    lines[-1] += f"; not done: {_listed(missing)}." if missing else "."
    lines += ["", "| row | system | verdict |", "|-|-|-|"]
    lines += [_line([str(row), name, verdicts[row]]) for row, name in table.items()]
    for row, name in table.items():
        lines += ["", f"## {row} {name}", ""]
        if row in compared:
            lines += ["Calculated, and put beside [what was published](fidelity/platforms.md).", ""]
        if row in shown:
            lines += ["| scenario | shown by | simplified | expects | verdict |", "|-|-|-|-|-|"]
            lines += [_systems_row(part, names, ran) for part, names in shown[row].items()]
        elif row not in compared:
            lines += ["Not done."]
    return "\n".join(lines).rstrip() + "\n"


def _row_verdict(shown: dict[Shown, list[str]], ran: dict[str, Ran], *, compared: bool) -> str:
    """What all scenarios of a row came to."""
    names = {name: ran[name].verdict for part in shown.values() for name in part}
    if not names:
        return "compared" if compared else "not done"
    counts = {verdict: list(names.values()).count(verdict) for verdict in dict.fromkeys(names.values())}
    return ", ".join(verdict if len(counts) == 1 else f"{count} {verdict}" for verdict, count in counts.items())


def _listed(rows: list[int]) -> str:
    return ", ".join(str(row) for row in rows)


def _systems_row(part: Shown, names: list[str], ran: dict[str, Ran]) -> str:
    links = ", ".join(_link(name, shipped()[name]) for name in names)
    wants = "; ".join(expected(scenarios()[names[0]]))
    verdicts = ", ".join(dict.fromkeys(ran[name].verdict for name in names))
    return _line([links, part.shows or "as a whole", part.simplified or "", wants, verdicts])


def _by_row() -> dict[int, dict[Shown, list[str]]]:
    """Row -> what is shown of it -> the scenarios that do: first who says so, then those that extend it."""
    found: dict[int, dict[Shown, list[str]]] = {}
    files = [(name, path) for theme in themes() for name, path in theme.scenarios.items()]
    for name, _ in sorted(files, key=lambda one: "extends" in read_file(one[1]).root):
        for part in scenarios()[name].source:
            if isinstance(part.row, int):
                found.setdefault(part.row, {}).setdefault(part, []).append(name)
    return found


def _gallery_row(name: str, path: Path, ran: Ran) -> str:
    scenario = scenarios()[name]
    rows = ", ".join(dict.fromkeys(str(part.row) for part in scenario.source))
    times = f"{ran.simulated_ns / 1e9:.1f} s; {ran.cpu_ms / 1000:.1f} s of CPU"
    text = " ".join(scenario.description.split())
    return _line([_link(name, path), text, rows, "; ".join(expected(scenario)), ran.verdict, times])


def expected(scenario: Scenario) -> Iterator[str]:
    """What a scenario expects, in words; safety is told as far as not every scenario asks for it."""
    expect = scenario.expect
    special = [f"`{name}`" for name in expect.safety if name in {"linearizable", "privacy"}]
    if special:
        yield " and ".join(special)
    if scenario.story:
        refused = sum(step.expect != "ok" for step in scenario.story)
        yield f"{len(scenario.story)} steps answered as told" + (f", {refused} of them refused" if refused else "")
    if scenario.workload:
        yield "balances as the flows say by themselves"
    if expect.liveness.recovers_within is not None:
        yield f"recovers within {_duration(expect.liveness.recovers_within)}"
    if expect.liveness.converges_within is not None:
        yield f"converges within {_duration(expect.liveness.converges_within)}"
    yield from (f"nothing decided in {_span(stall)}" for stall in expect.liveness.stalls_during)
    yield from (_bound(one) if isinstance(one, MetricBound) else f"`{one.that}`" for one in expect.metrics)
    if expect.leakage:
        yield f"who held what of {len(expect.leakage)} payloads"


def _bound(bound: MetricBound) -> str:
    if bound.equals is not None:
        return f"`{bound.metric}` = {_quantity(bound.equals)}"
    low = "" if bound.min is None else f"{_quantity(bound.min)} ≤ "
    high = "" if bound.max is None else f" ≤ {_quantity(bound.max)}"
    return f"{low}`{bound.metric}`{high}"


def _quantity(quantity: Quantity) -> str:
    match quantity.kind:
        case "duration":
            return _duration(quantity.value)
        case "money":
            return format_money(quantity.value)
        case "share":
            return format_share(quantity.value)
        case "rate":
            return format_rate(Rate(quantity.value, 10**15))
    return f"{quantity.value:,}"


def _span(span: Span) -> str:
    return f"{_duration(span.start_ns)} to {_duration(span.end_ns)}"


def _duration(nanoseconds: int) -> str:
    """As in 1.5 s."""
    text = format_duration(nanoseconds)
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    return f"{number} {text[len(number) :].strip()}"


def _link(name: str, path: Path) -> str:
    return f"[`{name}`](../{path.relative_to(DOCS.parent).as_posix()})"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


# What each came to


def _ran() -> dict[str, Ran]:
    """By name; a scenario that was never run has no verdict yet."""
    kept = {name: Ran(**entry) for name, entry in json.loads(RUNS.read_text()).items()} if RUNS.is_file() else {}
    never = Ran(sha256="", verdict="not run yet", expectations=0, simulated_ns=0, cpu_ms=0)
    return {name: kept.get(name, never) for name in shipped()}


def stale_runs() -> list[str]:
    """Names of scenarios that are not what was run."""
    ran = _ran()
    return [name for name, scenario in scenarios().items() if scenario.origin.sha256 != ran[name].sha256]


def refresh_runs() -> Iterator[Path]:
    """Run, in virtual time, each scenario that has changed since it was last run."""
    stale, ran = stale_runs(), _ran()
    for name in stale:
        ran[name] = _run(scenarios()[name])
    if stale or (RUNS.is_file() and json.loads(RUNS.read_text()).keys() != ran.keys()):
        lines = [f"  {json.dumps(name)}: {json.dumps(entry._asdict())}" for name, entry in sorted(ran.items())]
        RUNS.write_text("{\n" + ",\n".join(lines) + "\n}\n")
        yield RUNS


def _run(scenario: Scenario) -> Ran:
    before = time.process_time()
    result = run(scenario, view=NoView(), mode="virtual", out=None)
    return Ran(
        sha256=scenario.origin.sha256,
        verdict=result.verdict,
        expectations=len(result.finished.expectations),
        simulated_ns=result.left.record.ended_ns,
        cpu_ms=round((time.process_time() - before) * 1000),
    )
