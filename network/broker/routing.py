"""Who hears what: topic filters and their match (MQTT 3.1.1, section 4.7).

A network's topics are few and used over and over, so the receivers of a topic are looked up once and remembered
until a subscription changes.
"""

from __future__ import annotations

from typing import Generic, TypeVar

LEVELS_MAX = 16
ROUTES_MAX = 10_000

Receiver = TypeVar("Receiver")


def valid_filter(topic_filter: str) -> bool:
    """Whether this is a filter: ``+`` fills a level alone, ``#`` the last one."""
    levels = topic_filter.split("/", LEVELS_MAX)
    if not topic_filter or len(levels) > LEVELS_MAX:
        return False
    if "#" in levels[:-1]:
        return False
    return all(level in ("+", "#") or not ("+" in level or "#" in level) for level in levels)


def valid_topic(topic: str) -> bool:
    """Whether something may be published here: not empty, no wildcards, not too deep."""
    return bool(topic) and not ("+" in topic or "#" in topic) and topic.count("/") < LEVELS_MAX


def matches(topic_filter: list[str], topic: list[str]) -> bool:
    """Whether a filter, in levels, takes in a topic. ``$`` topics are hidden from leading wildcards."""
    if topic[0].startswith("$") and topic_filter[0] in ("+", "#"):
        return False
    for place, level in enumerate(topic_filter):
        if level == "#":
            return True  # also the parent level: a/# takes in a
        if place >= len(topic) or level not in ("+", topic[place]):
            return False
    return len(topic_filter) == len(topic)


class Subscriptions(Generic[Receiver]):
    """Every subscription there is: filter -> receiver -> granted QoS."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[Receiver, int]] = {}
        self._wild: dict[str, dict[Receiver, int]] = {}
        self._routes: dict[str, tuple[tuple[Receiver, int], ...]] = {}

    def add(self, topic_filter: str, receiver: Receiver, qos: int) -> None:
        """Subscribe, or change the QoS of a subscription."""
        self._table(topic_filter).setdefault(topic_filter, {})[receiver] = qos
        self._routes.clear()

    def remove(self, topic_filter: str, receiver: Receiver) -> None:
        """Unsubscribe; harmless where there is no such subscription."""
        table = self._table(topic_filter)
        receivers = table.get(topic_filter, {})
        if receivers.pop(receiver, None) is not None:
            self._routes.clear()
        if topic_filter in table and not receivers:
            del table[topic_filter]

    def route(self, topic: str) -> tuple[tuple[Receiver, int], ...]:
        """Each receiver of ``topic`` once, with the highest QoS that a subscription of its grants."""
        route = self._routes.get(topic)
        if route is None:
            if len(self._routes) >= ROUTES_MAX:
                self._routes.clear()
            route = self._routes[topic] = self._find(topic)
        return route

    def _find(self, topic: str) -> tuple[tuple[Receiver, int], ...]:
        found = dict(self._exact.get(topic, {}))
        levels = topic.split("/")
        for topic_filter, receivers in self._wild.items():
            if matches(topic_filter.split("/"), levels):
                for receiver, qos in receivers.items():
                    found[receiver] = max(qos, found.get(receiver, 0))
        return tuple(found.items())

    def _table(self, topic_filter: str) -> dict[str, dict[Receiver, int]]:
        return self._wild if "+" in topic_filter or "#" in topic_filter else self._exact
