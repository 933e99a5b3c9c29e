"""One connection to a broker: opened, subscribed, watched, and its failures explained to the user."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiomqtt
import msgspec
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.reasoncodes import ReasonCode

from network.bus.client import HUNG_UP, MqttOptions, TamedClient
from network.bus.interface import OnMessage
from network.bus.url import BrokerUrl

_SUBSCRIPTION_FAILED = 0x80


class Failure(msgspec.Struct, frozen=True):
    """Why there is no connection, told for the user. ``retry``: waiting may mend it."""

    message: str
    retry: bool = True


class SubscriptionError(Exception):
    """The broker refuses one of our subscriptions; the message names it."""


@asynccontextmanager
async def open_client(
    url: BrokerUrl,
    client_id: str,
    deliver: OnMessage,
    options: MqttOptions,
    tls_context: ssl.SSLContext | None,
) -> AsyncIterator[aiomqtt.Client]:
    """A connected client that hands each message to ``deliver`` and leaves nothing behind, however it ends."""
    client = TamedClient(url, client_id, deliver, options, tls_context)
    try:
        async with client:
            yield client
    finally:
        client.abandon()


async def subscribe(client: aiomqtt.Client, filters: Sequence[str], qos: int) -> None:
    """Subscribe to all ``filters`` in one packet; SubscriptionError where the broker grants less."""
    if not filters:
        return
    granted: Sequence[int | ReasonCode] = await client.subscribe([(topic, qos) for topic in filters])
    for topic, code in zip(filters, granted, strict=True):
        if code.is_failure if isinstance(code, ReasonCode) else code >= _SUBSCRIPTION_FAILED:
            raise SubscriptionError(f"the broker refuses the subscription to {topic}")


async def until_lost(client: aiomqtt.Client) -> None:
    """Return, or raise MqttError, when the connection is gone. Messages never come this way (see ``client.py``)."""
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
    if str(error) == "Operation timed out":  # aiomqtt's: connected, but no CONNACK or SUBACK came
        return Failure(f"what listens at {place} does not answer as an MQTT broker does")
    if str(error) == HUNG_UP:
        return Failure(_explain_hang_up(url))
    if isinstance(cause, OSError):
        return _explain_socket(place, cause)
    return Failure(f"the connection to the broker at {place} broke: {error}")


def _explain_hang_up(url: BrokerUrl) -> str:
    """With TLS 1.3 a broker that wants a certificate says so only after the client takes the connection for made."""
    if url.tls:
        return (
            f"the broker at {url.place} closed the connection at once: perhaps it admits nobody without a certificate "
            "of its own authority; name yours, as `tls:` of a node's configuration"
        )
    return f"what listens at {url.place} does not answer as an MQTT broker does, or only at mqtts://"


def _explain_socket(place: str, error: OSError) -> Failure:
    match error:
        case ssl.SSLCertVerificationError():
            return Failure(
                f"the certificate of the broker at {place} is not trusted ({error.verify_message}): name the file of "
                "the authority that signed it, as `tls: ca:` of a node's configuration, or else in SSL_CERT_FILE",
                retry=False,
            )
        case ssl.SSLError():
            return Failure(f"no TLS with {place} ({error}): is it mqtt:// rather than mqtts://?")
        case socket.gaierror():
            return Failure(f"no broker at {place}: the host name is not known", retry=False)
        case ConnectionRefusedError():
            hint = (
                "start one with `mosquitto -c configs/broker/mosquitto.conf`, or leave --bus out for the embedded one"
            )
            return Failure(f"no broker answers at {place} (connection refused): {hint}")
    return Failure(f"no broker answers at {place} ({(error.strerror or str(error)).lower()})")
