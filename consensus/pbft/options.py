"""Settings of PBFT, and the limits that bound what a peer can make us hold."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from consensus.vocabulary import MILLISECOND, SECOND

Positive = Annotated[int, msgspec.Meta(ge=1)]


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a scenario may set under ``protocol:``; every node of a network should use the same values."""

    view_change_timeout: Positive = 2 * SECOND
    """Nanoseconds a request may wait, while nothing commits, before the primary is suspected (section 4.5.2)."""
    resend_interval: Positive = 250 * MILLISECOND
    """Nanoseconds after which own messages of undecided heights are sent again."""
    window: Positive = 4
    """Blocks that the primary keeps in flight above its last committed one."""
    log_size: Positive = 16
    """Heights above the last committed one for which messages are kept: the paper's L, high mark minus low mark."""
    backoff_max: Annotated[int, msgspec.Meta(ge=0, le=32)] = 8
    """The timeout is doubled at most this often."""

    def __post_init__(self) -> None:
        if self.log_size < self.window:
            raise ValueError(f"log_size {self.log_size} is less than window {self.window}")


def options_of(given: Any) -> Options:
    """The options in ``given``: None, a mapping, or Options; msgspec.ValidationError says what is wrong."""
    if given is None:
        return Options()
    return given if isinstance(given, Options) else msgspec.convert(given, Options)
