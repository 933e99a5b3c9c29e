"""What the state keeps of programmes (terms public to every node, as those of the contract "reinsurance")."""

from __future__ import annotations

from typing import ClassVar

from node.contracts.fields import Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.reinsurance.programmes.sections import Section
from node.contracts.reinsurance.programmes.shares import Line
from node.contracts.reinsurance.programmes.year import RiskLoss

PROGRAMME_STATES = Lifecycle("programme", {"OPEN": {"close": "CLOSED"}, "CLOSED": {}})
CALL_STATES = Lifecycle("cash call", {"CALLED": {"pay": "PAID"}, "PAID": {}})
ACCOUNT_STATES = Lifecycle(
    "programme account",
    {"STATED": {"confirm": "CONFIRMED"}, "CONFIRMED": {"release": "RELEASED"}, "RELEASED": {}},
)
"""The cedent states it, the reinsurer confirms it and money moves; later the reserve withheld is given back."""


class Programme(Record, frozen=True):
    """An insurer's cover of one line for one term; its key is the object that its signing made.

    ``event_ms``: how long one event lasts at most (hours clause 小时条款). ``cash_limit_fen``: from which amount on the
    cedent may call for cash. ``reserve_ms``: from when on the premium reserve withheld is given back. What comes
    after that sums up the books.
    """

    namespace: ClassVar[str] = "programmes"

    state: str
    cedent: str
    line: str
    sections: tuple[Section, ...]
    from_ms: int
    until_ms: int
    event_ms: int
    cash_limit_fen: int
    reserve_ms: int
    events: int = 0
    bordereaux: int = 0
    premium_fen: int = 0
    loss_fen: int = 0

    def section(self, name: str) -> Section | None:
        """The section of that name, or None."""
        return next((section for section in self.sections if section.name == name), None)

    @property
    def reinsurers(self) -> tuple[str, ...]:
        """Everyone with a share of a section, each once, in the order in which the sections name them."""
        return tuple(dict.fromkeys(name for section in self.sections for name, _ in section.takers))


class PremiumRows(Record, frozen=True):
    """A premium bordereau: (sum insured of each risk, premium), in fen. Its key: the programme, then the object."""

    namespace: ClassVar[str] = "programme-premiums"

    rows: tuple[tuple[int, int], ...]


class LossEvent(Record, frozen=True):
    """An event's losses so far, by risk in ascending order. Its key: the programme, then its name."""

    namespace: ClassVar[str] = "programme-events"

    name: str
    from_ms: int
    losses: tuple[RiskLoss, ...]


class Called(Record, frozen=True):
    """What was called for of a section so far, and the provisional reinstatement premium for all of it, in fen.

    Its key: the programme, then the section.
    """

    namespace: ClassVar[str] = "programme-called"

    loss_fen: int = 0
    reinstatement_fen: int = 0


class CashCall(Record, frozen=True):
    """现金赔款 One reinsurer's part of a cash call. Its key: the object of the call, then the reinsurer."""

    namespace: ClassVar[str] = "programme-calls"

    state: str
    programme: str
    section: str
    loss_fen: int
    reinstatement_fen: int

    @property
    def net_fen(self) -> int:
        """What the reinsurer has to pay."""
        return self.loss_fen - self.reinstatement_fen


class PaidAhead(Record, frozen=True):
    """What a reinsurer paid on calls of a section. Its key: the programme, the section, then the reinsurer."""

    namespace: ClassVar[str] = "programme-paid"

    loss_fen: int = 0
    reinstatement_fen: int = 0


class ProgrammeAccount(Record, frozen=True):
    """A reinsurer's account of the whole term. Its key: the programme, then the reinsurer."""

    namespace: ClassVar[str] = "programme-accounts"

    state: str
    lines: tuple[Line, ...]

    @property
    def balance_fen(self) -> int:
        """Due from cedent to reinsurer."""
        return sum(line.balance for line in self.lines)

    @property
    def withheld_fen(self) -> int:
        """The premium reserve that the cedent keeps for now."""
        return sum(line.withheld for line in self.lines)
