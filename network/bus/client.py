"""aiomqtt's client, tamed: what it leaves to its user, and what costs it time, dealt with once.

Five differences, each measured or seen under a killed broker:

* Messages are handed over inside the receive queue (the public ``queue_type``), not awaited one by one.
* A packet that paho has ready leaves at the end of this tick. aiomqtt would wake the loop through a pipe, register
  the socket for writing, and wait for the selector: three system calls for every acknowledgement; and it would do so
  for a socket closed meanwhile, whose number may already be another connection's.
* A connection that the broker closes before it acknowledged it has failed at once, not when our patience ends.
* A client that failed half-way keeps socket and housekeeping task; :meth:`TamedClient.abandon` drops them.
* paho logs as errors what a reconnecting bus takes in its stride; only our own account of it is logged.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from contextlib import suppress
from typing import Any

import aiomqtt
import msgspec

from network.bus.interface import PAYLOAD_BYTES_MAX, BusError, OnMessage
from network.bus.tls import TlsIdentity, system_context
from network.bus.url import BrokerUrl

_SOCKET_OPTIONS = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
_PAHO_LOG = logging.getLogger("network.bus.paho")
_PAHO_LOG.setLevel(logging.CRITICAL)


HUNG_UP = "the connection was closed before it was acknowledged"
"""The message of the MqttError that says so."""


class MqttOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the client behaves; the defaults suit a network on one machine or one site."""

    publish_qos: int = 1  # acknowledged by the broker, or sent again over the next connection
    subscribe_qos: int = 0  # a receiver's acknowledgement costs a third more and saves nothing: sessions are clean
    buffer_max: int = 10_000  # payloads waiting to be sent; beyond it publish() drops
    buffer_bytes_max: int = 256 * 1024 * 1024
    in_flight_max: int = 64  # sent, not yet acknowledged
    patience_s: float = 3.0  # how long the first connection is tried before BusError
    attempt_s: float = 5.0  # one attempt: connect, acknowledge, subscribe
    keepalive_s: int = 15  # a silent broker is given up after about 1.5 times as long
    pause_min_s: float = 0.05  # first pause before reconnecting; doubles up to ...
    pause_max_s: float = 2.0  # ... this; each is drawn from its upper half
    payload_bytes_max: int = PAYLOAD_BYTES_MAX
    tls: TlsIdentity | None = None  # for mqtts:// with a certificate of our own; None trusts what the system trusts


class TamedClient(aiomqtt.Client):
    """One connection's client: entered once, then abandoned."""

    def __init__(
        self,
        url: BrokerUrl,
        client_id: str,
        deliver: OnMessage,
        options: MqttOptions,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(
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
            tls_context=tls_context,
            logger=_PAHO_LOG,
        )
        self.pending_calls_threshold = options.in_flight_max  # up to it there is nothing to warn of
        self._thread = threading.get_ident()

    def abandon(self) -> None:
        """Close what a failed connection leaves open: the socket, its place in the loop, the housekeeping task."""
        self._client._reset_sockets()  # noqa: SLF001 - there is no public way to drop a half-open client
        for future in (self._connected, self._disconnected):
            if future.done() and not future.cancelled():
                with suppress(Exception):
                    future.result()  # seen: or the loop complains that nobody looked

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        """The connection ended (aiomqtt's own hook). Before it was acknowledged, aiomqtt would wait in vain."""
        if not self._connected.done() and threading.get_ident() == self._thread:
            self._connected.set_exception(aiomqtt.MqttError(HUNG_UP))
            return
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _on_socket_register_write(self, client: Any, userdata: Any, sock: Any) -> None:
        """Paho has something to write (aiomqtt's own hook)."""
        if threading.get_ident() == self._thread:
            self._loop.call_soon(self._write, client, sock)
        else:  # CONNECT, written by the thread that opens the connection
            super()._on_socket_register_write(client, userdata, sock)

    def _write(self, client: Any, sock: Any) -> None:
        if client.socket() is not sock:
            return  # the connection ended first
        try:
            client.loop_write()
        except Exception as error:  # noqa: BLE001 - as aiomqtt does: whatever it is, the connection is broken
            if not self._disconnected.done():
                self._disconnected.set_exception(error)
            return
        if client.socket() is sock and client.want_write():
            self._loop.add_writer(sock.fileno(), self._write, client, sock)


def tls_context_for(url: BrokerUrl, identity: TlsIdentity | None) -> ssl.SSLContext | None:
    """None for mqtt://; BusError where certificates are given that such a connection would not use."""
    if url.tls:
        return identity.context() if identity is not None else system_context()
    if identity is not None:
        raise BusError(f"the bus at {url.place} is mqtt://, but there are certificates to use: write mqtts://")
    return None


def _intake(deliver: OnMessage) -> type[asyncio.Queue[aiomqtt.Message]]:
    """A queue type for aiomqtt that holds nothing: putting a message is handing it over."""

    class Intake(asyncio.Queue[aiomqtt.Message]):
        def put_nowait(self, item: aiomqtt.Message) -> None:
            deliver(item.topic.value, item.payload)

    return Intake
