"""The embedded broker: the default bus, with nothing to install.

:func:`embedded_broker` runs :mod:`network.broker` as a process of its own on a free loopback port. By hand it is
``python -m network.broker --port 1883``.
"""

from __future__ import annotations

from asyncio.subprocess import Process
from collections.abc import Sequence
from pathlib import Path

from network.broker import READY
from network.bus.interface import BusError
from network.bus.launch import BrokerProcess, python_module


class EmbeddedBroker(BrokerProcess):
    """:class:`network.broker.Broker` in a process of its own."""

    name = "the embedded broker"

    async def _command(self) -> Sequence[str]:
        log = () if self._log_path is None else ("--log", str(self._log_path))
        return python_module("network.broker", "--port", str(self.port), "--lifeline", *log)

    async def _ready(self, process: Process) -> int:
        assert process.stdout is not None  # noqa: S101 - piped by BrokerProcess
        match (await process.stdout.readline()).decode(errors="replace").split():
            case [word, port] if word == READY:
                return int(port)
        await process.wait()
        raise BusError(f"{self.name} does not start{self._last_words()}")


def embedded_broker(log_path: Path | None = None, port: int = 0) -> EmbeddedBroker:
    """The embedded broker, to be entered with ``async with``, which gives its URL.

    ``port`` 0 takes a free one, kept over restarts.
    """
    return EmbeddedBroker(log_path, port)
