"""Identity numbers 公民身份号码 as GB 11643-1999 has them, checked where somebody types one in (row 66).

Six digits of an address code, eight of a birth date, three of a sequence, and a check character by ISO 7064 MOD 11-2,
which may be an upper-case X. The check runs at the edge, in the channel's own form: a number never goes to the chain,
only which flaw was found in it (:data:`node.contracts.contributions.FLAWS`).
"""

from __future__ import annotations

import datetime as dt
import re

_FORM = re.compile(r"[0-9]{17}[0-9X]")
_LOWER = re.compile(r"[0-9]{17}x")
_WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))
_CHARACTERS = "10X98765432"


def check_character(digits: str) -> str:
    """The eighteenth character after seventeen ``digits``."""
    return _CHARACTERS[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11]


def flaw_in(identity: str, on: dt.date) -> str:
    """What is wrong with ``identity`` as typed on that day, a key of ``FLAWS``; "" where nothing is."""
    if _LOWER.fullmatch(identity):
        return "letter-case"
    if not _FORM.fullmatch(identity):
        return "form"
    born = _date(identity[6:14])
    if born is None or born > on:
        return "birth-date"
    if identity[17] != check_character(identity[:17]):
        return "check-character"
    return "" if _has_region(identity) else "region"


def _date(digits: str) -> dt.date | None:
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _has_region(identity: str) -> bool:
    """Was the address code in use in the year of birth or since? All else about ``identity`` is right by now."""
    from id_validator import validator  # type: ignore[import-untyped] # noqa: PLC0415 - large, few need it; no types

    return bool(validator.is_valid(identity))
