"""``include``: parts in files of their own, anywhere, each mistake shown where it is."""

import os

import pytest

from scenarios.language import ScenarioInvalid, load_scenario

OWN = """\
version: 1
name: own
members: {include: members.yaml, regulator: {vote: false}}
network:
  include: [lan.yaml, wan.yaml]
  default: {loss: 1%}
workload:
  - {include: parts/drill.yaml, rounds: 7}
"""
PARTS = {
    "members.yaml": "insurer: {count: 4}\n",
    "lan.yaml": "default: {latency: 1ms, loss: 0%}\nlinks: [{between: [insurer-1, insurer-2], latency: 2ms}]\n",
    "wan.yaml": "default: {latency: 9ms}\nlinks: [{between: [insurer-3, insurer-4], latency: 3ms}]\n",
    "parts/drill.yaml": "flow: drill\ninclude: deeper.yaml\nrounds: 3\n",
    "parts/deeper.yaml": "rounds: 2\npace: 5\n",
}


@pytest.fixture
def written(tmp_path):
    def write(own=OWN, **changed):
        (tmp_path / "parts").mkdir(exist_ok=True)
        for name, text in {
            **PARTS,
            **{key.replace("__", "/") + ".yaml": text for key, text in changed.items()},
        }.items():
            (tmp_path / name).write_text(text)
        (tmp_path / "own.yaml").write_text(own)
        return tmp_path / "own.yaml"

    return write


def test_parts_stand_where_they_are_named_and_own_keys_win(written):
    scenario = load_scenario(written())
    assert [member.name for member in scenario.member_names][-1] == "regulator"
    assert len(scenario.member_names) == 5
    network = scenario.network
    assert (network.default.latency.value, network.default.loss) == (9_000_000, 10_000)
    assert [link.latency.value for link in network.links] == [2_000_000, 3_000_000]
    assert scenario.workload[0].__pydantic_extra__ == {"rounds": 7, "pace": 5}


def test_what_a_run_keeps_names_no_file(written, tmp_path):
    resolved = load_scenario(written()).origin.resolved
    assert "include" not in resolved
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "own.yaml").write_text(resolved)
    assert load_scenario(tmp_path / "elsewhere" / "own.yaml").origin.resolved == resolved


def test_overrides_come_on_top_of_what_is_included(written):
    scenario = load_scenario(written(), ("network.links.1.latency=8ms", "workload.0.pace=6", "members.insurer.count=7"))
    assert scenario.network.links[1].latency.value == 8_000_000
    assert scenario.workload[0].__pydantic_extra__["pace"] == 6
    assert len(scenario.voters) == 7


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("lan", "default: {latncy: 1ms}\n", ("lan.yaml", 0, ("network", "default", "latncy"))),
        (
            "wan",
            "\nlinks: [{between: [insurer-9, insurer-4]}]\n",
            ("wan.yaml", 1, ("network", "links", 1, "between", 0)),
        ),
        ("members", "insurer: {count: 08}\n", ("members.yaml", 0, ("members", "insurer", "count"))),
        ("parts__deeper", "\n\nrounds: 1\nrounds: 2\n", ("deeper.yaml", 3, ("workload", 0, "rounds"))),
    ],
)
def test_a_mistake_is_shown_in_the_file_that_it_is_in(written, name, text, place):
    with pytest.raises(ScenarioInvalid) as refused:
        load_scenario(written(**{name: text}))
    found = [(p.mark.label.rpartition("/")[2], p.mark.line, p.path) for p in refused.value.problems]
    assert place in found


@pytest.mark.parametrize(
    ("own", "changed", "said"),
    [
        (OWN.replace("members.yaml", "member.yaml"), {}, "did you mean `members.yaml`"),
        (OWN.replace("members.yaml", "[]"), {}, "`include` names a file, or several"),
        (OWN.replace("members.yaml", "{a: b}"), {}, "`include` names a file, or several"),
        (OWN, {"members": "include: members.yaml\n"}, "more than 4 files"),
        (OWN, {"members": "- a\n"}, "is no mapping"),
        (OWN, {"members": "a: [\n"}, "never closed"),
        (
            OWN.replace("[lan.yaml, wan.yaml]", "[lan.yaml, lan.yaml, lan.yaml]"),
            {"lan": "links: [" + "{}," * 4_500 + "]\n"},
            "brings more than 10000 keys",
        ),
    ],
)
def test_what_cannot_be_included_is_told(written, own, changed, said):
    with pytest.raises(ScenarioInvalid, match=said.replace("[", r"\[")):
        load_scenario(written(own, **changed))


@pytest.mark.parametrize(
    "text", ["version: 1\ninclude: [{}]\n", "version: 1\nextends: {}\n", "version: 1\ncosts: {}\n"]
)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ('"a\\0b.yaml"', "is no file's name"),
        ('"\\ud800.yaml"', "is no file's name"),
        ("a" * 300, "cannot be read: File name too long"),
        ("pipe.yaml", "is no plain file"),
    ],
)
def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path, text, name, said):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "own.yaml").write_text(text.format(name))
    with pytest.raises(ScenarioInvalid, match=rf"own\.yaml:2:.*{said}"):
        load_scenario(tmp_path / "own.yaml")
