"""Topics: where a frame lies on the bus, and who hears it.

Two shapes, four or five levels, nothing else::

    <network>/all/<sender>/<kind>             to everyone
    <network>/to/<receiver>/<sender>/<kind>   to one node or client

The receiver stands before the sender so that a broker's access list can give ``<network>/to/<name>/#`` to its
owner alone. A topic proves nothing: the frame inside is signed, and :func:`topic_of` says which topic a signed
frame belongs on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from network.frames import Frame

LEVEL_LENGTH_MAX = 64
_LEVEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


WALLET_PREFIX = "wallet."


def wallet_address(client: str) -> str:
    """The name under which a client's wallet stands on the bus (its organisation's node has the plain name)."""
    return WALLET_PREFIX + client


class TopicError(ValueError):
    """A string that is no topic of ours, or parts that make none."""


class Topic(msgspec.Struct, frozen=True):
    """A topic in parts. ``receiver`` is empty for everyone."""

    network: str
    sender: str
    kind: str
    receiver: str = ""


def build_topic(network: str, sender: str, kind: str, receiver: str = "") -> str:
    """The topic on which ``sender`` sends frames of ``kind``: to everyone, or to ``receiver``."""
    levels = (network, "to", receiver, sender, kind) if receiver else (network, "all", sender, kind)
    for level in levels:
        require_level(level)
    return "/".join(levels)


def parse_topic(topic: str) -> Topic:
    """The parts of ``topic``; TopicError for anything that :func:`build_topic` does not produce."""
    levels = topic.split("/", 5)
    match levels:
        case [network, "all", sender, kind]:
            receiver = ""
        case [network, "to", receiver, sender, kind]:
            require_level(receiver)
        case _:
            raise TopicError(f"not a topic of a consortium network: {topic[:200]!r}")
    for level in (network, sender, kind):
        require_level(level)
    return Topic(network=network, sender=sender, kind=kind, receiver=receiver)


def topic_of(frame: Frame) -> str:
    """The one topic that ``frame`` may lie on. A frame's names are levels of topics by type: nothing to check."""
    if frame.receiver:
        return f"{frame.network}/to/{frame.receiver}/{frame.sender}/{frame.kind}"
    return f"{frame.network}/all/{frame.sender}/{frame.kind}"


def node_filters(network: str, name: str, kinds: Iterable[str] = (), senders: Iterable[str] = ()) -> tuple[str, ...]:
    """What a node subscribes to: what everyone says of these ``kinds``, and all that is meant for it alone.

    No kinds means every kind. MQTT 3.1.1 echoes a client's own messages to it where a wildcard matches them;
    naming the ``senders`` (the other members) spares a node its own echo.
    """
    heard = [require_level(sender) for sender in senders] or ["+"]
    wanted = [require_level(kind) for kind in kinds] or ["+"]
    require_level(network)
    everyone = [f"{network}/all/{sender}/{kind}" for sender in heard for kind in wanted]
    return (*everyone, f"{network}/to/{require_level(name)}/+/+")


def client_filters(network: str, name: str) -> tuple[str, ...]:
    """What a client subscribes to: only what is meant for it."""
    return (f"{require_level(network)}/to/{require_level(name)}/+/+",)


def require_level(level: str) -> str:
    """``level``, which may be a level of a topic; TopicError where it may not."""
    if not _LEVEL.fullmatch(level):
        raise TopicError(
            f"{level[:100]!r} cannot be a level of a topic: 1 to {LEVEL_LENGTH_MAX} of a-z 0-9 . _ -, "
            "beginning with a letter or digit"
        )
    return level
