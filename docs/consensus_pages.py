"""The generated pages on consensus: settings, messages and records of each protocol, and the index of transcripts."""
# ruff: noqa: INP001 - a script's helper beside the pages

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from pathlib import Path
from typing import Any

from consensus.pbft import Options as PbftOptions
from consensus.protocols import protocol, protocol_names
from consensus.raft import RaftOptions
from scenarios.language.units import format_duration

ROOT = Path(__file__).parent.parent
TRANSCRIPTS = ROOT / "tests" / "consensus" / "transcripts"
OPTIONS: dict[str, type] = {"pbft": PbftOptions, "raft": RaftOptions}
KIB = 1024


def consensus_page(note: str) -> str:
    """Settings, messages and records, protocol by protocol."""
    lines = [
        "# Consensus reference",
        "",
        note,
        "",
        "What [the protocols](../protocols.md) are made of, say to each other, keep on disk, and can be told. The",
        "tag of a message is its first element on the wire; the fields follow as its struct orders them, in msgpack.",
    ]
    for name in protocol_names():
        entry = protocol(name)
        lines += ["", f"## {name}", "", _quorums(name), "", "| file | rules, and where they come from |", "|-|-|"]
        lines += _files(name)
        if name in OPTIONS:
            lines += ["", "| setting | default | |", "|-|-|-|", *_options(OPTIONS[name])]
        for title, structs in (("message", entry.messages), ("durable record", entry.records)):
            if structs:
                lines += ["", f"| {title} | fields | |", "|-|-|-|", *map(_struct, structs)]
    return "\n".join(lines) + "\n"


def _quorums(name: str) -> str:
    entry = protocol(name)
    rows = [("voters", str), ("tolerated", entry.faults), ("quorum", entry.quorum)]
    if name == "solo":
        return "One voter, a quorum of one; no messages, no settings."
    table = [f"| {title} | " + " | ".join(str(value(n)) for n in range(1, 11)) + " |" for title, value in rows]
    return "\n".join([table[0], "|-" * 11 + "|", *table[1:]])


def _files(name: str) -> list[str]:
    """The protocol's modules with the first sentence of each."""
    place = ROOT / "consensus" / name
    files = sorted(place.glob("[!_]*.py")) if place.is_dir() else [place.with_suffix(".py")]
    rows = []
    for file in files:
        text = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").split("\n\n")[0]
        rows.append(f"| [{file.name}](../../{file.relative_to(ROOT)}) | {_cell(text)} |")
    return rows


def _options(of: type) -> list[str]:
    texts = _field_docs(of)
    rows = []
    for field, default in zip(of.__struct_fields__, of.__struct_defaults__, strict=True):  # type: ignore[attr-defined]
        rows.append(f"| `{field}` | {_value(field, default)} | {_cell(texts.get(field, ''))} |")
    return rows


def _value(field: str, value: Any) -> str:
    """A default, in the unit that its name tells."""
    if value is None:
        return ""
    if field.endswith("_ns") and value:
        return f"`{value}` ({format_duration(value)})"
    if "bytes" in field and isinstance(value, int) and value % KIB == 0:
        return f"`{value}` ({value // KIB:,} KiB)"
    return f"`{value}`"


def _field_docs(of: type) -> dict[str, str]:
    """The text below each field of a class, which Python keeps nowhere but in the source."""
    tree = ast.parse(inspect.getsource(of))
    body = tree.body[0].body  # type: ignore[attr-defined]
    found: dict[str, str] = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            assert isinstance(field.target, ast.Name)  # noqa: S101 - a field has a name
            found[field.target.id] = str(text.value.value)
    return found


def _struct(of: Any) -> str:
    tag = of.__struct_config__.tag
    fields = ", ".join(f"`{field}`" for field in of.__struct_fields__) or "none"
    summary = (inspect.getdoc(of) or "").split("\n\n")[0]
    return f"| {of.__name__} `{tag}` | {fields} | {_cell(summary)} |"


def transcripts_page(note: str) -> str:
    """Every golden transcript with the first sentence of its story."""
    lines = [
        "# Transcripts",
        "",
        note,
        "",
        "What the cores do, step by step: each file holds commands and what they print, and the tests hold the code to",
        "it. [How they are written and rewritten](../guide/6-transcripts.md).",
    ]
    for folder in sorted(path for path in TRANSCRIPTS.iterdir() if path.is_dir()):
        files = sorted(folder.glob("*.txt"))
        lines += ["", f"## {folder.name}: {len(files)} transcripts", "", "| transcript | |", "|-|-|"]
        for file in files:
            link = f"../../tests/consensus/transcripts/{folder.name}/{file.name}"
            lines.append(f"| [{file.stem}]({link}) | {_cell(_first_sentence(file))} |")
    return "\n".join(lines) + "\n"


def _first_sentence(file: Path) -> str:
    """The first sentence of the comment that opens the file."""
    comment: list[str] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.lstrip("# "))
    text = " ".join(comment)
    end = min((place for mark in (". ", ": ") if (place := text.find(mark, 40)) > 0), default=len(text))
    return text[:end].rstrip(".:") + "."


def _cell(text: str) -> str:
    plain = " ".join(text.replace("``", "`").split()).replace("|", "\\|")
    for role in (":mod:", ":meth:", ":func:", ":class:", ":attr:", ":data:"):
        plain = plain.replace(role, "")
    return plain
