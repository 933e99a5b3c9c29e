"""Orders: what the program that started a node tells it on standard input, one JSON object a line."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TextIO

import msgspec

from network.bus.links import LinkFaults, LinkRule

_LOG = logging.getLogger(__name__)


class Orders:
    """Carries orders out on a node's ``links``, and sets ``stop`` when told to, or when nobody is there any more.

    ``begin`` is told when business began, on the monotonic clock of this machine.
    """

    def __init__(self, links: LinkFaults, stop: asyncio.Event, begin: Callable[[int], None]) -> None:
        self._links = links
        self._stop = stop
        self._begin = begin

    async def read(self, lines: TextIO) -> None:
        """Do what each line says; their end stops the node."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), lines)
        try:
            while line := await reader.readline():
                self.obey(line)
        finally:
            transport.close()
        self._stop.set()

    def obey(self, line: bytes) -> None:
        """Do what one line asks for; a line that makes no sense is told in the log and changes nothing."""
        try:
            match msgspec.json.decode(line):
                case {"do": "stop"}:
                    self._stop.set()
                case {"do": "begin", "at_ns": int(at_ns)}:
                    self._begin(at_ns)
                case {"do": "links", "cut": cut, "rules": rules}:
                    orders = msgspec.convert((cut, rules), tuple[tuple[str, ...], dict[str, LinkRule]])
                    self._links.heal()
                    self._links.partition(orders[0])
                    for peer, rule in orders[1].items():
                        self._links.set_rule(rule, peer)
                case command:
                    _LOG.warning("unknown command: %s", command)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            _LOG.warning("a command that makes no sense: %s", error)
