"""``faults``: what goes wrong, to whom, when, and for how long.

Each begins at a time of the run (``at``) or once so many blocks are decided (``after_commits``), and does exactly
one thing. A target is a node's name, ``leader`` or ``follower`` (whoever it is at that moment).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.language.models.base import Nanoseconds, Part, Ppm, Word

KINDS = ("crash", "restart", "pause", "cut", "partition", "loss", "delay")
LASTING = ("pause", "cut", "partition", "loss", "delay")

Names = Annotated[tuple[Word, ...], Field(min_length=1)]


class Fault(Part):
    """One fault. `leader` and `follower` name whoever is that at the moment; under PBFT the primary and a backup."""

    at: Nanoseconds | None = None
    """Run time at which it begins."""
    after_commits: Annotated[int, Field(ge=1)] | None = None
    """Or: it begins as soon as this many blocks are decided."""

    crash: Word | None = None
    """This node's process is killed (`kill -9`); what it had not yet written is gone."""
    restart_after: Nanoseconds | None = None
    """With `crash`: it is started again after this long; left out, it stays down."""
    restart: Word | None = None
    """This node, crashed before, is started again."""
    pause: Word | None = None
    """This node's process stands still, then goes on where it was."""
    cut: Names | None = None
    """Nothing passes between these nodes and everybody else (or those in `from`)."""
    from_: Annotated[Names | None, Field(alias="from")] = None
    """With `cut`: only towards these."""
    partition: Annotated[tuple[Names | Literal["rest"], ...], Field(min_length=2)] | None = None
    """The network falls into these groups; `rest` is everybody not named."""
    loss: Ppm | None = None
    """This share of messages is lost on top of the links' own loss."""
    delay: Nanoseconds | None = None
    """Every message takes this much longer."""
    on: Names | None = None
    """With `loss` or `delay`: only messages from or to these nodes."""

    for_: Annotated[Nanoseconds | None, Field(alias="for")] = None
    """How long it lasts; left out, to the end of the run."""

    @property
    def kind(self) -> str:
        """Which one of :data:`KINDS` this fault does."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """Every node, or leader or follower, that the fault speaks of."""
        single = tuple(name for name in (self.crash, self.restart, self.pause) if name is not None)
        groups = [group for group in self.partition or () if group != "rest"]
        listed = [self.cut or (), self.from_ or (), self.on or (), *groups]
        return single + tuple(name for group in listed for name in group)

    @model_validator(mode="after")
    def _one_thing(self) -> Fault:
        if (self.at is None) == (self.after_commits is None):
            raise ValueError("say when: either `at` or `after_commits`")
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            found = " and ".join(f"`{kind}`" for kind in kinds) or "nothing"
            raise ValueError(f"a fault does exactly one of {', '.join(KINDS)}; this one has {found}")
        (kind,) = kinds
        for key, given, takers in (
            ("restart_after", self.restart_after, ("crash",)),
            ("from", self.from_, ("cut",)),
            ("on", self.on, ("loss", "delay")),
            ("for", self.for_, LASTING),
        ):
            if given is not None and kind not in takers:
                raise ValueError(
                    f"`{key}` goes with {' or '.join(f'`{taker}`' for taker in takers)}, not with `{kind}`"
                )
        return self
