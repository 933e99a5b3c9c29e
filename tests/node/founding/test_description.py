"""What a network is to be is checked before a single key is made."""

import pytest

from node.founding import FoundingError, describe, read_description

GOOD = """
network: harbour
protocol: pbft
broker: {host: broker.example, port: 8884, also: [10.0.0.7]}
organisations:
  insurer: {role: insurer}
  hospital-2: {role: hospital}
  regulator: {role: regulator, votes: false}
wallets:
  ann: {role: patient, home: insurer}
watchers: [dashboard]
cash_fen: {insurer: 5000, ann: 1}
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "harbour.yaml"
        path.write_text(text)
        return path

    return write


def test_a_description_is_read(written):
    description = read_description(written(GOOD))
    assert description.wallet_names == ("insurer", "hospital-2", "regulator", "ann")
    assert description.broker.url == "mqtts://broker.example:8884"
    assert description.broker.hosts == ("broker.example", "10.0.0.7")
    assert not description.organisations["regulator"].votes


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("home: insurer", "home: bank", "wallets: ann: its home 'bank' is no organisation"),
        ("protocol: pbft", "protocol: paxos", "protocol: .*paxos"),
        ("ann: 1}", "bob: 1}", "cash_fen: 'bob' is neither"),
        ("ann: 1}", "ann: -1}", r"\$\.cash_fen"),
        ("port: 8884", "port: 0", r"\$\.broker\.port"),
        ("host: broker.example", 'host: "a b"', r"\$\.broker\.host"),
        ("  hospital-2:", "  wallet.ann:", "are wallets' on the bus"),
        ("[dashboard]", "[insurer]", "'insurer' is the name of two parties"),
        ("  ann:", "  insurer:", "'insurer' is the name of two parties"),
        ("  ann:", f"  {'a' * 60}:", "longer than 64 characters"),
        ("network: harbour", "network: Har#bour", r"\$\.network"),
        ("watchers:", "colour: red\nwatchers:", "unknown field `colour`"),
        ("network: harbour", "network: [", "not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_place(written, old, new, words):
    path = written(GOOD.replace(old, new, 1))
    with pytest.raises(FoundingError, match=words) as caught:
        read_description(path)
    assert str(path) in str(caught.value)


def test_somebody_must_vote(written):
    with pytest.raises(FoundingError, match="none of them votes"):
        read_description(written("network: a\norganisations: {b: {role: b, votes: false}}\n"))


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(FoundingError, match="cannot be read: No such file"):
        read_description(tmp_path / "none.yaml")


def test_options_make_a_description_too():
    description = describe("harbour", ["insurer", "hospital-1"], observers=["regulator"], wallets=["ann"])
    assert {name: item.role for name, item in description.organisations.items()} == {
        "insurer": "insurer",
        "hospital-1": "hospital",
        "regulator": "regulator",
    }
    assert description.wallets["ann"].home == "insurer"
    assert description.broker.url == "mqtts://localhost:8883"


@pytest.mark.parametrize(
    ("given", "url"),
    [("a.example", "mqtts://a.example:8883"), ("a:99", "mqtts://a:99"), ("[::1]:99", "mqtts://[::1]:99")],
)
def test_the_brokers_place_may_be_given(given, url):
    assert describe("n", ["a"], broker=given).broker.url == url


@pytest.mark.parametrize("given", ["a:b", "a:", ":", "a b:1"])
def test_a_place_that_is_none_is_refused(given):
    with pytest.raises(FoundingError):
        describe("n", ["a"], broker=given)
