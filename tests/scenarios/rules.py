"""Rules switched off: what a contract guards by ``ctx.require(condition, code)`` lets everything through.

A scenario is worth something where its verdict is FAIL without the rule that it is about. An entry of ``RULES`` in
test_rules_off.py, or in a theme's own ``rules_*.py``, is a refusal's code, or ``Replaced("module:function", another)``
for a rule that works something out.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from node.contracts.context import Context
from node.contracts.lifecycle import Lifecycle


class Replaced(NamedTuple):
    """``target``, "module:attribute" as the rule's user has it, does something else."""

    target: str
    by: Callable[..., Any]


def waived(monkeypatch, *codes: str) -> list[str]:
    """From now on nothing is refused with one of ``codes``; the list tells which of them would have been, in turn.

    Without "illegal_transition", what its state forbids is done all the same, and the state stays.
    """
    kept, kept_next = Context.require, Lifecycle.next
    let_through: list[str] = []

    def require(self: Context, condition: bool, code: str, detail: str = "") -> None:
        if code not in codes:
            kept(self, condition, code, detail)
        elif not condition:
            let_through.append(code)

    def following(self: Lifecycle, state: str, event: str) -> str:
        if event in self.table[state]:
            return kept_next(self, state, event)
        let_through.append("illegal_transition")
        return state

    monkeypatch.setattr(Context, "require", require)
    if "illegal_transition" in codes:
        monkeypatch.setattr(Lifecycle, "next", following)
    return let_through


def replaced(monkeypatch, rule: Replaced) -> None:
    """From now on the rule's function is the other one."""
    module, _, attribute = rule.target.partition(":")
    owner: Any = import_module(module)
    *within, name = attribute.split(".")
    for part in within:
        owner = getattr(owner, part)
    monkeypatch.setattr(owner, name, rule.by)


def told_by_themes(name: str) -> dict[str, Any]:
    """The dictionaries called ``name`` ("RULES", "BROKEN") of all ``rules_*.py`` beside this file, as one."""
    found: dict[str, Any] = {}
    for path in sorted(Path(__file__).parent.glob("rules_*.py")):
        theirs = getattr(import_module(f"tests.scenarios.{path.stem}"), name, {})
        twice = sorted(found.keys() & theirs.keys())
        if twice:
            raise ValueError(f"{path.name}: {name} of {', '.join(twice)} is told elsewhere already")
        found.update(theirs)
    return found
