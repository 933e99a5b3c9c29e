"""From pydantic's errors to problems in the scenario's own words, each at its place in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from scenarios.language.problems import PROBLEMS_SHOWN_MAX, Path, Problem, did_you_mean
from scenarios.language.reading import Document
from scenarios.language.schema import json_schema

_TYPES = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be `true` or `false`",
    "string_type": "must be text",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping (`key: value`)",
    "model_type": "must be a mapping (`key: value`)",
    "model_attributes_type": "must be a mapping (`key: value`)",
    "dataclass_type": "must be a mapping (`key: value`)",
}
_BOUNDS = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "too_short": "needs at least {min_length} of them",
    "too_long": "takes at most {max_length} of them",
    "string_too_short": "needs at least {min_length} characters",
    "string_too_long": "takes at most {max_length} characters",
}
_SEXAGESIMAL = re.compile(r"^\d+(:\d\d)+$")
_BOOLEAN_WORDS = {"yes", "no", "on", "off", "y", "n"}


def problems_of(
    error: ValidationError, document: Document, skip: Iterable[Path], schema: dict[str, Any] | None = None
) -> list[Problem]:
    """One problem for each thing wrong; nothing under the places in ``skip``, which are wrong for known reasons.

    ``schema`` is the JSON Schema of the document where it is no scenario.
    """
    skipped = set(skip)
    schema = schema or json_schema()
    chosen: dict[Path, ErrorDetails] = {}
    for detail in error.errors(include_url=False):
        path = _place(detail, document.root)
        if not any(path[:length] in skipped for length in range(len(path) + 1)):
            chosen.setdefault(path, detail)
    above = {path[:length] for path in chosen for length in range(len(path))}
    told = [
        (detail, path)
        for path, detail in chosen.items()
        if not (path in above and _is_of_form(detail))  # a union tried every branch: deeper ones say more
    ]
    told.sort(key=lambda item: document.mark(item[1]))
    return [
        _problem(detail, path, document, schema if place < PROBLEMS_SHOWN_MAX else {})
        for place, (detail, path) in enumerate(told)
    ]


def _is_of_form(detail: ErrorDetails) -> bool:
    """Does it say that another kind of value must stand here? A word where a mapping stands is one as well."""
    return detail["type"] in _TYPES or (detail["type"] == "literal_error" and isinstance(detail["input"], dict | tuple))


def _place(detail: ErrorDetails, root: Any) -> Path:
    """The error's location without the names of union branches, which are no keys of the text."""
    path: list[str | int] = []
    node = root
    location = detail["loc"]
    for index, part in enumerate(location):
        last = index == len(location) - 1
        if isinstance(node, dict):
            if part in node:
                node = node[part]
            elif not (last and detail["type"] == "missing"):
                continue
        elif isinstance(node, tuple):
            if not (isinstance(part, int) and part < len(node)):
                continue
            node = node[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _problem(detail: ErrorDetails, path: Path, document: Document, schema: dict[str, Any]) -> Problem:
    kind = detail["type"]
    if kind == "extra_forbidden":
        keys = _known_keys(path[:-1], document.root, schema)
        if path[-1] in keys:
            return Problem(document.mark(path, key=True), path, "does not go with the other keys here")
        near = did_you_mean(str(path[-1]), keys)
        known = "" if near else _listed(keys)
        return Problem(document.mark(path, key=True), path, f"unknown key{near}{known}")
    if kind == "missing":
        return Problem(document.mark(path[:-1]), path, "is missing")
    on_key = detail["loc"][-1:] == ("[key]",)
    return Problem(document.mark(path, key=on_key), path, _message(detail))


def _message(detail: ErrorDetails) -> str:
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind in _TYPES:
        return _wrong_type(kind, given)
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**context) + f", not {_shown(given)}"
    match kind:
        case "literal_error":
            return _none_of(str(context["expected"]), given)
        case "value_error":
            return str(context["error"])
        case "string_pattern_mismatch":
            return f"{_shown(given)} does not have the form of {_form(str(context['pattern']))}"
    message = detail["msg"]
    return message[:1].lower() + message[1:]


