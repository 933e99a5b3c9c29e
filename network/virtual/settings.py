"""The protocols' own settings in a case: drawn by its seed, so that no corner is only ever seen at one size.

:data:`BASE` makes short runs reach the corners that long ones would: small windows and logs, short timeouts. Over it
each seed draws some settings of its own.
"""

from __future__ import annotations

from consensus.vocabulary import MILLISECOND, SECOND
from network.virtual.draws import Stream

Settings = dict[str, int | bool]
"""Names of a protocol's options, and their values."""

BASE: dict[str, Settings] = {
    "raft": {
        "election_timeout_min_ns": 300 * MILLISECOND,
        "election_timeout_max_ns": 600 * MILLISECOND,
        "heartbeat_ns": 60 * MILLISECOND,
        "window": 3,
        "log_keep": 4,
        "snapshot_window": 2,
    },
    "pbft": {
        "view_change_timeout_ns": 500 * MILLISECOND,
        "backoff_max": 4,
        "checkpoint_interval": 4,
        "log_size": 8,
    },
}

LEASE_NS = (150 * MILLISECOND, 200 * MILLISECOND, 240 * MILLISECOND)
"""All less than the least election timeout by more than the factor that :data:`LEASE_DRIFT_PPM` allows two clocks."""

LEASE_DRIFT_PPM = 100_000
"""Where a leader holds a lease no clock may run faster or slower than this, nor step: what leases are declared for."""

_CHOICES: dict[str, dict[str, tuple[int, ...]]] = {
    "raft": {
        "window": (1, 3, 3, 3, 8),
        "log_keep": (2, 4, 4, 4, 16),
        "snapshot_window": (1, 2, 2, 8),
        "append_blocks_max": (1, 16, 16),
        "inflight_max": (1, 32, 32),
        "reads_max": (4, 1024, 1024),
    },
    "pbft": {
        "window": (1, 2, 4, 4),
        "checkpoint_interval": (2, 4, 4),
        "rotate_every": (0, 0, 0, 1, 1, 3),  # proposers take turns in every second case
        "transfer_patience_ns": (20 * MILLISECOND, 2 * SECOND, 2 * SECOND),  # so little that the state is fetched
        "transfer_window": (1, 2, 3),
    },
}


def drawn_settings(protocol: str, seed: int) -> Settings:
    """The settings of the case of ``seed``."""
    draws = Stream(f"{protocol}/{seed}/settings")
    settings = dict(BASE.get(protocol, {}))
    choices = _CHOICES.get(protocol, {})
    settings |= {name: values[draws.below(len(values))] for name, values in choices.items()}
    if protocol == "raft":
        match draws.below(8):
            case 0:
                settings["pre_vote"] = False
            case 1 | 2:
                settings["lease_ns"] = LEASE_NS[draws.below(len(LEASE_NS))]
    return settings
