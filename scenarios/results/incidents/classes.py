"""Which of the four classes of risk 四类风控 a fault, a lie, a refusal or an expectation belongs to.

The sources name the classes and a few cases of each; where a case is not theirs, it stands with its nearest kin: a
machine or a link that fails with the peers' network, content that is untrue with content that is illegal.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, Literal

Risk = Literal["technology", "ecosystem", "use", "information"]

CLASSES: Final = MappingProxyType(
    {
        "technology": "技术安全: contracts, consensus, peers",
        "ecosystem": "生态安全: denial of service, DNS hijack",
        "use": "使用安全: keys and passwords",
        "information": "信息安全: legality and truth of what is uploaded",
    }
)
"""The classes in the sources' order, and what they are about."""

_ECOSYSTEM_FAULTS = frozenset({"throttle", "broker_down", "hijack"})
_USE_LIES = frozenset({"stolen-key"})
_USE_CODES = frozenset({"approval_forged", "approval_of_a_stranger", "key_revoked", "key_expired", "key_not_yet_valid"})
_CONTENT_CODES = frozenset({"content_blocked", "file_too_large", "type_not_allowed"})
_SAFETY = frozenset(
    {"agreement", "validity", "total_order", "durability", "no_double_payment", "conservation", "linearizable"}
)
_SECRECY = frozenset({"privacy", "leakage", "sealed_to_parties", "reads_logged"})


def of_fault(kind: str) -> Risk:
    """Of what befell nodes, links and disks, by the scenario's word for it."""
    return "ecosystem" if kind in _ECOSYSTEM_FAULTS else "technology"


def of_lie(kind: str) -> Risk:
    """Of what people did."""
    return "use" if kind in _USE_LIES else "information"


def of_code(code: str) -> Risk:
    """Of a transaction that was refused, by the code of its receipt."""
    if code in _USE_CODES:
        return "use"
    return "information" if code in _CONTENT_CODES else "technology"


def of_expectation(name: str) -> Risk | None:
    """Of an expectation that failed; None where it is about how well a run went, and not about safety."""
    if name in _SAFETY:
        return "technology"
    return "information" if name in _SECRECY else None
