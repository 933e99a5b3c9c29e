"""Three ends of one run, and its checklist: nobody's console has what is another's."""

import json

import pytest

from scenarios.cli import invoke
from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.results.checklist import CONTROLS, as_markdown, as_page, check
from scenarios.results.consoles import ConsoleError, open_console, page, text, trail_of
from scenarios.runner import run
from scenarios.shipped import shipped


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    result = run(load_scenario(shipped()["three_ends"]), view=NoView(), out=out, mode="virtual")
    assert result.verdict == "pass"
    return result.folder


def business(folder):
    return [json.loads(line) for line in (folder / "state" / "business.jsonl").read_text().splitlines()]


def test_the_government_sees_totals_and_no_person(folder):
    told = text(open_console(folder, "G"))
    people = {record["holder"] for space, _, record in business(folder) if space == "policies"}
    pseudonyms = {key for space, key, _ in business(folder) if space == "subjects"}
    assert people
    assert pseudonyms
    assert not [name for name in (*people, *pseudonyms) if name in told]
    assert "accumulation" in told
    assert "3,112.90" in told  # what insurer-1 paid in all


def test_a_customer_sees_their_own_and_no_other_s(folder):
    zhu, other = (text(open_console(folder, "C", name)) for name in ("patient-1", "patient-2"))
    own = [key for space, key, record in business(folder) if space == "policies" and record["holder"] == "patient-1"]
    assert own
    assert all(key in zhu and key not in other for key in own)
    assert "patient-1" not in other
    assert "accumulation" not in zhu + other


def test_a_business_sees_its_own_and_no_customer_s_name(folder):
    first, second = (text(open_console(folder, "B", name)) for name in ("insurer-1", "insurer-2"))
    assert "hepatitis-care" in first
    assert "hepatitis-care" not in second
    assert "patient-1" not in first + second


@pytest.mark.parametrize("end", ["G", "C", "B"])
def test_no_console_has_a_secret(folder, end):
    written = page(open_console(folder, end))
    assert "mastitis" not in written
    assert "330203198804127422" not in written
    assert "<script" not in written


def test_who_does_not_stand_at_an_end_is_told_who_does(folder):
    with pytest.raises(ConsoleError, match=r"does not stand at the end C; there: patient-1, patient-2"):
        open_console(folder, "C", "insurer-1")
    with pytest.raises(ConsoleError, match="there are G, C, B"):
        open_console(folder, "D")


def test_every_view_of_the_regulator_s_is_in_its_trail(folder):
    lines = trail_of(folder)
    views = [line.split()[0] for line in lines[1:]]
    assert {kind: views.count(kind) for kind in views} == {"report": 2, "alert": 1, "read": 4}
    assert sum("none: not_public" in line for line in lines) == 2


def test_the_checklist_has_all_control_points_and_claims_no_operator_s(folder):
    judged = check(folder)
    assert len(CONTROLS) == len(judged) == 71
    by_clause = {one.control.clause: one for one in judged}
    assert by_clause["8.1.4.7"].verdict == "met"
    for area in ("8.1.1.", "8.1.6.", "8.1.7.", "8.1.8."):
        assert {one.verdict for one in judged if one.control.clause.startswith(area)} == {"out of scope"}
    assert all(one.control.chinese in as_page(judged) and one.evidence for one in judged)
    assert as_markdown(judged).count("\n| 8.1.") == 71


def test_a_ledger_that_was_edited_fails_integrity(folder, tmp_path):
    forged = tmp_path / "forged"
    forged.mkdir()
    for path in folder.rglob("*"):
        if path.is_file():
            target = forged / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    state = forged / "state" / "business.jsonl"
    state.write_text(state.read_text().replace('"paid_fen":311290', '"paid_fen":311291'))
    by_clause = {one.control.clause: one for one in check(forged)}
    assert by_clause["8.1.4.7"].verdict == "failed"
    assert "business" in by_clause["8.1.4.7"].evidence


def test_the_commands(folder, tmp_path, capsys):
    assert invoke(["console", str(folder), "--end", "G"]) == 0
    assert "Government" in capsys.readouterr().out
    assert invoke(["console", str(folder), "--end", "B", "--html", str(tmp_path / "b.html")]) == 0
    assert (tmp_path / "b.html").read_text().startswith("<!doctype html>")
    assert invoke(["trail", str(folder)]) == 0
    assert invoke(["checklist", str(folder)]) == 0
    assert invoke(["checklist", str(tmp_path)]) == 2
    assert "no manifest" in capsys.readouterr().err
