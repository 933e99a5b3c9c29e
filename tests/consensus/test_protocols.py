"""The registry of protocols, and what holds of each protocol there is."""

import sys

import pytest

from consensus import protocols
from consensus.protocols import ProtocolPluginError, protocol, protocol_names, register
from consensus.quorum import byzantine_faults, byzantine_quorum, crash_faults, majority
from scenarios.cli import invoke

VOTING = (0, 2, 3, 5, 7, 8, 9)


def test_the_shipped_protocols_are_registered():
    assert protocol_names() == ("pbft", "raft", "solo")


def test_an_unknown_protocol_is_told_with_those_there_are():
    with pytest.raises(KeyError, match="no protocol 'paxos'; there are: pbft, raft, solo"):
        protocol("paxos")


def test_a_name_is_taken_once(monkeypatch):
    monkeypatch.setattr(protocols, "_registry", dict(protocols._registry))
    with pytest.raises(ValueError, match="'solo' is registered already"):
        register(protocol("solo"))


# Of other distributions


@pytest.fixture
def offered(tmp_path, monkeypatch):
    """A distribution on the path that offers protocols: ``offered(name="module:attribute")``."""
    monkeypatch.setattr(protocols, "_registry", dict(protocols._registry))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "their_protocols.py").write_text(
        "import msgspec\nfrom consensus.protocols import protocol\n"
        "ENTRY = msgspec.structs.replace(protocol('solo'), name='theirs')\nNONE = 3\n"
    )
    yield lambda **points: _distribute(tmp_path, points)
    sys.modules.pop("their_protocols", None)


def _distribute(folder, points):
    info = folder / "their_dist-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-dist\nVersion: 1\n")
    lines = "".join(f"{name} = {value}\n" for name, value in points.items())
    (info / "entry_points.txt").write_text(f"[consortium.protocols]\n{lines}")


def test_a_protocol_of_another_distribution_is_there_by_name_and_loaded_when_asked_for(offered):
    offered(theirs="their_protocols:ENTRY")
    assert protocol_names() == ("pbft", "raft", "solo", "theirs")
    assert "their_protocols" not in sys.modules
    assert protocol("theirs").name == "theirs"
    assert protocol("theirs") is protocol("theirs")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("their_protocols:MISSING", "cannot be loaded: AttributeError"),
        ("no_such_module:ENTRY", "cannot be loaded: ModuleNotFoundError"),
        ("their_protocols:NONE", "is no ProtocolEntry but int"),
        ("their_protocols:ENTRY", "calls itself 'theirs'"),
    ],
)
def test_a_plug_in_that_is_none_is_named_with_its_distribution(offered, value, said, capsys):
    offered(other=value)
    with pytest.raises(ProtocolPluginError, match=f"the protocol 'other' of their-dist: .*{said}"):
        protocol("other")
    assert invoke(["run", "one_claim", "--protocol", "other"]) == 2
    assert said in capsys.readouterr().err


def test_a_shipped_protocol_is_not_overridden(offered):
    offered(solo="their_protocols:ENTRY")
    assert protocol_names() == ("pbft", "raft", "solo")
    assert protocol("solo").core.__module__ == "consensus.solo"


@pytest.mark.parametrize("n", range(1, 20))
def test_quorums_and_faults_are_those_of_the_protocols_fault_model(n):
    pbft, raft, solo = (protocol(name) for name in ("pbft", "raft", "solo"))
    assert (pbft.quorum(n), pbft.faults(n)) == (byzantine_quorum(n), byzantine_faults(n))
    assert (raft.quorum(n), raft.faults(n)) == (majority(n), crash_faults(n))
    assert (solo.quorum(1), solo.faults(1)) == (1, 0)


@pytest.mark.parametrize("n", range(1, 20))
def test_a_client_needs_one_word_where_nobody_lies_and_one_more_than_the_liars_elsewhere(n):
    assert protocol("pbft").replies(n) == byzantine_faults(n) + 1
    assert protocol("raft").replies(n) == protocol("solo").replies(1) == 1


def test_all_vote_but_under_solo_the_first_alone():
    assert protocol("solo").voters_of(VOTING) == (0,)
    assert protocol("raft").voters_of(VOTING) == protocol("pbft").voters_of(VOTING) == VOTING


def test_no_two_messages_and_no_two_records_share_a_tag():
    for name in protocol_names():
        entry = protocol(name)
        for kinds in (entry.messages, entry.records):
            tags = [kind.__struct_config__.tag for kind in kinds]
            assert len(set(tags)) == len(tags)
        assert all(kind.__struct_config__.tag.startswith(f"{name}.") for kind in entry.messages)


@pytest.mark.parametrize("name", ["pbft", "raft", "solo"])
def test_messages_cannot_be_changed_on_their_way(name):
    for kind in (*protocol(name).messages, *protocol(name).records):
        config = kind.__struct_config__
        assert config.frozen
        assert config.array_like
        assert config.forbid_unknown_fields
