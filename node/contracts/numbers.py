"""Which of a client's numbers are used up: disjoint ranges, so that 10,000 in a row cost as much as one.

A client normally counts upwards, so one range is all it needs; gaps appear while transactions overtake each other.
"""

from __future__ import annotations

from typing import ClassVar

from node.contracts.fields import Record

RANGES_MAX = 4096
"""More gaps than this are refused until they fill up, so that no client can bloat the state; a client that has
2,000 transactions under way stays below it."""


class ClientNumbers(Record, frozen=True):
    """``ranges`` holds (first, last) pairs, both included. Invariant: ascending, never touching each other."""

    namespace: ClassVar[str] = "client"
    business: ClassVar[bool] = False

    ranges: tuple[tuple[int, int], ...]

    def __contains__(self, number: int) -> bool:
        for first, last in self.ranges:  # noqa: SIM110 - setting a generator up costs more than the search
            if first <= number <= last:
                return True
        return False


def with_number(numbers: ClientNumbers, number: int) -> ClientNumbers | None:
    """The numbers and ``number``, which is not among them; None where that makes too many ranges."""
    before = [pair for pair in numbers.ranges if pair[1] < number]
    after = [pair for pair in numbers.ranges if pair[0] > number]
    first = last = number
    if before and before[-1][1] == number - 1:
        first = before.pop()[0]
    if after and after[0][0] == number + 1:
        last = after.pop(0)[1]
    ranges = (*before, (first, last), *after)
    return ClientNumbers(ranges=ranges) if len(ranges) <= RANGES_MAX else None
