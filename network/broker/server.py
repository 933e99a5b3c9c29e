"""The server: who is connected, who hears what, and when to write.

Not offered, since a consortium's network needs none of it: QoS 2, sessions that outlive a connection, retained
messages (delivered to those who listen now, kept for nobody), users and access lists. Hence it listens on a loopback
address; a network across machines wants a real broker.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Self

from network.broker.packets import ProtocolViolation, Publish, decode_text, encode_publish_head
from network.broker.routing import Subscriptions, valid_topic
from network.broker.session import BrokerCounters, BrokerLimits, Session

_LOG = logging.getLogger(__name__)
SWEEP_S = 1.0
"""How often silent clients are looked for."""


class Broker:
    """An MQTT 3.1.1 server for QoS 0 and 1, within one event loop.

    >>> async with Broker() as broker:
    ...     port = await broker.listen("127.0.0.1", 0)
    """

    def __init__(self, limits: BrokerLimits | None = None) -> None:
        self.limits = limits or BrokerLimits()
        self.counters = BrokerCounters()
        self._subscriptions: Subscriptions[Session] = Subscriptions()
        self._open: dict[Session, None] = {}  # every connection, in order of arrival
        self._joined: dict[str, Session] = {}  # those past CONNECT, by client identifier
        self._dirty: list[Session] = []  # sessions with something to write at the end of this tick
        self._servers: list[asyncio.Server] = []
        self._sweeper: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._sweep()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        for server in self._servers:
            server.close()
        for session in list(self._open):
            session.end("the server stops")
        await asyncio.sleep(0)  # connection_lost of each runs in the next tick
        for server in self._servers:
            await server.wait_closed()

    async def listen(self, host: str, port: int) -> int:
        """Accept connections at ``host``; the port taken where ``port`` is 0. OSError where it is in use."""
        server = await asyncio.get_running_loop().create_server(lambda: Session(self), host, port, backlog=256)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    # -- what sessions ask (session.Server) -------------------------------------------------------------------

    def opened(self, session: Session) -> bool:
        """A connection begins; False where there are too many."""
        if len(self._open) >= self.limits.clients_max:
            self.counters.refused += 1
            return False
        self._open[session] = None
        return True

    def joined(self, session: Session) -> None:
        """A client has named itself; whoever held that name is put off (section 3.1.4)."""
        former = self._joined.get(session.client_id)
        if former is not None:
            former.end("its identifier connected anew")
            self._forget(former)
        self._joined[session.client_id] = session
        self.counters.clients += 1
        _LOG.info("client %r connected", session.client_id)

    def left(self, session: Session, will: Publish | None) -> None:
        """A connection is over; ``will`` is what its client wants said if it did not part."""
        self._open.pop(session, None)
        self._forget(session)
        if session.client_id:
            _LOG.info("client %r gone", session.client_id)
        if will is not None:
            try:
                self.publish(will)
            except ProtocolViolation as violation:
                _LOG.info("the will of %r cannot be published: %s", session.client_id, violation)

    def publish(self, message: Publish) -> None:
        """Deliver ``message`` to everyone who subscribed to its topic."""
        topic = decode_text(message.topic)
        if not valid_topic(topic):
            raise ProtocolViolation("a PUBLISH to what is no topic")
        heads: dict[int, bytes] = {}
        for session, granted in self._subscriptions.route(topic):
            qos = min(granted, message.qos)
            head = heads.get(qos)
            if head is None:
                head = heads[qos] = encode_publish_head(message.topic, len(message.payload), qos)
            session.deliver(head, message.payload, qos)

    def subscribe(self, session: Session, topic_filter: str, qos: int) -> None:
        self._subscriptions.add(topic_filter, session, qos)

    def unsubscribe(self, session: Session, topic_filter: str) -> None:
        self._subscriptions.remove(topic_filter, session)

    def flush_later(self, session: Session) -> None:
        """Let ``session`` write once every connection that is readable now has been read."""
        if not self._dirty:
            asyncio.get_running_loop().call_soon(self._flush)
        self._dirty.append(session)

    # ---------------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for session in dirty:
            session.flush()

    def _forget(self, session: Session) -> None:
        for topic_filter in session.filters:
            self._subscriptions.remove(topic_filter, session)
        session.filters.clear()
        if self._joined.get(session.client_id) is session:
            del self._joined[session.client_id]

    def _sweep(self) -> None:
        """Put off clients that have been silent for longer than they promised."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for session in [session for session in self._open if session.deadline < now]:
            session.end("silent for too long")
        self._sweeper = loop.call_later(SWEEP_S, self._sweep)