def _wrong_type(kind: str, given: Any) -> str:
    hint = ""
    if isinstance(given, str):
        if kind == "bool_type" and given.lower() in _BOOLEAN_WORDS:
            hint = f"; `{given}` is a word in YAML 1.2"
        elif kind == "int_type" and given.isdigit():
            hint = "; leave out the quotes"
        elif kind == "int_type" and _SEXAGESIMAL.match(given):
            hint = f"; `{given}` is a text in YAML 1.2"
    return f"{_TYPES[kind]}, not {_shown(given)}{hint}"


def _none_of(expected: str, given: Any) -> str:
    """``expected`` is pydantic's list: "'a', 'b' or 'c'"."""
    if isinstance(given, int):
        return f"must be {expected}, not {_shown(given)}"
    words = [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(",")]
    return f"{_shown(given)} is none of {', '.join(words)}{did_you_mean(str(given), words)}"


def _form(pattern: str) -> str:
    forms = {
        "embedded|mosquitto": "`embedded`, `mosquitto` or `mqtt://HOST:PORT`",
        r"[^.\s=]+": "a path like `network.default.loss`",
        "[a-z0-9][a-z0-9._-]*": "a name (lower-case letters, digits, `.`, `_`, `-`)",
        "[a-z0-9][a-z0-9_-]{0,63}": "a name (lower-case letters, digits, `_`, `-`)",
        "[a-z0-9_]+": "a measure like `commit_latency.p99`",
    }
    return next((form for key, form in forms.items() if key in pattern), f"`{pattern}`")


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, tuple | list):
        return "a list" if value else "an empty list"
    text = str(value)
    return f"`{text if len(text) <= 40 else text[:37] + '...'}`"


def _listed(names: list[str]) -> str:
    return f"; known here: {', '.join(names)}" if 0 < len(names) <= 12 else ""


def _known_keys(path: Path, root: Any, schema: dict[str, Any]) -> list[str]:
    """The keys that the schema knows in the mapping at ``path`` of ``root``."""
    nodes, value = [schema], root
    for part in path:
        value = _item(value, part)
        nodes = [inner for node in nodes for inner in _inside(node, part, schema, value)]
    names: list[str] = []
    for node in nodes:
        names += [name for name in node.get("properties", {}) if name not in names]
    return names


def _item(value: Any, part: str | int) -> Any:
    try:
        return value[part]
    except (LookupError, TypeError):
        return None


def _inside(node: dict[str, Any], part: str | int, schema: dict[str, Any], value: Any) -> list[dict[str, Any]]:
    if isinstance(part, int):
        found = [node.get("items")]
    else:
        named = node.get("properties", {}).get(part)
        found = [named] if named else [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
    return [branch for item in found if isinstance(item, dict) for branch in _branches(item, schema, value)]


def _branches(node: dict[str, Any], schema: dict[str, Any], value: Any) -> list[dict[str, Any]]:
    """What ``node`` may be: of alternatives that a constant tells apart, those that ``value`` has chosen."""
    if "$ref" in node:
        return _branches(schema["$defs"][node["$ref"].rsplit("/", 1)[-1]], schema, value)
    if "anyOf" in node:
        return [branch for option in node["anyOf"] for branch in _branches(option, schema, value)]
    if "oneOf" in node:
        options = [branch for option in node["oneOf"] for branch in _branches(option, schema, value)]
        return [option for option in options if _chosen(option, value)] or options
    return [node]


def _chosen(option: dict[str, Any], value: Any) -> bool:
    constants = {name: kind["const"] for name, kind in option.get("properties", {}).items() if "const" in kind}
    return bool(constants) and all(_item(value, name) == constant for name, constant in constants.items())
