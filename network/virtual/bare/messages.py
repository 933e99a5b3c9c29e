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
