"""Reinsurance messages at the edge 再保险报文: what a run's parties would send each other by other means.

``messages`` are structs named as ACORD names them; ``accounts`` writes and reads two of them as UN/EDIFACT's RETACC
and REBORD, in the syntax of ``edifact``; ``runs`` makes them from a run's folder; ``command`` is
``consortium reinsurance``.
"""

from scenarios.edges.reinsurance.accounts import read_edifact, write_edifact
from scenarios.edges.reinsurance.messages import (
    Acknowledgement,
    Bordereau,
    ClaimMovement,
    Item,
    Line,
    Message,
    MessageError,
    TechnicalAccount,
    from_json,
    to_json,
)
from scenarios.edges.reinsurance.runs import messages_of

__all__ = [
    "Acknowledgement",
    "Bordereau",
    "ClaimMovement",
    "Item",
    "Line",
    "Message",
    "MessageError",
    "TechnicalAccount",
    "from_json",
    "messages_of",
    "read_edifact",
    "to_json",
    "write_edifact",
]
