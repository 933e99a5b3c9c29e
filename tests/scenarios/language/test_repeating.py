"""``repeat``: one step written for many, with the places of what is wrong."""

import pytest

from scenarios.language import ScenarioInvalid
from scenarios.language.loader import parse_scenario

HEAD = "version: 1\nname: many\nmembers: {insurer: {count: 3}}\nstory:\n"
STEP = """  - repeat: {n: 1..5, to: [insurer-2, insurer-3]}
    id: send-{n}
    who: insurer-1
    do: transfers.send
    payee: "{to}"
    amount_fen: "{n}"
    title: "{n} follows {n-1}, before {n+1}"
"""
LAST = "  - {id: last, who: insurer-1, do: transfers.send, payee: insurer-2, amount_fen: 1 CNY}\n"


def test_the_longest_list_says_how_many_and_shorter_ones_begin_anew():
    story = parse_scenario(HEAD + STEP + LAST).story
    assert [step.id for step in story] == [*(f"send-{n}" for n in range(1, 6)), "last"]
    assert [step.__pydantic_extra__["payee"] for step in story[:3]] == ["insurer-2", "insurer-3", "insurer-2"]
    assert [step.__pydantic_extra__["amount_fen"] for step in story[:3]] == ["1", "2", "3"]
    assert story[2].title == "3 follows 2, before 4"


def test_a_run_keeps_the_short_form_and_reads_it_alike():
    scenario = parse_scenario(HEAD + STEP + LAST)
    assert "repeat" in scenario.origin.resolved
    assert parse_scenario(scenario.origin.resolved).story == scenario.story


def test_a_mistake_in_a_later_step_is_shown_where_it_stands():
    with pytest.raises(ScenarioInvalid) as raised:
        parse_scenario(HEAD + STEP + LAST.replace("who: insurer-1, ", ""))
    (problem,) = raised.value.problems
    assert problem.mark.line == (HEAD + STEP).count("\n")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{n: 1..5, to: [insurer-2, insurer-3]}", "{}", "names what changes"),
        ("1..5", "5..1", "goes upwards"),
        ("1..5", "1..100000", "goes upwards, over at most"),
        ("1..5", "five", "must be a range"),
        ("[insurer-2, insurer-3]", "[]", "must be a range like `1..200` or a list"),
        ('"{to}"', '"{too}"', "did you mean `to`?"),
        ('"{to}"', '"{to+1}"', "`to` is no number"),
    ],
)
def test_what_cannot_be_repeated_is_refused_at_its_place(old, new, said):
    text = HEAD + STEP.replace(old, new)
    assert text != HEAD + STEP
    with pytest.raises(ScenarioInvalid) as raised:
        parse_scenario(text)
    assert said in str(raised.value)
    assert all(4 <= problem.mark.line <= 10 for problem in raised.value.problems), raised.value.problems


def test_all_repetitions_together_are_bounded():
    step = "  - {repeat: {n: 1..3000}, id: 'NAME-{n}', who: insurer-1, do: transfers.send, payee: insurer-2}\n"
    with pytest.raises(ScenarioInvalid, match="at most 5000 steps together"):
        parse_scenario(HEAD + step.replace("NAME", "a") + step.replace("NAME", "b"))
