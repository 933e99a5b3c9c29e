"""The bus over any MQTT 3.1.1 broker, by aiomqtt (the present name of asyncio-mqtt).

The life of a connection: connect, subscribe, tell ``on_state(True)``, move messages until it breaks, tell
``on_state(False)``, wait a little longer each time, begin again with a fresh client. Sessions are clean: a broker
that comes back knows nothing of us, and need not. What was not acknowledged goes back to the head of the buffer,
so a restarted broker costs doubles (which the replay window drops) sooner than losses.

Three measured things make it fast. TCP_NODELAY: without it a QoS 1 message takes 44 ms. Deliveries are handed
over inside the client's receive queue, through its public ``queue_type``: an await per message would cost as much
as the message. Publishing is a bounded number of tasks in flight, for awaiting each acknowledgement in turn
serialises; and a task waits without a timer of its own, since a lost connection ends them all.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import aiomqtt

from network.bus.client import MqttOptions, tls_context_for
from network.bus.connection import Failure, SubscriptionError, explain, open_client, subscribe, until_lost
from network.bus.interface import BusCounters, BusError, OnMessage, OnState
from network.bus.url import parse_url

_LOG = logging.getLogger(__name__)
LOG_INTERVAL_S = 60.0


class MqttBus:
    """One process's end of an MQTT bus (see :class:`network.bus.interface.Bus`).

    ``client_id`` is unique on the broker: a second client of that name puts the first one off it. Callbacks run
    in the event loop's thread; one that raises is reported to the loop's exception handler and counted.
    """

    def __init__(  # noqa: PLR0913 - all but the URL by keyword
        self,
        url: str,
        *,
        client_id: str,
        subscriptions: Sequence[str],
        on_message: OnMessage,
        on_state: OnState | None = None,
        options: MqttOptions | None = None,
    ) -> None:
        self.url = parse_url(url)
        self.client_id = client_id
        self.counters = BusCounters()
        self.options = options or MqttOptions()
        self._subscriptions = tuple(subscriptions)
        self._on_message = on_message
        self._on_state = on_state
        self._buffer: deque[tuple[str, bytes]] = deque()
        self._buffer_bytes = 0
        self._in_flight: dict[asyncio.Task[None], tuple[str, bytes]] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._client: aiomqtt.Client | None = None  # set exactly while connected and subscribed
        self._idle = asyncio.Event()  # set exactly while nothing is buffered or in flight
        self._idle.set()
        self._closing = asyncio.Event()
        self._noted = ("", 0.0)
        self._runner: asyncio.Task[None] | None = None
        self._tls_context: ssl.SSLContext | None = None

    @property
    def connected(self) -> bool:
        return self._client is not None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._tls_context = tls_context_for(self.url, self.options.tls)
        first: asyncio.Future[None] = loop.create_future()
        self._runner = loop.create_task(self._run(first), name=f"bus {self.client_id}")
        try:
            await first
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.connected and error is None:
            await self.flush(1.0)
        await self._stop()

    def publish(self, topic: str, payload: bytes) -> bool:
        if len(payload) > self.options.payload_bytes_max:
            self.counters.refused_large += 1
            return False
        full = self._buffer_bytes + len(payload) > self.options.buffer_bytes_max
        if full or len(self._buffer) >= self.options.buffer_max:
            self.counters.dropped_full += 1
            return False
        self._buffer.append((topic, payload))
        self._buffer_bytes += len(payload)
        self._idle.clear()
        self._pump()
        return True

    def listen(self, subscriptions: Sequence[str]) -> None:
        """Hear what these match, from now on and after every reconnection, instead of what we heard so far.

        What is new is asked for at once; what falls away is no longer asked for at the next connection.
        """
        fresh = [wanted for wanted in subscriptions if wanted not in self._subscriptions]
        self._subscriptions = tuple(subscriptions)
        client = self._client
        if client is not None and fresh:
            task = asyncio.get_running_loop().create_task(self._subscribe(client, fresh))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _subscribe(self, client: aiomqtt.Client, fresh: Sequence[str]) -> None:
        try:
            await subscribe(client, fresh, self.options.subscribe_qos)
        except aiomqtt.MqttError:
            pass  # the connection is ending: the next one asks for everything
        except SubscriptionError as error:
            self._report(error, "subscribing")

    async def flush(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        return self._idle.is_set()

    async def _stop(self) -> None:
        self._closing.set()
        if self._runner is not None:
            await self._runner
            self._runner = None
        self.counters.dropped_closed += len(self._buffer)
        self._buffer.clear()
        self._buffer_bytes = 0
        self._idle.set()

    # -- the connection ---------------------------------------------------------------------------------------

    async def _run(self, first: asyncio.Future[None]) -> None:
        """Keep a connection until closed. ``first`` tells the opener how the first one went."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.options.patience_s
        failures = 0
        while not self._closing.is_set():
            reached = self.counters.connections
            failure = await self._connection(first)
            failures = failures + 1 if self.counters.connections == reached else 1
            if failure is not None:
                self._note(failure.message, loop.time())
                if not first.done() and (loop.time() >= deadline or not failure.retry):
                    first.set_exception(BusError(failure.message))
                    return
                await self._pause(failures)

    def _note(self, message: str, now: float) -> None:
        """Log why there is no connection: when that changes, and once a while for as long as it lasts."""
        if message != self._noted[0] or now - self._noted[1] >= LOG_INTERVAL_S:
            self._noted = (message, now)
            _LOG.info("bus %s: %s", self.client_id, message)

    async def _connection(self, first: asyncio.Future[None]) -> Failure | None:
        """Live one connection to its end; why it ended, or None when we were closed."""
        try:
            async with open_client(self.url, self.client_id, self._deliver, self.options, self._tls_context) as client:
                await subscribe(client, self._subscriptions, self.options.subscribe_qos)
                try:
                    self._begin(client)
                    if not first.done():
                        first.set_result(None)
                    await self._until_lost_or_closing(client)
                finally:
                    await self._end()
        except (aiomqtt.MqttError, SubscriptionError, OSError, ValueError) as error:
            return explain(self.url, error)
        return None

    async def _until_lost_or_closing(self, client: aiomqtt.Client) -> None:
        lost = asyncio.ensure_future(until_lost(client))
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait((lost, closing), return_when=asyncio.FIRST_COMPLETED)
            if lost.done():
                lost.result()
        finally:
            lost.cancel()
            closing.cancel()
            await asyncio.gather(lost, closing, return_exceptions=True)

    async def _pause(self, failures: int) -> None:
        """Wait before the next attempt: exponentially longer, jittered, so that nodes do not return in step."""
        pause = min(self.options.pause_max_s, self.options.pause_min_s * 2 ** min(failures - 1, 16))
        with suppress(TimeoutError):
            async with asyncio.timeout(pause * random.uniform(0.5, 1.0)):  # noqa: S311 - no secret
                await self._closing.wait()

    def _begin(self, client: aiomqtt.Client) -> None:
        self._client = client
        self.counters.connections += 1
        self._call(self._on_state, True)
        self._pump()

    async def _end(self) -> None:
        """The connection is over: what was in flight goes back to the head of the buffer, in order."""
        self._client = None
        flying, self._in_flight = self._in_flight, {}
        self._buffer.extendleft(reversed(flying.values()))
        self.counters.resent += len(flying)
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)
        self._call(self._on_state, False)

    def _deliver(self, topic: str, payload: bytes) -> None:
        if len(payload) > self.options.payload_bytes_max:
            self.counters.refused_large += 1
            return
        self.counters.delivered += 1
        self.counters.delivered_bytes += len(payload)
        self._call(self._on_message, topic, payload)

    def _call(self, callback: Callable[..., None] | None, *arguments: object) -> None:
        """Call back; an exception there is a bug of our own side, and must not look like a broken connection."""
        if callback is None:
            return
        try:
            callback(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it raised, it is reported
            self._report(error, "a callback")

    def _report(self, error: BaseException, what: str) -> None:
        self.counters.our_errors += 1
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"bus {self.client_id}: {what} raised", "exception": error}
        )

    # -- publishing -------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Put buffered payloads in flight, as many as may be."""
        client = self._client
        while client is not None and self._buffer and len(self._in_flight) < self.options.in_flight_max:
            item = self._buffer.popleft()
            task = asyncio.get_running_loop().create_task(self._send(client, *item))
            self._in_flight[task] = item
            task.add_done_callback(self._sent)
        if not self._buffer and not self._in_flight:
            self._idle.set()

    async def _send(self, client: aiomqtt.Client, topic: str, payload: bytes) -> None:
        await client.publish(topic, payload, qos=self.options.publish_qos, timeout=math.inf)

    def _sent(self, task: asyncio.Task[None]) -> None:
        if task not in self._in_flight:
            return  # the connection ended first: back in the buffer
        error = None if task.cancelled() else task.exception()
        if isinstance(error, aiomqtt.MqttError):
            return  # the connection is ending: :meth:`_end` takes it back
        topic, payload = self._in_flight.pop(task)
        self._buffer_bytes -= len(payload)
        if error is None:
            self.counters.published += 1
            self.counters.published_bytes += len(payload)
        else:
            self._report(error, f"publishing to {topic!r}")
        self._pump()
