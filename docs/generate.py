"""Writes the pages under ``docs/reference/`` from what the program itself says: ``python docs/generate.py``.

``scenario.md`` comes from the JSON Schema of scenarios, ``acts.md`` from the roles' verbs, ``contracts.md`` from the
catalogue of contracts, ``cli.md`` from the command line's help, ``consensus.md`` from the protocols' structs,
``transcripts.md`` from the golden transcripts and ``shrunk.md`` from failures that are searched for anew when the
program no longer plays them. Beside that folder, ``gallery.md`` and ``systems.md`` come from the shipped scenarios.
``tests/docs/test_reference.py`` holds the committed pages to this; ``python docs/generate.py --check`` does it by
hand.
"""
# ruff: noqa: INP001, T201 - a script beside the pages, which prints

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import typer.main

from scenarios.adversary.byzantine import LIES
from scenarios.adversary.byzantine.node import as_ever, listens
from scenarios.cli import app
from scenarios.language import json_schema
from scenarios.language.units import format_duration, format_money, format_share
from scenarios.runner.flows import FLOWS

sys.path.insert(0, str(Path(__file__).parent))
from consensus_pages import consensus_page, transcripts_page
from contract_pages import acts_page, contracts_page
from library_pages import gallery_page, refresh_runs, systems_page
from oracle_pages import oracles_page
from page_texts import cell, generated, prose
from shrunk_pages import refresh, shrunk_page
from table_pages import tables_page

FOLDER = Path(__file__).parent / "reference"
HELP_WIDTH = 100

_UNITS: dict[str, tuple[str, Callable[[int], str]]] = {
    "A duration with its unit.": ("duration", format_duration),
    "A share of a whole.": ("share", format_share),
    "An amount of money.": ("money", format_money),
    "A size with its unit.": ("size", str),
    "Events per time.": ("rate", str),
    "From a time to a time.": ("range of time", str),
    "Business time per run time.": ("clock scale", str),
    "A date of business time.": ("date", str),
}
"""Values with a unit, known by the descriptions that their schemas share."""


def pages() -> dict[str, str]:
    """Every generated page, by file name."""
    return {
        "scenario.md": scenario_page(),
        "acts.md": acts_page(),
        "contracts.md": contracts_page(),
        "cli.md": cli_page(),
        "consensus.md": consensus_page(generated("the protocols' own structs (`consensus/`)")),
        "oracles.md": oracles_page(generated("the oracles themselves and the tests that break each property")),
        "shrunk.md": shrunk_page(generated("failures that `consortium check` kept (`docs/examples/failures/`)")),
        "tables.md": tables_page(generated("the tables' own definitions (`scenarios/results/exports/`)")),
        "transcripts.md": transcripts_page(generated("the golden transcripts (`tests/consensus/transcripts/`)")),
    }


def front_pages() -> dict[str, str]:
    """Generated pages beside the written ones, by file name."""
    note = generated("the shipped scenarios (`scenarios/library/`)")
    return {"gallery.md": gallery_page(note), "systems.md": systems_page(note)}


# The scenario language


def scenario_page() -> str:
    """The keys of a scenario, part by part."""
    schema = json_schema()
    parts = schema["$defs"]
    lines = [
        "# Scenario reference",
        "",
        generated("the JSON Schema of scenarios (`consortium schema`)"),
        "",
        "Keys that are not listed are refused, wherever they stand; `x-*` keys are ignored and make a home for YAML",
        "anchors. In any mapping, `include: FILE` (or a list of files) stands for the keys of another file, from the",
        "folder of this one: own keys win, lists are continued. Quantities carry their unit: `150 ms`, `3 days`,",
        "`100 CNY`, `40 %`; a bare number is refused where a unit is due. `$id` stands for the value of the assumption",
        "`id`. YAML 1.2: `no` and `on` are texts.",
        "",
        "## The top level",
        "",
        *_table(schema),
    ]
    for name in _in_order(schema, parts):
        lines += ["", f"## {name}", "", prose(parts[name].get("description", "")), "", *_table(parts[name], parts)]
    lines += ["", "## Lies", "", *_lies()]
    for name, kind in FLOWS.items():
        flow = kind.arguments.model_json_schema()
        lines += ["", f"## The flow {name}", "", prose(flow.get("description", "")), "", *_table(flow, skip=("flow",))]
        for part, inner in flow.get("$defs", {}).items():
            lines += ["", f"### {part}", "", prose(inner.get("description", "")), "", *_table(inner)]
    return "\n".join(lines) + "\n"


