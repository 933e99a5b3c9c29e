"""One connection to a broker: aiomqtt tamed.

What aiomqtt leaves to its user is done here, once: a client that failed half-way keeps its socket and a task;
errors come without their cause; and messages come through a queue that costs an await each.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import aiomqtt
import msgspec
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.reasoncodes import ReasonCode

from network.bus.interface import PAYLOAD_BYTES_MAX, OnMessage
from network.bus.url import BrokerUrl

_LOG = logging.getLogger(__name__)
_SOCKET_OPTIONS = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
_SUBSCRIPTION_FAILED = 0x80


class MqttOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the client behaves; the defaults suit a network on one machine or one site."""

    qos: int = 1
    buffer_max: int = 10_000  # payloads waiting to be sent; beyond it publish() drops
    buffer_bytes_max: int = 256 * 1024 * 1024
    in_flight_max: int = 64  # sent, not yet acknowledged
    patience_s: float = 3.0  # how long the first connection is tried before BusError
    attempt_s: float = 5.0  # one attempt: connect, acknowledge, subscribe
    keepalive_s: int = 15  # a silent broker is given up after about 1.5 times as long
    pause_min_s: float = 0.05  # first pause before reconnecting; doubles up to ...
    pause_max_s: float = 2.0  # ... this; each is drawn from its upper half
    payload_bytes_max: int = PAYLOAD_BYTES_MAX


class Failure(msgspec.Struct, frozen=True):
    """Why there is no connection, told for the user. ``retry``: waiting may mend it."""

    message: str
    retry: bool = True


class SubscriptionError(Exception):
    """The broker refuses one of our subscriptions; the message names it."""


@asynccontextmanager
async def open_client(
    url: BrokerUrl, client_id: str, deliver: OnMessage, options: MqttOptions
) -> AsyncIterator[aiomqtt.Client]:
    """A connected client that hands each message to ``deliver`` and leaves nothing behind, however it ends."""
    client = aiomqtt.Client(
        url.host,
        url.port,
        username=url.username,
        password=url.password,
        identifier=client_id,
        clean_session=True,
        keepalive=options.keepalive_s,
        timeout=options.attempt_s,
        queue_type=_intake(deliver),
        max_inflight_messages=options.in_flight_max,
        socket_options=_SOCKET_OPTIONS,
        tls_context=ssl.create_default_context() if url.tls else None,
        logger=_LOG,
    )
    client.pending_calls_threshold = (
        options.in_flight_max
    )  # more would be our bug; up to it there is nothing to warn of
    try:
        async with client:
            yield client
    finally:
        _abandon(client)


async def subscribe(client: aiomqtt.Client, filters: Sequence[str], qos: int) -> None:
    """Subscribe to all ``filters`` in one packet; SubscriptionError where the broker grants less."""
    if not filters:
        return
    granted: Sequence[int | ReasonCode] = await client.subscribe([(topic, qos) for topic in filters])
    for topic, code in zip(filters, granted, strict=True):
        if code.is_failure if isinstance(code, ReasonCode) else code >= _SUBSCRIPTION_FAILED:
            raise SubscriptionError(f"the broker refuses the subscription to {topic}")


async def until_lost(client: aiomqtt.Client) -> None:
    """Return, or raise MqttError, when the connection is gone. Messages never come this way (see ``_intake``)."""
    async for _ in client.messages:
        pass


def explain(url: BrokerUrl, error: BaseException) -> Failure:
    """What an error of this module's functions means for the user."""
    place = url.place
    if isinstance(error, SubscriptionError):
        return Failure(f"{error} at {place}", retry=False)
    if isinstance(error, MqttConnectError):
        reason = str(error).split("] ", 1)[-1].lower()
        return Failure(f"the broker at {place} refuses the connection: {reason}", retry=False)
    cause = error if isinstance(error, OSError) else error.__context__  # aiomqtt raises "from None"
    if isinstance(cause, OSError):
        return _explain_socket(place, cause)
    if "timed out" in str(error):
        return Failure(f"what listens at {place} does not answer as an MQTT broker does")
    return Failure(f"the connection to the broker at {place} broke: {error}")


def _explain_socket(place: str, error: OSError) -> Failure:
    match error:
        case ssl.SSLCertVerificationError():
            hint = f"not trusted ({error.verify_message}); name its authority's file in SSL_CERT_FILE"
            return Failure(f"the certificate of the broker at {place} is {hint}", retry=False)
        case ssl.SSLError():
            return Failure(f"no TLS with {place} ({error.reason}): is it mqtt:// rather than mqtts://?")
        case socket.gaierror():
            return Failure(f"no broker at {place}: the host name is not known", retry=False)
        case ConnectionRefusedError():
            hint = (
                "start one with `mosquitto -c configs/broker/mosquitto.conf`, or leave --bus out for the embedded one"
            )
            return Failure(f"no broker answers at {place} (connection refused): {hint}")
    return Failure(f"no broker answers at {place} ({(error.strerror or str(error)).lower()})")


def _intake(deliver: OnMessage) -> type[asyncio.Queue[aiomqtt.Message]]:
    """A queue type for aiomqtt that holds nothing: putting a message is handing it over."""

    class Intake(asyncio.Queue[aiomqtt.Message]):
        def put_nowait(self, item: aiomqtt.Message) -> None:
            deliver(item.topic.value, item.payload)

    return Intake


def _abandon(client: aiomqtt.Client) -> None:
    """Close what a failed connection leaves open: the socket, its place in the loop, the housekeeping task.

    The one reach into aiomqtt's and paho's private parts; there is no public way to drop a half-open client.
    """
    client._client._reset_sockets()  # noqa: SLF001
    for future in (client._connected, client._disconnected):  # noqa: SLF001
        if future.done() and not future.cancelled():
            with suppress(Exception):
                future.result()  # seen: or the loop complains that nobody looked
