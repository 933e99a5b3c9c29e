"""``faults``: what goes wrong, to whom, when, and for how long.

Each begins at a time of the run (``at``) or once so many blocks are decided (``after_commits``), and does exactly
one thing. A target is a node's name, ``leader`` or ``follower`` (whoever it is at that moment). What real processes
cannot be made to suffer is for the virtual world alone: :data:`VIRTUAL_ONLY`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from scenarios.language.models.base import Bytes, Nanoseconds, Part, Ppm, Word

_WITH: dict[str, tuple[str, ...]] = {
    "crash": ("restart_after",),
    "restart": (),
    "pause": ("for",),
    "cut": ("from", "one_way", "for"),
    "partition": ("for",),
    "ring": ("for",),
    "loss": ("on", "for"),
    "delay": ("on", "for"),
    "duplicate": ("on", "for"),
    "corrupt": ("on", "for"),
    "reorder": ("by", "on", "for"),
    "throttle": ("on", "for"),
    "flap": ("from", "one_way", "down", "up", "for"),
    "broker_down": ("for",),
    "hijack": ("for",),
    "slow": ("by", "for"),
    "clock": ("ahead", "behind", "gains", "loses", "for"),
    "slow_disk": ("by", "for"),
    "full_disk": ("for",),
    "torn_write": ("for",),
    "bit_rot": ("for",),
    "byzantine": ("does", "beyond", "for"),
}
"""What goes with each kind of fault."""

_NEEDS = {
    "slow": ("by",),
    "slow_disk": ("by",),
    "reorder": ("by",),
    "flap": ("down", "up", "for"),
    "broker_down": ("for",),
    "byzantine": ("does",),
}
"""What must go with it."""

KINDS = tuple(_WITH)
_IN_BOTH_WORLDS = ("crash", "restart", "pause", "cut", "partition", "ring", "loss", "delay")
VIRTUAL_ONLY = tuple(kind for kind in KINDS if kind not in _IN_BOTH_WORLDS)
"""Kinds that processes mode refuses."""

CLOCK_PPM_MAX = 500_000

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
    """With `cut` or `flap`: only from these nodes, not from everybody."""
    one_way: bool | None = None
    """With `cut` or `flap`: what these nodes send gets nowhere, and what they are sent still arrives."""
    partition: Annotated[tuple[Names | Literal["rest"], ...], Field(min_length=2)] | None = None
    """The network falls into these groups; `rest` is everybody not named."""
    ring: Annotated[tuple[Word, ...], Field(min_length=4)] | None = None
    """Of each other, these nodes hear only their two neighbours, around a ring in this order."""
    loss: Ppm | None = None
    """This share of messages is lost on top of the links' own loss."""
    delay: Nanoseconds | None = None
    """Every message takes this much longer."""
    duplicate: Ppm | None = None
    """This share of messages arrives twice (virtual world only)."""
    corrupt: Ppm | None = None
    """This share of messages arrives garbled (virtual world only)."""
    reorder: Ppm | None = None
    """This share of messages is held back, so that later ones overtake them (virtual world only)."""
    throttle: Annotated[Bytes, Field(ge=1)] | None = None
    """Each link carries at most this much a second; messages wait in line for it (virtual world only)."""
    on: Names | None = None
    """With `loss`, `delay`, `duplicate`, `corrupt`, `reorder`, `throttle`: only messages from or to these nodes."""
    flap: Names | None = None
    """As `cut`, but it comes and goes until it ends: cut for `down`, whole for `up` (virtual world only)."""
    down: Annotated[Nanoseconds, Field(ge=1)] | None = None
    """With `flap`: how long nothing passes, again and again."""
    up: Annotated[Nanoseconds, Field(ge=1)] | None = None
    """With `flap`: how long everything does."""
    broker_down: Literal["lost", "backlog"] | None = None
    """Nobody reaches anybody; what is sent is lost, or comes at the end as a backlog (virtual world only)."""

    hijack: Word | None = None
    """This node's name leads to an impostor, as after a DNS hijack: what goes to it or comes in its name is under a key
    that is not its own, and is refused (virtual world only)."""
    slow: Word | None = None
    """Everything that this node does takes it longer, `by` so much (virtual world only)."""
    by: Nanoseconds | None = None
    """With `slow` or `slow_disk`: how much longer; with `reorder`: how long a message is held back at most."""
    clock: Word | None = None
    """This node's clock goes wrong (virtual world only)."""
    ahead: Nanoseconds | None = None
    """With `clock`: it jumps ahead."""
    behind: Nanoseconds | None = None
    """With `clock`: it is set back; no node sees its time fall, it sees it stand still for so long."""
    gains: Annotated[Ppm, Field(le=CLOCK_PPM_MAX)] | None = None
    """With `clock`: it runs too fast."""
    loses: Annotated[Ppm, Field(le=CLOCK_PPM_MAX)] | None = None
    """With `clock`: it runs too slowly."""
    slow_disk: Word | None = None
    """This node's disk takes longer to write, `by` so much (virtual world only)."""
    full_disk: Word | None = None
    """This node ends when it next writes, and starts again when there is room, at the end (virtual world only)."""
    torn_write: Word | None = None
    """The write that a crash of this node interrupts reaches the disk in part (virtual world only)."""
    bit_rot: Word | None = None
    """What this node reads when it starts is not what it wrote: it cannot start until the end (virtual world only)."""

    byzantine: Word | None = None
    """This node lies, with an unmodified core inside (virtual world only, under PBFT). Named, never `leader`."""
    does: Names | None = None
    """With `byzantine`: how it lies, one or more of the [lies](#lies)."""
    beyond: bool | None = None
    """With `byzantine`: yes, more than f voters lie; nothing but accountability is asked of such a run."""

    for_: Annotated[Nanoseconds | None, Field(alias="for")] = None
    """How long it lasts; left out, to the end of the run."""

    @property
    def kind(self) -> str:
        """Which one of :data:`KINDS` this fault does."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """Every node, or leader or follower, that the fault speaks of."""
        single = tuple(name for name in map(self._given, _ONE_NODE) if name is not None)
        groups = [group for group in self.partition or () if group != "rest"]
        listed = [self.cut or (), self.flap or (), self.from_ or (), self.on or (), self.ring or (), *groups]
        return single + tuple(name for group in listed for name in group)

    def _given(self, key: str) -> Any:
        return getattr(self, {"for": "for_", "from": "from_"}.get(key, key))

    @model_validator(mode="after")
    def _one_thing(self) -> Fault:
        if (self.at is None) == (self.after_commits is None):
            raise ValueError("say when: either `at` or `after_commits`")
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            found = " and ".join(f"`{kind}`" for kind in kinds) or "nothing"
            raise ValueError(f"a fault does exactly one of {', '.join(KINDS)}; this one has {found}")
        (kind,) = kinds
        for key in _COMPANIONS:
            if self._given(key) is not None and key not in _WITH[kind]:
                takers = " or ".join(f"`{taker}`" for taker, keys in _WITH.items() if key in keys)
                raise ValueError(f"`{key}` goes with {takers}, not with `{kind}`")
        for key in _NEEDS.get(kind, ()):
            if self._given(key) is None:
                raise ValueError(f"`{kind}` needs `{key}`")
        for one, other in (("ahead", "behind"), ("gains", "loses")):
            if self._given(one) is not None and self._given(other) is not None:
                raise ValueError(f"a clock has `{one}` or `{other}`, not both")
        if kind == "clock" and not any(map(self._given, _WITH["clock"][:-1])):
            raise ValueError("`clock` needs `ahead`, `behind`, `gains` or `loses`")
        return self


_ONE_NODE = (
    "crash",
    "restart",
    "pause",
    "hijack",
    "slow",
    "clock",
    "slow_disk",
    "full_disk",
    "torn_write",
    "bit_rot",
    "byzantine",
)
_COMPANIONS = tuple(dict.fromkeys(key for keys in _WITH.values() for key in keys))
