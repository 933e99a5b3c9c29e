"""The scenario language 情景语言: YAML 1.2 in, a typed :class:`Scenario` out, or every problem with its place.

The way of a text: ``composing`` (nodes, limits) -> ``reading`` (values and places) -> ``extending`` (what it takes from
other files) -> ``overrides`` -> ``inlining`` (data files that it names) -> ``assumptions`` -> ``schema`` (form and
units) -> ``semantics`` (names, quorums), ``foresight`` (warnings) and ``sweeping`` -> :class:`Scenario`. Whatever is
wrong with a text that can be read at all is reported together.
"""

from scenarios.language.findings import Arithmetic, arithmetic
from scenarios.language.loader import load_scenario, parse_scenario
from scenarios.language.problems import Problem, ScenarioInvalid, Severity, render
from scenarios.language.schema import Scenario, json_schema, json_schema_text

__all__ = [
    "Arithmetic",
    "Problem",
    "Scenario",
    "ScenarioInvalid",
    "Severity",
    "arithmetic",
    "json_schema",
    "json_schema_text",
    "load_scenario",
    "parse_scenario",
    "render",
]
