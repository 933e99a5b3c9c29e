"""``source``: rows of the table of systems, in short and with what is shown and simplified."""

import pytest

from scenarios.language import ScenarioInvalid, parse_scenario
from scenarios.language.models.source import Shown

_REST = "version: 1\nname: a\nmembers: {insurer: {count: 4}}\n"


def _source(text):
    return parse_scenario(f"{_REST}source: {text}\n").source


def test_rows_are_given_in_short_or_with_what_is_shown():
    assert _source("14") == (Shown(row=14),)
    assert _source("[14, Castro 1999]") == (Shown(row=14), Shown(row="Castro 1999"))
    assert _source("[14, {row: 41, shows: the plan, simplified: no prices}]") == (
        Shown(row=14),
        Shown(row=41, shows="the plan", simplified="no prices"),
    )


def test_no_source_is_none():
    assert parse_scenario(_REST).source == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("500", "source: must be at most 200, not `500`"),
        ("[14, {row: 0}]", "source[1].row: must be at least 1, not `0`"),
        ("{row: 14}", "source: must be a list, not a mapping"),
        ("true", "source: must be a list, not `true`"),
        ("[{row: 3, show: the plan}]", "source[0].show: unknown key; did you mean `shows`?"),
        ("[{row: 3, shows: a}]", "source[0].shows: needs at least 3 characters, not `a`"),
    ],
)
def test_what_is_none_is_refused_at_its_place(text, said):
    with pytest.raises(ScenarioInvalid) as refused:
        _source(text)
    assert said in str(refused.value)
