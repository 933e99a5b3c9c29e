"""Matching: two insurers find whom they share, the chain holds them to the protocol and learns nobody."""

import json

import msgspec
import pytest

from node.contracts.matching import POINTS_MAX, ConcludeArgs, OpenArgs, PointsArgs, points_key
from node.privacy import Blinded, Doubled, Party
from tests.node.contracts.network import Network

OURS = {"ann", "ben", "cat"}
THEIRS = {"cat", "dan", "ben", "eve"}
ID = "insurer-2/1"


@pytest.fixture
def network():
    network = Network()
    assert network.do("insurer-2", "matching.open", OpenArgs("insurer-1")).output == {"matching": ID}
    return network


def parties():
    return {"insurer-1": Party(b"1" * 32, ID, OURS), "insurer-2": Party(b"2" * 32, ID, THEIRS)}


def send(network, who, what, points):
    arguments = PointsArgs(ID, tuple(point.hex() for point in points))
    return network.do(who, f"matching.{what}", arguments).code


def read(network, who, what):
    return tuple(bytes.fromhex(p) for p in network.tree.get("matching_points", points_key(ID, what, who)).points)


def matched(network):
    """Both rounds, from what lies on the chain."""
    sides = parties()
    for who, party in sides.items():
        assert send(network, who, "offer", party.offer().points) == "ok"
    pairs = (("insurer-1", "insurer-2"), ("insurer-2", "insurer-1"))
    for who, other in pairs:
        answer = sides[who].answer(Blinded(ID, read(network, other, "offer")))
        assert send(network, who, "answer", answer.points) == "ok"
    return {who: sides[who].shared(Doubled(ID, read(network, other, "answer"), ordered=True)) for who, other in pairs}


def record(network):
    return network.tree.get("matchings", ID)


def test_both_find_the_same_people_and_the_chain_learns_how_many(network):
    shared = matched(network)
    assert shared == dict.fromkeys(("insurer-1", "insurer-2"), ("ben", "cat"))
    for who, state in (("insurer-1", "ANSWERED"), ("insurer-2", "AGREED")):
        assert network.do(who, "matching.conclude", ConcludeArgs(ID, 2)).output == {"state": state}
    assert (record(network).sizes, record(network).shared) == ((3, 4), (2, 2))
    held = json.dumps(msgspec.to_builtins([list(network.tree.items(name)) for name in network.tree.namespaces()]))
    assert not any(f'"{person}"' in held for person in (OURS | THEIRS) - {"ann"})  # a client is called ann, too


def test_who_states_another_number_than_the_other_is_seen_to(network):
    matched(network)
    network.do("insurer-1", "matching.conclude", ConcludeArgs(ID, 2))
    assert network.do("insurer-2", "matching.conclude", ConcludeArgs(ID, 1)).output == {"state": "DISPUTED"}
    assert network.do("insurer-2", "matching.conclude", ConcludeArgs(ID, 2)).code == "illegal_transition"


def test_what_is_out_of_turn_twice_or_of_the_wrong_size_changes_nothing(network):
    point = bytes(32)
    offers = {who: party.offer().points for who, party in parties().items()}
    steps = [
        (("insurer-1", "answer", [point]), "illegal_transition"),
        (("insurer-1", "offer", offers["insurer-1"][::-1]), "points_out_of_order"),
        (("insurer-1", "offer", offers["insurer-1"]), "ok"),
        (("insurer-1", "offer", offers["insurer-1"][:1]), "already_offered"),
        (("insurer-1", "answer", [point]), "illegal_transition"),
        (("insurer-2", "offer", offers["insurer-2"]), "ok"),
        (("insurer-2", "offer", offers["insurer-2"]), "illegal_transition"),
        (("insurer-2", "answer", offers["insurer-1"][:2]), "wrong_number_of_points"),
        (("insurer-2", "answer", [point] * 3), "points_repeated"),
        (("insurer-2", "answer", offers["insurer-1"]), "ok"),
        (("insurer-2", "answer", offers["insurer-1"]), "already_answered"),
    ]
    for (who, what, points), code in steps:
        before = record(network)
        assert send(network, who, what, points) == code
        assert (record(network) == before) == (code != "ok")
    assert network.do("insurer-1", "matching.conclude", ConcludeArgs(ID, 0)).code == "illegal_transition"


def test_no_more_can_be_shared_than_the_smaller_set_holds(network):
    matched(network)
    assert network.do("insurer-1", "matching.conclude", ConcludeArgs(ID, 4)).code == "more_than_there_are"
    assert network.do("insurer-1", "matching.conclude", ConcludeArgs(ID, 2)).code == "ok"
    assert network.do("insurer-1", "matching.conclude", ConcludeArgs(ID, 1)).code == "already_concluded"


def test_it_is_between_two_insurers_and_nobody_else(network):
    assert network.do("insurer-1", "matching.open", OpenArgs("insurer-1")).code == "with_oneself"
    assert network.do("insurer-1", "matching.open", OpenArgs("bureau")).code == "wrong_role"
    assert network.do("bureau", "matching.open", OpenArgs("insurer-1")).code == "role_not_allowed"
    assert network.do("insurer-1", "matching.offer", PointsArgs("insurer-2/9", ())).code == "unknown_matching"
    network = Network()
    network.do("insurer-1", "matching.open", OpenArgs("insurer-2"))
    assert network.do("bureau", "matching.offer", PointsArgs("insurer-1/1", ())).code == "role_not_allowed"


@pytest.mark.parametrize("points", [["xy"], ["A" * 64], ["0" * 63], [7], ["0" * 64] * (POINTS_MAX + 1)])
def test_points_that_are_none_are_refused(network, points):
    assert network.do("insurer-1", "matching.offer", [ID, points]).code == "arguments_invalid"
