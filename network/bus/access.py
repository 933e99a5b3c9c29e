"""Who may publish and hear what, as mosquitto's access list: each name as itself, and what is meant for it.

A broker that knows its clients by their certificates (``use_identity_as_username``) holds each to these lines. The
protocols do not depend on it, since frames are signed; it keeps strangers' floods off the nodes, and what is meant
for one from the eyes of the others.

=========  ==========================================  ============================================
who        may publish                                 may hear
=========  ==========================================  ============================================
node       ``all/<itself>/+``, ``to/+/<itself>/+``     ``all/+/+``, ``to/<itself>/+/+``
wallet     ``to/<node>/<itself>/+``, for each node     ``to/<itself>/+/+``
watcher    nothing                                     ``all/+/+``
=========  ==========================================  ============================================
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from network.topics import WALLET_PREFIX, require_level, wallet_address


def render_access(network: str, nodes: Sequence[str], wallets: Iterable[str], watchers: Iterable[str]) -> str:
    """The access list of a network. TopicError where a name could be no level of a topic."""
    for level in (network, *nodes):
        require_level(level)
    blocks = [
        *(_block(node, _of_node(network, node)) for node in nodes),
        *(_block(wallet_address(name), _of_wallet(network, wallet_address(name), nodes)) for name in wallets),
        *(_block(require_level(name), [f"topic read {network}/all/+/+"]) for name in watchers),
    ]
    return "\n".join(["# Whoever is not named here may do nothing.", *blocks])


def render_addition(network: str, access: str, name: str, *, node: bool) -> str:
    """``access`` with ``name`` added: an organisation, with ``node``, or a person.

    What stands in ``access`` stays as it is, so somebody who was shut out by hand stays out; what it grants already is
    not said again. TopicError where the name could be no level of a topic.
    """
    rights = _rights(access)
    nodes = [user for user, lines in rights.items() if f"topic write {network}/all/{user}/+" in lines]
    wanted: list[tuple[str, list[str]]] = []
    if node:
        wanted.append((name, _of_node(network, require_level(name))))
        wallets = (user for user in rights if user.startswith(WALLET_PREFIX))
        wanted += ((wallet, [f"topic write {network}/to/{name}/{wallet}/+"]) for wallet in wallets)
        nodes = list(dict.fromkeys((*nodes, name)))
    wanted.append((wallet_address(name), _of_wallet(network, wallet_address(name), nodes)))
    lacking = [(user, [line for line in lines if line not in rights.get(user, ())]) for user, lines in wanted]
    blocks = [_block(user, lines) for user, lines in lacking if lines]
    return "\n".join([access.rstrip("\n"), "", *blocks])


def _rights(access: str) -> dict[str, list[str]]:
    """Each user's lines, in the order in which the list names them."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []  # what stands above the first user is nobody's
    for line in access.splitlines():
        if line.startswith("user "):
            lines = found.setdefault(line.removeprefix("user ").strip(), [])
        else:
            lines.append(line)
    return found


def _of_node(network: str, node: str) -> list[str]:
    return [
        f"topic write {network}/all/{node}/+",
        f"topic write {network}/to/+/{node}/+",
        f"topic read {network}/all/+/+",
        f"topic read {network}/to/{node}/+/+",
    ]


def _of_wallet(network: str, address: str, nodes: Sequence[str]) -> list[str]:
    require_level(address)
    return [
        *(f"topic write {network}/to/{node}/{address}/+" for node in nodes),
        f"topic read {network}/to/{address}/+/+",
    ]


def _block(user: str, lines: list[str]) -> str:
    return "\n".join([f"user {user}", *lines, ""])