def _lies() -> Iterator[str]:
    """How a node can lie, from the behaviours themselves."""
    yield "What a fault's `byzantine` node `does`. A liar signs with its own key alone; its core is an unmodified one."
    yield ""
    yield "| lie | |"
    yield "|-|-|"
    for name, behaviour in LIES.items():
        ways = [inspect.getdoc(way) for way in (behaviour.speaks, behaviour.hears) if way not in (as_ever, listens)]
        late = ["Says everything as late as it may, just under the timeout."] if behaviour.holds else []
        yield f"| `{name}` | {cell(' '.join([*filter(None, ways), *late]))} |"


def _in_order(schema: dict[str, Any], parts: dict[str, Any]) -> list[str]:
    """The parts in the order in which a reader of the top level meets them."""
    found: list[str] = []

    def visit(properties: dict[str, Any]) -> None:
        for value in properties.values():
            for name in _references(value):
                if name not in found:
                    found.append(name)
                    visit(parts[name].get("properties", {}))

    visit(schema["properties"])
    return found


def _references(schema: dict[str, Any]) -> list[str]:
    """The parts that the values of one key are made of."""
    if "$ref" in schema:
        return [schema["$ref"].rsplit("/", 1)[1]]
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("prefixItems", ())]
    inner += [schema.get("items") or {}, _mapped(schema)]
    return [name for item in inner if item for name in _references(item)]


def _table(schema: dict[str, Any], parts: dict[str, Any] | None = None, skip: tuple[str, ...] = ()) -> list[str]:
    required = set(schema.get("required", ()))
    rows = ["| key | value | default | |", "|-|-|-|-|"]
    for key, value in schema.get("properties", {}).items():
        if key in skip:
            continue
        default = "required" if key in required else _default(value)
        meaning = cell(_description(value, schema.get("$defs", parts or {})))
        rows.append(f"| `{key}` | {cell(_kind(value))} | {default} | {meaning} |")
    return rows


