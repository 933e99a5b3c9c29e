"""The workload: every transaction of a run, computed before it starts.

Both worlds replay the same list. A step is submitted once its run time has come and every step in ``after`` is
acknowledged; so flows are causal chains, and which protocol, mode or bus carries them cannot change what they say.
"""

from __future__ import annotations

import msgspec

from network.custody import Deposit, IsErased
from scenarios.roles import Shared

Errand = Deposit | IsErased
"""What a wallet settles with its own organisation's node before it submits a step."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction of the workload; or, with ``query``, one read of the entry at (namespace, key).

    A read has no bytes, and its number counts apart from the numbers of its client's transactions.

    ``at_ns`` is the earliest run time of its submission (business time through the scenario's clock scale). It comes
    no sooner than ``think_ns`` after the last of ``after`` was acknowledged.
    ``expect`` is the receipt code it must get: "ok", or the reason code of a refusal that the story wants; several,
    joined by "|", where any of them will do.
    ``before`` must be answered by the nodes at home of the wallets that they name, before it is submitted.
    ``title`` tells it in one line, for people: never a diagnosis or a treaty's terms.
    ``flow`` groups steps for measures ("underwriting", "claims", "reinsurance" ...), ``case`` names one causal
    chain within it, and ``stage`` the place in the funnel ("notice", "adjudicated", "paid", "recovered", or "").
    """

    id: str
    client: str
    number: int
    raw: bytes = b""
    transaction_id: bytes = b""
    query: tuple[str, str] | None = None
    before: tuple[Errand, ...] = ()
    at_ns: int = 0
    think_ns: int = 0
    after: tuple[str, ...] = ()
    expect: str = "ok"
    title: str = ""
    flow: str = ""
    case: str = ""
    stage: str = ""


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """The steps in order of (``at_ns``, position); ids are unique and ``after`` names earlier steps only.

    ``shared``: the payloads that their transactions put on the chain, in the order of the story.
    """

    steps: tuple[Step, ...]
    shared: tuple[Shared, ...] = ()
