"""Expectations of what is on record at the end, and of steps where who comes first decides."""

import pytest

from scenarios.dashboard import NoView
from scenarios.language import ScenarioInvalid, load_scenario
from scenarios.runner import run
from scenarios.shipped import shipped

NAME = "one_account_each"


def judged(*overrides):
    result = run(load_scenario(shipped()[NAME], list(overrides)), view=NoView(), out=None, mode="virtual")
    return {item.name: (item.verdict, item.detail) for item in result.finished.expectations}


def test_records_are_counted_as_the_run_leaves_them():
    counted = ("records.chain_accounts == 2", "records.policies >= 2", "records.liens == 0")
    found = judged(f"expect.metrics=[{', '.join(counted)}]")
    assert [found[name] for name in counted] == [
        ("pass", "2 == 2"),
        ("fail", "not so: 1 >= 2"),
        ("pass", "0 == 0"),
    ]


def test_records_that_there_are_not_are_refused_with_what_was_meant():
    with pytest.raises(ScenarioInvalid, match=r"no records `chain_account`; did you mean `chain_accounts`"):
        load_scenario(shipped()[NAME], ["expect.metrics=[records.chain_account == 2]"])


@pytest.mark.parametrize(
    ("expect", "verdict"),
    [
        ("mapped_to_another_wallet", "pass"),
        ("ok|mapped_to_another_wallet", "pass"),
        ("ok|wrong_role", "fail"),
        ("ok", "fail"),
    ],
)
def test_one_of_several_answers_will_do(expect, verdict):
    assert judged(f"story.stolen.expect={expect}")["steps"][0] == verdict


@pytest.mark.parametrize("expect", ["ok|", "|ok", "ok||wrong_role", "OK|no", "a b"])
def test_what_is_no_list_of_codes_is_refused(expect):
    with pytest.raises(ScenarioInvalid):
        load_scenario(shipped()[NAME], [f"story.stolen.expect={expect}"])
