from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from scenarios.language import json_schema, json_schema_text, load_scenario
from scenarios.shipped import find_scenario, shipped


def test_the_shipped_json_schema_is_the_one_that_the_models_give() -> None:
    shipped_text = files("configs").joinpath("scenario.schema.json").read_text(encoding="utf-8")
    assert shipped_text == json_schema_text(), "run: consortium schema > configs/scenario.schema.json"


def test_every_key_of_the_language_says_what_it_means() -> None:
    schema = json_schema()
    parts: dict[str, Any] = {"scenario": schema, **schema["$defs"]}
    silent = [
        f"{name}.{key}"
        for name, part in parts.items()
        for key, about in part.get("properties", {}).items()
        if "description" not in {**_part(about, schema), **about}
    ]
    assert not silent


def _part(about: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    return schema["$defs"].get(about.get("$ref", "").rsplit("/", 1)[-1], {})


def test_extension_keys_are_allowed_everywhere_for_editors_too() -> None:
    schema = json_schema()
    assert schema["patternProperties"]["^x-"] == {}
    assert set(schema["$defs"]["Run"]["patternProperties"]) == {"^x-", "^include$"}
    assert schema["$defs"]["Run"]["additionalProperties"] is False


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_shipped_scenario_is_valid_and_named_after_its_file(name: str) -> None:
    scenario = load_scenario(find_scenario(name))
    assert scenario.name == name
    assert not scenario.origin.warnings
    assert scenario.description
