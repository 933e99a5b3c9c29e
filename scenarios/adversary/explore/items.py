"""Everything that was ever said or established, numbered; a set of such items is one integer's bits.

Nothing is ever taken out of such a set: a message that was delivered may come again, and one that is never delivered is
lost. So loss, doubling, delay and overtaking need no events of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator

import msgspec

from scenarios.adversary.explore.model import Fact, Item, Letter, Scene

_encode = msgspec.msgpack.Encoder().encode


class Items:
    """The items of one search, and what follows from them: who receives, who contradicts, what liars can make."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._numbers: dict[Hashable, int] = {}
        self._topics: dict[Hashable, list[int]] = defaultdict(list)
        self._recipes: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.all: list[Item] = []
        self.inbox = [0] * scene.nodes
        """Node -> the items that are addressed to it."""
        self.foes: list[int] = []
        """Item -> those that it breaks a property together with."""
        self.contested = 0
        """The items that have foes."""
        self.feeds = 0
        """The items that liars make something of."""

    def bits(self, items: Iterable[Item]) -> int:
        """The set of these."""
        mask = 0
        for item in items:
            mask |= 1 << self.number(item)
        return mask

    def number(self, item: Item) -> int:
        """The item's number, the same for equal items."""
        key: Hashable = item
        if isinstance(item, Letter):
            key = (item.sender, item.to, type(item.message).__name__, _encode(item.message))
        number = self._numbers.get(key)
        return self._add(key, item) if number is None else number

    def _add(self, key: Hashable, item: Item) -> int:
        number = self._numbers[key] = len(self.all)
        self.all.append(item)
        self.foes.append(0)
        for other in self._related(item):
            if self._scene.clash(item, self.all[other]) is not None:
                self.foes[number] |= 1 << other
                self.foes[other] |= 1 << number
                self.contested |= 1 << other | 1 << number
        for topic in self._scene.topics(item):
            self._topics[topic].append(number)
        if isinstance(item, Letter):
            for node in item.to:
                if node not in self._scene.liars:
                    self.inbox[node] |= 1 << number
            self._learn(item)
        return number

    def _related(self, item: Item) -> list[int]:
        return [other for topic in self._scene.topics(item) for other in self._topics[topic]]

    def _learn(self, letter: Letter) -> None:
        """Take note of what liars can do with this letter."""
        sent = [item for item in self.all if isinstance(item, Letter)]
        for recipe in self._scene.recipes(letter, sent):
            needs, makes = self.bits(recipe.needs), 1 << self.number(recipe.makes)
            for need in positions(needs):
                self._recipes[need].append((needs, makes))
            self.feeds |= needs

    def closed(self, mask: int, new: int) -> int:
        """``mask``, of which ``new`` has just been added, with everything that liars can make of it."""
        new &= self.feeds
        while new:
            made = 0
            for item in positions(new):
                for needs, makes in self._recipes[item]:
                    if needs & ~mask == 0:
                        made |= makes
            new = made & ~mask
            mask |= made
        return mask

    def clash(self, mask: int, new: int) -> tuple[str, Item, Item] | None:
        """A property that something in ``new`` breaks together with something in ``mask``."""
        for item in positions(new & self.contested):
            for other in positions(self.foes[item] & mask):
                name = self._scene.clash(self.all[item], self.all[other])
                return name or "", self.all[other], self.all[item]
        return None

    def facts(self, mask: int) -> list[Fact]:
        """The facts in a set, in the order in which they were first met."""
        return [item for item in map(self.all.__getitem__, positions(mask)) if isinstance(item, Fact)]


def positions(mask: int) -> Iterator[int]:
    """The numbers in a set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
