"""Terms of a city's inclusive plan 惠民保 and what they make of a bill: pure integer arithmetic.

A member's benefit is a function of what was eligible *to date*; a claim pays what that function rises by. So a year's
benefit does not depend on how bills are cut or in which order they come, and rounding never adds up.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from node.contracts.fields import Fen, Ppm
from node.contracts.reinsurance.rates import part

Age = Annotated[int, Meta(ge=0, le=130)]
"""Completed years."""


class PlanTerms(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Uniform terms for everyone insured: no health questions, no loading (rows 41 and 43).

    Amounts in fen. Above the year's ``deductible`` 免赔额 the plan pays ``ratio`` 赔付比例 of what is eligible, in all
    at most ``cap`` 年度限额. Members younger than ``adult_age`` pay ``minor_premium``.
    """

    adult_premium: Fen
    minor_premium: Fen
    adult_age: Age
    deductible: Fen
    ratio: Ppm
    cap: Fen

    def premium(self, age: int) -> int:
        """The year's premium at that age, in fen."""
        return self.adult_premium if age >= self.adult_age else self.minor_premium

    def benefit(self, eligible: int) -> int:
        """What a member whose eligible bills add up to ``eligible`` (fen) is paid in the year."""
        return min(self.cap, part(max(eligible - self.deductible, 0), self.ratio))
