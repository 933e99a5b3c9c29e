"""The wallets have a place of their own among a virtual run's actors, whatever numbers the chain gives to nodes."""

from scenarios.runner.actors import CLIENTS, actor_names

NODES = ("insurer-1", "hospital")


def test_a_node_that_is_certified_later_is_not_taken_for_the_wallets():
    names = actor_names(NODES)
    assert [names[actor] for actor in (0, 1, CLIENTS)] == [*NODES, "clients"]
    assert len(NODES) not in names
