"""Which refusals an action may answer with, read from the source: every code that it, or what it calls, can raise."""
# ruff: noqa: INP001 - a script's helper beside the pages

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from node.contracts.context import Refusal

_ROOM = "node."


def refusals_of(function: Any) -> list[str]:
    """The codes in order of name. What is looked up in tables, or chosen while it runs, is not seen."""
    return sorted(_codes(inspect.unwrap(function), frozenset()))


def _codes(function: Any, above: frozenset[Any]) -> set[str]:
    found = set(_own(function))
    for called in _called(function):
        if called not in above:
            found |= _codes(called, above | {function})
    return found


@cache
def _tree(function: Any) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def _own(function: Any) -> Iterator[str]:
    """Literal codes of ``Refusal(...)`` and ``ctx.require(...)``, and what ``ctx.find(...)`` of a kind refuses with."""
    scope = function.__globals__
    for node in ast.walk(_tree(function)):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and scope.get(node.func.id) is Refusal:
            yield from _words(node.args[:1])
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "require":
            yield from _words(node.args[1:2])
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "find" and isinstance(node.args[0], ast.Name):
            yield "unknown_" + re.sub("(?<=[a-z])(?=[A-Z])", "_", node.args[0].id).lower()


def _words(arguments: list[ast.expr]) -> Iterator[str]:
    """Texts in an expression: one, or both branches where one is chosen."""
    for argument in arguments:
        branches = [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
        for branch in branches:
            if isinstance(branch, ast.Constant) and isinstance(branch.value, str):
                yield branch.value


@cache
def _called(function: Any) -> tuple[Any, ...]:
    """Functions of the program that it calls by their names, alone or behind their module's."""
    scope = function.__globals__
    calls = [node.func for node in ast.walk(_tree(function)) if isinstance(node, ast.Call)]
    named = [scope.get(call.id) for call in calls if isinstance(call, ast.Name)]
    for call in calls:
        if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name):
            owner = scope.get(call.value.id)
            named += [getattr(owner, call.attr, None)] if isinstance(owner, ModuleType) else []
    ours = [call for call in named if isinstance(call, FunctionType) and call.__module__.startswith(_ROOM)]
    return tuple(dict.fromkeys(inspect.unwrap(call) for call in ours))
