"""A private mosquitto: Debian's broker, started for one run with the settings that were measured to matter."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import socket
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from network.bus.interface import PAYLOAD_BYTES_MAX, BusError
from network.bus.launch import BrokerProcess

HOST = "127.0.0.1"
PACKET_BYTES_MAX = PAYLOAD_BYTES_MAX + 64 * 1024
QUEUED_MESSAGES_MAX = 100_000
_SBIN = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", "/sbin")
_PROBE_S = 0.01


def find_mosquitto() -> str:
    """The path of the mosquitto broker, which Debian puts outside most users' PATH; BusError where there is none."""
    found = shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), *_SBIN]))
    if found is None:
        raise BusError(
            "mosquitto is not installed: `apt install mosquitto` (Debian, Ubuntu), `brew install mosquitto` (macOS), "
            "or leave --bus out for the embedded broker"
        )
    return found


def render_config(port: int, user: str | None = None) -> str:
    """The settings of a broker for one network on this machine (``configs/broker/mosquitto.conf`` explains them).

    ``user``: under whom it runs when started by root, who would otherwise become "mosquitto", if there is such.
    """
    return _lines([f"listener {port} {HOST}", "allow_anonymous true"], user)


def render_tls_config(port: int, user: str | None = None) -> str:
    """The settings of a broker that anyone may reach and only certificates enter, as ``consortium init`` writes them.

    A client is whom its certificate names, under that name alone (else anyone could put another off the bus by
    connecting under its name), and may do what the access list says. Nothing is retained: a retained message would be
    a replay for whoever comes. Files are relative: start mosquitto in their folder.
    """
    doors = [
        "# cd to this folder, then: mosquitto -c mosquitto.conf",
        f"listener {port}",
        "cafile ca.crt",
        "certfile server.crt",
        "keyfile server.key",
        "tls_version tlsv1.2",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "allow_anonymous false",
        "acl_file acl",
        "retain_available false",
    ]
    return _lines(doors, user)


def _lines(doors: list[str], user: str | None) -> str:
    """``doors``: who comes in where; the rest is one and the same."""
    lines = [
        *doors,
        "set_tcp_nodelay true",
        "max_inflight_messages 0",
        f"max_queued_messages {QUEUED_MESSAGES_MAX}",
        f"max_packet_size {PACKET_BYTES_MAX}",
        "persistence false",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
    ]
    if user is not None:
        lines.append(f"user {user}")
    return "\n".join(lines) + "\n"


class PrivateMosquitto(BrokerProcess):
    """mosquitto on a free loopback port, with a configuration of its own."""

    name = "mosquitto"

    def __init__(self, log_path: Path | None = None, port: int = 0) -> None:
        super().__init__(log_path, port)
        self._folder: TemporaryDirectory[str] | None = None

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        if self._folder is not None:
            self._folder.cleanup()

    async def _command(self) -> Sequence[str]:
        program = find_mosquitto()
        self.port = _take_port(self.port)
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="consortium-mosquitto-")
        config = Path(self._folder.name) / "mosquitto.conf"
        config.write_text(render_config(self.port, getpass.getuser() if os.geteuid() == 0 else None))
        # On Linux, ends with the thread that started it (a changed user would undo that: hence ``user`` above).
        setpriv = shutil.which("setpriv")
        bound = [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
        return [*bound, program, "-c", str(config)]

    async def _ready(self, process: Process) -> int:
        while process.returncode is None:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(HOST, self.port)
                writer.close()
                await writer.wait_closed()
                return self.port
            await asyncio.sleep(_PROBE_S)
        raise BusError(f"{self.name} does not start{self._last_words()}")


def private_mosquitto(log_path: Path | None = None, port: int = 0) -> PrivateMosquitto:
    """A private mosquitto, to be entered with ``async with``, which gives its URL."""
    return PrivateMosquitto(log_path, port)


def _take_port(port: int) -> int:
    """``port``, or a free one for 0. BusError where somebody has it: who answers there would be taken for ours."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise BusError(
                f"mosquitto cannot have port {port} of {HOST}: {os.strerror(error.errno or 0).lower()}"
            ) from None
        return int(probe.getsockname()[1])
