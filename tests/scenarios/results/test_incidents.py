"""The incident report: what was injected, and who found it how soon; of a calm run, nothing."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from scenarios.cli import app
from scenarios.dashboard import NoView
from scenarios.failures import EXIT_INVALID
from scenarios.language import load_scenario
from scenarios.results.exports.source import ExtractError
from scenarios.results.incidents import CLASSES, incidents_of
from scenarios.results.report import read_facts
from scenarios.results.report.incidents import incidents
from scenarios.results.run_folder import RunFolder
from scenarios.runner import run
from scenarios.shipped import find_scenario

pytestmark = pytest.mark.xdist_group("incidents")  # the runs are made once


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Name -> the folder of a run of that scenario."""
    made = {}

    def folder(name):
        if name not in made:
            path = find_scenario("garbled").with_name("_transfers.yaml") if name == "calm" else None
            scenario = load_scenario(path or find_scenario(name))
            made[name] = run(scenario, view=NoView(), mode="virtual", out=tmp_path_factory.mktemp("runs")).folder
        return made[name]

    return folder


def test_a_calm_run_has_none(ran):
    assert incidents_of(ran("calm")) == ()
    assert incidents(read_facts(RunFolder(ran("calm")))).absent
    told = CliRunner().invoke(app, ["incidents", str(ran("calm"))])
    assert told.stdout.startswith("No incidents.")
    assert told.stdout.count("Nothing, as far as") == len(CLASSES)


def test_a_stolen_key_is_one_of_use_and_refused_at_once(ran):
    found = incidents_of(ran("stolen_key"))
    assert [(one.risk, one.injected, one.fate, one.after) for one in found] == [("use", True, "prevented", 0)] * 2


def test_an_illegal_upload_is_found_when_its_content_is_listed(ran):
    found = incidents_of(ran("illegal_upload"))
    lies = [(one.fate, one.clock, one.after) for one in found if one.injected]
    assert lies == [("prevented", "business", 0), ("detected", "business", 29 * 3_600_000)]
    refused = {one.what.split()[3].rstrip(","): one.risk for one in found if not one.injected}
    assert refused == {"file_too_large": "information", "type_not_allowed": "information", "not_listed": "technology"}


def test_a_hijacked_name_is_one_of_the_ecosystem_and_its_messages_are_counted(ran):
    (found,) = incidents_of(ran("name_hijacked"))
    garbled = json.loads((ran("name_hijacked") / "metrics.json").read_bytes())["network.garbled"]["count"]
    assert (found.risk, found.fate, found.at, found.after) == ("ecosystem", "prevented", 10**9, None)
    assert f" {garbled} messages" in found.found


def test_two_who_conspire_are_convicted_by_their_signatures_and_nobody_else(ran):
    found = incidents_of(ran("two_conspire"))
    assert [(one.what.split()[0], one.fate) for one in found if one.injected] == [
        ("insurer-1", "detected"),
        ("insurer-2", "detected"),
    ]
    apart = [one for one in found if not one.injected]
    assert apart
    assert all(one.found.endswith("convicts insurer-1, insurer-2") for one in apart)


def test_what_no_detector_saw_is_told_as_that(ran, tmp_path):
    spoiled = shutil.copytree(ran("name_hijacked"), tmp_path / "run")
    metrics = json.loads((spoiled / "metrics.json").read_bytes())
    del metrics["network.garbled"]
    (spoiled / "metrics.json").write_text(json.dumps(metrics))
    (spoiled / "history.jsonl").write_bytes(b"")
    (found,) = incidents_of(spoiled)
    assert (found.fate, found.found) == ("unseen", "no detector saw it")


def test_slower_answers_are_felt_and_a_given_up_round_is_detected(ran, tmp_path):
    copy = RunFolder(shutil.copytree(ran("calm"), tmp_path / "run"))
    asked = [
        {"client": 0, "op": "transact", "key": "a", "in": "", "out": {"code": "ok"}, "call": 1, "return": 5},
        {"client": 0, "op": "transact", "key": "b", "in": "", "out": {"code": "ok"}, "call": 20, "return": 40},
    ]
    copy.write_lines(copy.history, (json.dumps(one) for one in asked))
    fault = {"what": "fault", "at_ns": 10, "line": "the links are slow", "until_ns": 100, "kind": "delay"}
    standing = {"what": "standing", "at_ns": 1, "node": "n", "condition": "up", "duty": "backup", "round": 0}
    copy.write_lines(copy.course, map(json.dumps, (fault, standing)))
    assert [one.fate for one in incidents_of(copy.path)] == ["felt"]
    later = [standing | {"at_ns": at, "round": 1} for at in (101, 60)]
    copy.write_lines(copy.course, map(json.dumps, (fault, standing, later[0])))
    assert [one.fate for one in incidents_of(copy.path)] == ["felt"]
    copy.write_lines(copy.course, map(json.dumps, (fault, standing, later[1])))
    assert [(one.fate, one.after) for one in incidents_of(copy.path)] == [("detected", 50)]


def test_a_spoiled_file_is_named(ran, tmp_path):
    copy = shutil.copytree(ran("calm"), tmp_path / "run")
    (copy / "course.jsonl").write_bytes(b"{}\n")
    with pytest.raises(ExtractError, match=r"course\.jsonl:1"):
        incidents_of(copy)
    told = CliRunner().invoke(app, ["incidents", str(tmp_path)])
    assert told.exit_code == EXIT_INVALID
    assert "manifest.json" in told.stderr


def test_the_report_has_a_table_for_each_class_concerned(ran):
    section = incidents(read_facts(RunFolder(ran("illegal_upload"))))
    assert [table.caption.split()[0] for table in section.tables] == ["Technology", "Information"]
    assert section.lead.startswith("5 incidents: 4 prevented, 1 detected.")