def _options(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The alternatives of a schema, null left out."""
    options = schema.get("anyOf") or schema.get("oneOf")
    if options is None:
        return [schema] if schema.get("type") != "null" else []
    return [inner for option in options for inner in _options(option)]


def _description(schema: dict[str, Any], parts: dict[str, Any]) -> str:
    """What a key is for; where it says nothing itself, what its part says."""
    text = schema.get("description", "")
    if not text and "$ref" in schema:
        text = parts.get(schema["$ref"].rsplit("/", 1)[1], {}).get("description", "")
    return "" if text in _UNITS else text


def _kind(schema: dict[str, Any]) -> str:
    kinds = [_one_kind(option) for option in _options(schema)]
    return " or ".join(dict.fromkeys(kinds))


def _one_kind(schema: dict[str, Any]) -> str:  # noqa: PLR0911 - one form after the other
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    unit = _unit(schema)
    if unit is not None:
        return unit[0]
    kind = schema.get("type")
    if kind == "array":
        inner = schema.get("items") or next(iter(schema.get("prefixItems", ())), {})
        return f"list of {_kind(inner)}" if inner else "list"
    if kind == "object":
        inner = _mapped(schema)
        return f"mapping of {_kind(inner)}" if inner else "mapping"
    if kind == "integer":
        return "integer" + _bounds(schema)
    if isinstance(kind, list):
        return "any value" if "object" in kind else " or ".join(kind)
    return {"string": "text", "boolean": "true or false", "number": "number"}.get(str(kind), "any")


def _unit(schema: dict[str, Any]) -> tuple[str, Callable[[int], str]] | None:
    """The unit of a value, by the pattern or the examples that its schema shares with all of its kind."""
    if schema.get("description") in _UNITS:
        return _UNITS[schema["description"]]
    examples = tuple(schema.get("examples", ()))
    return _BY_EXAMPLES.get(examples) if schema.get("type") == "string" else None


_BY_EXAMPLES: dict[tuple[str, ...], tuple[str, Callable[[int], str]]] = {
    ("150 ms", "5s", "3 days"): _UNITS["A duration with its unit."],
    ("0.1%", "40 %"): _UNITS["A share of a whole."],
    ("100 CNY", "3112.90 CNY"): _UNITS["An amount of money."],
    ("64 KiB", "2 MB"): _UNITS["A size with its unit."],
    ("8/s", "600/min"): _UNITS["Events per time."],
    ("5s..50s",): _UNITS["From a time to a time."],
    ("1 day = 1 s",): _UNITS["Business time per run time."],
    ("2023-04-01",): _UNITS["A date of business time."],
}


def _mapped(schema: dict[str, Any]) -> dict[str, Any]:
    reserved = {"^x-", "^include$"}
    patterns = {key: value for key, value in schema.get("patternProperties", {}).items() if key not in reserved}
    found = next(iter(patterns.values()), None) or schema.get("additionalProperties")
    return found if isinstance(found, dict) else {}


def _bounds(schema: dict[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f", {least:,} to {most:,}"
    return f", at least {least:,}" if least is not None else ""


def _default(schema: dict[str, Any]) -> str:
    value = schema.get("default")
    options = _options(schema)
    unit = _unit(options[0]) if options else None
    if value is None or value in ("", [], {}) or isinstance(value, dict):
        return ""
    if unit is not None and isinstance(value, int):
        return {"date": "`2023-04-01`"}.get(unit[0], f"`{unit[1](value)}`")
    if unit is not None and isinstance(value, list):
        return "`1 day = 1 s`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return ", ".join(f"`{item}`" for item in value)
    return f"`{value}`"


# The command line


def cli_page() -> str:
    """The help of every command."""
    group = typer.main.get_command(app)
    lines = [
        "# Command line",
        "",
        generated("the command line's own help (`consortium --help`)"),
        "",
        "Exit codes: 0 pass, 1 an expectation or property failed, 2 invalid input or usage, 3 inconclusive. Messages",
        "go to stderr, results to stdout.",
    ]
    for name, command in _commands(group):
        lines += ["", f"## {name}", "", "```text", _help(command, name), "```"]
    return "\n".join(lines) + "\n"


def _commands(group: Any, name: str = "consortium") -> Iterator[tuple[str, Any]]:
    """(name, command) of a group and of all in it, groups in groups as well."""
    yield name, group
    for inner, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{name} {inner}")
        elif not command.hidden:
            yield f"{name} {inner}", command


def _help(command: Any, name: str) -> str:
    context_class = getattr(command, "context_class", click.Context)
    context = context_class(
        command, info_name=name, terminal_width=HELP_WIDTH, max_content_width=HELP_WIDTH, **command.context_settings
    )
    return "\n".join(line.rstrip() for line in command.get_help(context).strip().splitlines())


# All of them


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` say which are not current."""
    FOLDER.mkdir(exist_ok=True)
    if arguments != ["--check"]:
        for path in (*refresh(), *refresh_runs()):
            print(path)
    current = {FOLDER / name: text for name, text in pages().items()}
    current |= {FOLDER.parent / name: text for name, text in front_pages().items()}
    stale = [path for path, text in current.items() if _read(path) != text]
    if arguments == ["--check"]:
        for path in stale:
            print(f"{_shown(path)} is not current: run python docs/generate.py", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(current[path])
        print(_shown(path))
    return 0


def _shown(path: Path) -> str:
    return path.relative_to(FOLDER.parent.parent).as_posix()


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
