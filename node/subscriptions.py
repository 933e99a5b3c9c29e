"""Subscriptions: clients who watch for events are told of them, each once, in order, and no more than they may see.

A client says from which place on it wants to know, and what kinds. It is told at once what there is, and from then on
as blocks are executed; with every message it learns up to where it has been told everything. Saying again where it
stands makes a node go on from there, so nothing is lost where messages are. What a node holds for a subscriber is a
place and a number: it tells ``EVENTS_AHEAD_MAX`` events ahead of what the client said it has, and forgets a client
that has not renewed its subscription for ``LEASE_NS``.

Who may see an event is declared by the contract (:class:`node.contracts.events.EventKind`): those it names, by
their own subscription; certain roles; or everyone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from consensus.vocabulary import SECOND, Effects, Reply
from network.requests import (
    EVENTS_AHEAD_MAX,
    EVENTS_PER_MESSAGE,
    Busy,
    BusyReason,
    Happening,
    Happenings,
    Place,
    Subscribe,
    happenings_bytes,
)
from node.contracts.context import Event
from node.event_log import EventLog, happening

SUBSCRIPTIONS_MAX = 4096
"""All clients' together."""

LEASE_NS = 30 * SECOND
MESSAGE_BYTES_MAX = 128 * 1024
"""Of values in one message; one event is told however large it is."""

RoleOf = Callable[[str], str | None]


class _Subscription(msgspec.Struct):
    """``told``: the end of the last message; ``seen``: up to where there is nothing more to tell after it."""

    request: Subscribe
    role: str
    lapses_ns: int
    told: Place
    seen: Place
    room: int = EVENTS_AHEAD_MAX


class Subscriptions:
    """Every subscription at this node, by (client, number)."""

    def __init__(
        self, network: str, log: EventLog, role_of: RoleOf, sign: Callable[[bytes], bytes], *, client_max: int
    ) -> None:
        self._network = network
        self._log = log
        self._role_of = role_of
        self._sign = sign
        self._client_max = client_max
        self._subscriptions: dict[tuple[str, int], _Subscription] = {}
        self._of_client: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._subscriptions)

    def subscribe(self, now: int, request: Subscribe) -> Effects:
        """Begin, renew or end a subscription; whoever renews it is told up to where there is nothing to tell."""
        name = (request.client, request.number)
        role = self._role_of(request.client)
        self._end(name)
        if role is None or not request.kinds:
            return []
        if self._of_client[request.client] >= self._client_max or len(self) >= SUBSCRIPTIONS_MAX:
            return [Reply(request.client, Busy(request.client, (request.number,), BusyReason.SUBSCRIPTIONS))]
        subscription = _Subscription(request, role, now + LEASE_NS, request.since, request.since)
        self._subscriptions[name] = subscription
        self._of_client[request.client] += 1
        return self._tell(subscription, renewed=True)

    def executed(self) -> Effects:
        """The chain grew: tell everyone who has room for it what is new."""
        effects: Effects = []
        for subscription in self._subscriptions.values():
            effects += self._tell(subscription)
        return effects

    def expire(self, now: int) -> None:
        """Forget those who have not renewed their subscription."""
        for name in [name for name, held in self._subscriptions.items() if held.lapses_ns <= now]:
            self._end(name)

    def _end(self, name: tuple[str, int]) -> None:
        if self._subscriptions.pop(name, None) is not None:
            self._of_client[name[0]] -= 1
            if not self._of_client[name[0]]:
                del self._of_client[name[0]]

    def _tell(self, subscription: _Subscription, *, renewed: bool = False) -> Effects:
        """Messages with what is new, as far as there is room for it; one at least for a renewal."""
        effects: Effects = []
        if subscription.seen < (self._log.first, 0):
            subscription.told = subscription.seen = (self._log.first, 0)
        while subscription.room > 0:
            events, until = self._next(subscription)
            subscription.seen = max(subscription.seen, until)
            if not (events or renewed):
                break
            renewed = False
            effects.append(self._message(subscription, tuple(events), subscription.seen))
            subscription.told = subscription.seen
            subscription.room -= len(events)
        return effects

    def _next(self, subscription: _Subscription) -> tuple[list[Happening], Place]:
        """The next events to tell, as many as a message holds, and the place up to which there are no others."""
        events: list[Happening] = []
        size = 0
        for place, block, event in self._log.after(subscription.seen):
            if not _concerns(subscription, event):
                continue
            found = happening(place, block, event)
            size += len(found.values)
            full = len(events) == min(EVENTS_PER_MESSAGE, subscription.room) or size > MESSAGE_BYTES_MAX
            if events and full:
                return events, place
            events.append(found)
        return events, (self._log.end, 0)

    def _message(self, subscription: _Subscription, events: tuple[Happening, ...], until: Place) -> Reply:
        request, since, oldest = subscription.request, subscription.told, (self._log.first, 0)
        signature = self._sign(happenings_bytes(self._network, request, oldest, since, until, events))
        told = Happenings(request.client, request.number, oldest, since, until, events, signature)
        return Reply(request.client, told)


def _concerns(subscription: _Subscription, event: Event) -> bool:
    kinds = subscription.request.kinds
    wanted = event.contract in kinds or f"{event.contract}/{event.kind}" in kinds
    return wanted and event.is_for(subscription.request.client, subscription.role)
