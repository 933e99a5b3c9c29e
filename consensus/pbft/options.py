"""Settings of PBFT, and the limits that bound what a peer can make us hold."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from consensus.chain import Natural
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
    checkpoint_interval: Positive = 16
    """A checkpoint every so many heights (section 4.3)."""
    log_size: Positive | None = None
    """Heights above the stable checkpoint for which messages are kept; None: four windows, at least two intervals."""
    transfer_patience_ns: Positive = 2 * SECOND
    """How long catch-up may take for each interval of blocks below a stable checkpoint before the state is fetched."""
    transfer_window: Positive = 4
    """Chunks of a state asked for at once."""
    rotate_every: Natural = 0
    """Heights after which the next replica proposes (:mod:`consensus.pbft.rotation`); 0: the primary proposes all."""
    backoff_max: Annotated[int, msgspec.Meta(ge=0, le=32)] = 8
    """The timeout is doubled at most this often."""

    def __post_init__(self) -> None:
        if self.heights_kept < self.window:
            raise ValueError(f"log_size {self.log_size} is less than window {self.window}")
        if self.heights_kept < 2 * self.checkpoint_interval:
            # One interval would do for safety; two keep the primary from waiting at every checkpoint.
            raise ValueError(f"log_size {self.log_size} is less than two checkpoint intervals")

    @property
    def heights_kept(self) -> int:
        """The paper's L, high watermark minus low watermark (section 4.3)."""
        if self.log_size is not None:
            return self.log_size
        return max(2 * self.checkpoint_interval, 4 * self.window)


def options_of(given: Any) -> Options:
    """The options in ``given``: None, a mapping, or Options; msgspec.ValidationError says what is wrong."""
    if given is None:
        return Options()
    return given if isinstance(given, Options) else msgspec.convert(given, Options)
