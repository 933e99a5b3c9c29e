"""Golden transcripts: what a protocol does, step by step, written down beside the steps.

A transcript is a text file of commands and what they print::

    # Comments tell the story.
    > nodes 3
    > campaign S1
      S1 becomes candidate in term 0
      ...

Lines that start with ``>`` are commands in a small language of verbs; the indented lines after a command are its
output. Running a transcript replays the commands on real cores and compares. ``pytest --rewrite-transcripts`` writes
the output anew: read the difference before committing it, as each line says what changed in the protocol.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pytest

INDENT = "  "


class ScriptError(Exception):
    """A command of a transcript is none; the message says why."""


def act(stage: Any, words: list[str]) -> None:
    """Have ``stage`` do one command: its first word is a verb, a method ``do_VERB``. ScriptError where it is none."""
    verb, *arguments = words
    action = getattr(stage, f"do_{verb.replace('-', '_')}", None)
    if action is None:
        verbs = sorted(name.removeprefix("do_").replace("_", "-") for name in dir(stage) if name.startswith("do_"))
        near = "".join(f"; did you mean `{one}`?" for one in get_close_matches(verb, verbs, n=1))
        raise ScriptError(f"there is no verb `{verb}`{near}; there are {', '.join(verbs)}")
    try:
        inspect.signature(action).bind(*arguments)
    except TypeError as error:
        raise ScriptError(f"`{' '.join(words)}`: {error}") from None
    action(*arguments)


def parse(text: str) -> list[tuple[str, list[str]]]:
    """The transcript's parts in order: a command (or a comment or blank line, verbatim) and its output lines."""
    parts: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith(INDENT) and parts and parts[-1][0].startswith(">"):
            parts[-1][1].append(line[len(INDENT) :])
        elif line.startswith((">", "#")) or not line:
            parts.append((line, []))
        else:
            raise ValueError(f"neither a command, a comment nor output: {line!r}")
    return parts


def replay(text: str, execute: Callable[[str], list[str]]) -> str:
    """The transcript as it comes out now. ``execute`` runs one command and gives the lines it prints."""
    lines: list[str] = []
    for head, _ in parse(text):
        lines.append(head)
        if head.startswith(">"):
            try:
                lines += [INDENT + line for line in execute(head[1:].strip())]
            except ScriptError as error:
                raise ScriptError(f"{head}: {error}") from None
    return "\n".join(lines) + "\n"


def check(path: Path, execute: Callable[[str], list[str]], *, rewrite: bool) -> None:
    """Replay one file; fail where it says otherwise, or, if asked to, rewrite it."""
    expected = path.read_text(encoding="utf-8")
    try:
        actual = replay(expected, execute)
    except ScriptError as error:
        pytest.fail(f"{path.name}: {error}", pytrace=False)
    if rewrite:
        path.write_text(actual, encoding="utf-8")
    elif actual != expected:
        pytest.fail(_first_difference(path, expected, actual), pytrace=False)


def _first_difference(path: Path, expected: str, actual: str) -> str:
    said, done = expected.splitlines(), actual.splitlines()
    place = next((i for i, (a, b) in enumerate(zip(said, done, strict=False)) if a != b), min(len(said), len(done)))
    command = next((line for line in reversed(done[: place + 1]) if line.startswith(">")), "the start")
    return "\n".join(
        [
            f"{path.name}:{place + 1}: after {command}",
            f"  the transcript says: {said[place] if place < len(said) else '(nothing more)'}",
            f"  the protocol did:    {done[place] if place < len(done) else '(nothing more)'}",
            "  if the change is meant, rewrite it with pytest --rewrite-transcripts and read the difference",
        ]
    )
