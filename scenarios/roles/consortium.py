"""The consortium 联盟: what every role may submit, since the members' approvals decide and not who brings them.

A step names the nodes that approve of it (``by``); their signatures are part of the plan, as every other. The order of
the story decides what is next, so a change that was refused, or one too many, is told like any other refusal.
"""

from __future__ import annotations

from typing import Any

from consensus.configuration import Verb as Vote
from node.contracts.registry import CertifyArgs, MembersArgs, ReissueArgs, RevokeArgs
from node.membership import Certify, Order, Reissue, Revoke, approved
from node.membership.changes import REGISTRY
from scenarios.roles.desk import Act, Desk, Request, Verbs

verb = Verbs("")


@verb("certify")
def certify(desk: Desk, act: Act) -> Request:
    """Arguments: client, as (its role), home (a node), by (nodes that approve)."""
    name, role, home = act.text("client"), act.text("as"), _node(desk, act, "home", act.text("home"))
    keys = desk.keys_of(name, 1)
    order = _approved(desk, act, "certify", Certify("client", name, role, home, keys.verify_key, keys.seal_key))
    return _request("certify", CertifyArgs(order.sequence, order.change, order.approvals))


@verb("revoke-key")
def revoke_key(desk: Desk, act: Act) -> Request:
    """Arguments: client or node, by (nodes that approve)."""
    node = act.take("node")
    if node is None:
        change = Revoke("client", act.text("client"), 0)
    else:
        change = Revoke("observer", str(node), _node(desk, act, "node", str(node)))
    order = _approved(desk, act, "revoke", change)
    return _request("revoke", RevokeArgs(order.sequence, order.change, order.approvals))


@verb("reissue-key")
def reissue_key(desk: Desk, act: Act) -> Request:
    """Arguments: client, by (nodes that approve), reading. It gets another key to sign with.

    It keeps the one to read with, unless ``reading: true`` says that this is lost too.
    """
    name = act.text("client")
    keys = desk.keys_of(name, desk.generation(name) + 1)
    reads_with = keys if act.flag("reading") else desk.keys_of(name, 1)
    order = _approved(desk, act, "reissue", Reissue(name, keys.verify_key, reads_with.seal_key))
    return _request("reissue", ReissueArgs(order.sequence, order.change, order.approvals))


@verb("change-members")
def change_members(desk: Desk, act: Act) -> Request:
    """Arguments: add and remove (lists of nodes; one may be left out), by (nodes that approve)."""
    asked = {"add": (Vote.ADD_VOTER, act.take("add", ())), "remove": (Vote.REMOVE, act.take("remove", ()))}
    change: list[tuple[str, int]] = []
    for key, (vote, names) in asked.items():
        if not isinstance(names, tuple):
            raise act.error(key, f"must be a list of nodes, not {names!r}")
        change += ((vote.value, _node(desk, act, key, name)) for name in names)
    order = _approved(desk, act, "members", tuple(sorted(change, key=lambda pair: pair[1])))
    return _request("members", MembersArgs(order.sequence, order.change, order.approvals))


def _request(action: str, arguments: Any) -> Request:
    return Request(contract=REGISTRY, action=action, arguments=arguments)


def _approved(desk: Desk, act: Act, action: str, change: Any) -> Order:
    """``change``, signed by the nodes that the step names, for the place in the registry's order that is next."""
    signers = [(_node(desk, act, "by", name), desk.sign_as_node(name)) for name in act.names("by")]
    return approved(desk.directory.network, desk.registry.sequence, action, change, signers)


def _node(desk: Desk, act: Act, key: str, name: str) -> int:
    numbers = desk.registry.numbers_of(name)
    if not numbers:
        raise act.error(key, f"no node is called `{name}`")
    return numbers[-1]
