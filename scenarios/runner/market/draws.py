"""What a market's flows draw: amounts and people, from streams that the seed and the flow's name make."""

from __future__ import annotations

from network.virtual.distributions import TABLE_SHIFT, quantiles
from network.virtual.draws import Stream
from scenarios.language.models.distribution import Amount
from scenarios.runner.distributions import distribution_of


class Amounts:
    """Amounts in fen, one after the other; never less than one fen."""

    def __init__(self, amount: Amount, name: str) -> None:
        self._table = quantiles(distribution_of(amount))
        self._words = Stream(name)

    def next(self) -> int:
        """The next amount."""
        return max(1, self._table[self._words.word() >> TABLE_SHIFT])
