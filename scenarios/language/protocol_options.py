"""A scenario's settings of its protocol under the names that the protocol gives them, times in nanoseconds."""

from __future__ import annotations

from typing import Any

from scenarios.language.models.consensus import Consensus

_TIMES = ("heartbeat", "lease", "view_change_timeout", "resend_interval", "transfer_patience")


def protocol_options(consensus: Consensus, protocol: str) -> dict[str, Any]:
    """What the core of ``protocol`` is given as its options; what the scenario leaves out is left out here."""
    part = {"raft": consensus.raft, "pbft": consensus.pbft}.get(protocol)
    if part is None:
        return {}
    options: dict[str, Any] = {}
    for name in type(part).model_fields:
        value = getattr(part, name)
        if value is None:
            continue
        if name == "election_timeout":
            options |= {"election_timeout_min_ns": value.start_ns, "election_timeout_max_ns": value.end_ns}
        else:
            options[f"{name}_ns" if name in _TIMES else name] = value
    return options
