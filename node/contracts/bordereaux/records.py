"""What is kept of a bordereau 业务明细表: itself, its lines, and what witnesses saw of them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Digest, ObjectId, Record
from node.contracts.lifecycle import Lifecycle

LINES_MAX = 1_000
"""Lines of one book of a bordereau; a longer account is split, by month or by line of business."""

BATCH_MAX = 250
"""Lines that one transaction states."""

Kind = Literal["premium", "claims"]
Reference = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9._-]*\Z")]
"""What both sides call a line: a policy's or a claim's number."""

BORDEREAU = Lifecycle("bordereau", {"OPEN": {"close": "CLOSED"}, "CLOSED": {"confirm": "CONFIRMED"}, "CONFIRMED": {}})


class Original(Record, frozen=True):
    """What a witness outside the treaty saw of a line, by the commitment to it; the key is ``insurer|reference``."""

    namespace: ClassVar[str] = "bordereau_originals"

    witness: str
    digest: str
    time_ms: int


class Bordereau(Record, frozen=True):
    """A bordereau of a sealed treaty. ``lines`` stand in either book, ``matched`` of them alike in both.

    ``witnessed``: every line needs its :class:`Original`, and to agree with it. ``closed``: by whom its book is closed.
    ``longest_break_ms``: the longest that a line was a break before it was put right. ``by_cedent``, ``by_reinsurer``:
    how many lines each has stated, so that neither can use up the room of the other.
    """

    namespace: ClassVar[str] = "bordereaux"

    state: str
    treaty: str
    cedent: str
    reinsurer: str
    kind: Kind
    period: str
    ends_ms: int
    witnessed: bool
    lines: int
    matched: int
    closed: tuple[str, ...]
    breaks_ever: int
    longest_break_ms: int
    confirmed_ms: int
    by_cedent: int = 0
    by_reinsurer: int = 0


class Opened(Record, frozen=True):
    """Which bordereau a period has; the key is ``treaty|kind|period``, so that none is accounted for twice."""

    namespace: ClassVar[str] = "bordereaux_opened"

    bordereau: str


class BookLine(Record, frozen=True):
    """A line by its commitments; the key is ``bordereau|reference``. "" where a book does not have it.

    ``broken_ms``: since when it is a break; 0 where it is none.
    """

    namespace: ClassVar[str] = "bordereau_lines"

    cedent: str
    reinsurer: str
    broken_ms: int


class Stated(Arguments, frozen=True):
    """A line as one book has it: its name, and the commitment to its amount."""

    reference: Reference
    digest: Digest


class Which(Arguments, frozen=True):
    """Which bordereau."""

    bordereau: ObjectId


Batch = Annotated[tuple[Stated, ...], Meta(min_length=1, max_length=BATCH_MAX)]

contract = Contract("bordereaux", records=(Original, Bordereau, Opened, BookLine))


def line_path(kind: Kind, reference: str) -> str:
    """The path under which a line's amount is committed to (:func:`node.privacy.commitments.commitment`)."""
    return f"{kind}/{reference}"


def line_key(bordereau: str, reference: str) -> str:
    """Where a line is kept."""
    return f"{bordereau}|{reference}"


def original_key(insurer: str, reference: str) -> str:
    """Where a witness's word on a line is kept."""
    return f"{insurer}|{reference}"
