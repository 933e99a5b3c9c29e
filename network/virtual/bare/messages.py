"""What the bare harness's clients and nodes say to each other."""

from __future__ import annotations

import msgspec

from consensus.chain import Hash, Natural


class Request(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="bare.request"):
    """Please have request ``number`` ordered."""

    number: Natural


class Done(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="bare.done"):
    """At the sender, ``number`` is decided in ``block`` at ``height``, durably."""

    number: Natural
    height: Natural
    block: Hash


class Look(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="bare.look"):
    """Please tell, linearizably, how long the chain is. ``attempt`` counts how often read ``number`` was asked."""

    number: Natural
    attempt: Natural


class Seen(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="bare.seen"):
    """At the sender, the chain ended with ``block`` at ``height`` when that :class:`Look` could be answered."""

    number: Natural
    attempt: Natural
    height: Natural
    block: Hash


class HandOver(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="bare.hand-over"):
    """Whoever leads: please hand the leadership over to ``target``. Nobody answers, and it may come to nothing."""

    target: Natural
