"""Each scenario of a line of business fails as soon as the rule that it is about is switched off."""

import pytest

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.shipped import shipped
from tests.scenarios.rules import Replaced, replaced, waived

RULES = {
    "duplicate_cover": ("illegal_transition",),
}
"""Scenario: its rules, each switched off by itself: a refusal's code, or Replaced("module:function", another)."""


def _cases():
    return [(name, rule) for name, rules in sorted(RULES.items()) for rule in rules]


def _told(value):
    return value.target if isinstance(value, Replaced) else value


@pytest.mark.parametrize(("name", "rule"), _cases(), ids=_told)
def test_without_the_rule_the_verdict_is_fail(name, rule, monkeypatch):
    let_through = []
    if isinstance(rule, Replaced):
        replaced(monkeypatch, rule)
    else:
        let_through = waived(monkeypatch, rule)
    result = run(load_scenario(shipped()[name]), view=NoView(), out=None, mode="virtual")
    assert result.verdict == "fail", result.lines
    assert isinstance(rule, Replaced) or let_through, f"nothing would have been refused with {rule}"
