"""``python -m network.broker``: the server as a process. Prints one line, ``listening PORT``, and nothing else."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

from network.broker import READY, Broker

HOST = "127.0.0.1"
LOG_BYTES_MAX = 1024 * 1024  # and as much again of the rotated file, whatever clients do
_LOG = logging.getLogger(__name__)


async def serve(port: int, *, lifeline: bool) -> None:
    """Serve until SIGTERM or SIGINT, or with ``lifeline`` until standard input closes."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, over.set)
    async with Broker() as broker:
        taken = await broker.listen(HOST, port)
        if lifeline:
            await loop.connect_read_pipe(lambda: _Lifeline(over), sys.stdin)
        print(READY, taken, flush=True)  # noqa: T201 - the one line that the starter waits for
        await over.wait()
        _LOG.info("stopping: %s", broker.counters)


class _Lifeline(asyncio.Protocol):
    """Sets an event when the other end of the pipe is gone."""

    def __init__(self, over: asyncio.Event) -> None:
        self._over = over

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self._over.set()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 after a good end, 2 when the port cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m network.broker", description=main.__doc__)
    parser.add_argument("--port", type=int, default=1883, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--log", type=Path, default=None, help="log file; nothing is logged without one")
    parser.add_argument("--lifeline", action="store_true", help="stop when standard input closes")
    options = parser.parse_args(arguments)
    _log_to(options.log)
    try:
        asyncio.run(serve(options.port, lifeline=options.lifeline))
    except OSError as error:
        sys.stderr.write(f"no broker at {HOST}:{options.port}: {os.strerror(error.errno or 0).lower()}\n")
        return 2
    return 0


def _log_to(path: Path | None) -> None:
    handler: logging.Handler = logging.NullHandler()
    if path is not None:
        handler = RotatingFileHandler(path, maxBytes=LOG_BYTES_MAX, backupCount=1, delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


if __name__ == "__main__":
    sys.exit(main())
