"""Settings of PBFT, and the limits that bound what a peer can make us hold."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from consensus.vocabulary import MILLISECOND, SECOND

Positive = Annotated[int, msgspec.Meta(ge=1)]


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a scenario may set under ``consensus.pbft``; times in nanoseconds. Every node should use the same values."""

    view_change_timeout_ns: Positive = 2 * SECOND
    """How long a request may wait, while nothing commits, before the primary is suspected (section 4.5.2)."""
    resend_interval_ns: Positive = 250 * MILLISECOND
    """After how long own messages of undecided heights are sent again."""
    window: Positive = 4
    """Blocks that the primary keeps in flight above its last committed one."""
    log_size: Positive | None = None
    """Heights above the last committed one for which messages are kept; None: four windows, and at least 16."""
    backoff_max: Annotated[int, msgspec.Meta(ge=0, le=32)] = 8
    """The timeout is doubled at most this often."""

    def __post_init__(self) -> None:
        if self.heights_kept < self.window:
            raise ValueError(f"log_size {self.log_size} is less than window {self.window}")

    @property
    def heights_kept(self) -> int:
        """The paper's L, high watermark minus low watermark (section 4.3)."""
        return self.log_size if self.log_size is not None else max(16, 4 * self.window)


def options_of(given: Any) -> Options:
    """The options in ``given``: None, a mapping, or Options; msgspec.ValidationError says what is wrong."""
    if given is None:
        return Options()
    return given if isinstance(given, Options) else msgspec.convert(given, Options)
