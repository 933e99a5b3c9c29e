"""Running a broker as a process of our own: started with us, restarted at will, gone when we are.

Two things end a broker whose starter was killed: a lifeline (the pipe to its standard input closes), or on Linux the
kernel's parent-death signal. It gets a session of its own, so that Ctrl-C in a terminal reaches the starter alone,
which then closes everything in order.
"""

from __future__ import annotations

import asyncio
import os
import sys
from abc import ABC, abstractmethod
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from network.bus.interface import BusError

START_S = 15.0
"""How long a broker may take to answer; an idle machine needs a tenth of a second."""
STOP_S = 3.0


class BrokerProcess(ABC):
    """A broker on a loopback port, and its address while it runs.

    >>> broker = embedded_broker(log_path)
    >>> async with broker as url:
    ...     await broker.restart()  # as a fault: killed and started again on the same port

    A subclass says what to run (:meth:`_command`) and how it is known to be ready (:meth:`_ready`). What it logs
    goes to ``log_path``, nowhere if that is None, and never to the terminal.
    """

    name = "broker"

    def __init__(self, log_path: Path | None = None, port: int = 0) -> None:
        self.port = port  # 0 until the first start, unless one is asked for
        self._log_path = log_path
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """Where the broker is, or was and will be again."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process that serves; None while none runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def __aenter__(self) -> str:
        await self.start()
        return self.url

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start it and wait until it serves. BusError when it does not, with its own words."""
        if self.pid is not None:
            raise RuntimeError(f"{self.name} runs already")
        try:
            async with asyncio.timeout(START_S):
                self._process = await self._spawn(await self._command())
                self.port = await self._ready(self._process)
        except TimeoutError:
            await self.kill()
            raise BusError(f"{self.name} did not answer within {START_S:.0f} s{self._last_words()}") from None
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """End it in good order, by force if it does not listen."""
        process = self._process
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await self._wait(process)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL)."""
        process = self._process
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await self._wait(process)

    async def restart(self, down_s: float = 0.0) -> None:
        """Kill it, leave it down for a while, start it again on the same port."""
        await self.kill()
        await asyncio.sleep(down_s)
        await self.start()

    @abstractmethod
    async def _command(self) -> Sequence[str]:
        """What to start, with its arguments."""

    @abstractmethod
    async def _ready(self, process: Process) -> int:
        """Wait until ``process`` serves and return its port; BusError when it ends instead."""

    async def _spawn(self, command: Sequence[str]) -> Process:
        log = self._open_log()
        try:
            return await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=log if log is not None else DEVNULL,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": _python_path()},
            )
        finally:
            if log is not None:
                log.close()

    async def _wait(self, process: Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        await process.communicate()
        if self._process is process:
            self._process = None

    def _open_log(self) -> IO[bytes] | None:
        if self._log_path is None:
            return None
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        return self._log_path.open("ab")

    def _last_words(self) -> str:
        """The end of the log, for an error message."""
        if self._log_path is None or not self._log_path.exists():
            return ""
        lines = self._log_path.read_text(errors="replace").strip().splitlines()
        return f": {lines[-1]}" if lines else ""


def _python_path() -> str:
    """Where a Python child finds these packages, also when they are not installed."""
    here = str(Path(__file__).resolve().parents[2])
    former = os.environ.get("PYTHONPATH")
    return os.pathsep.join([here, former] if former else [here])


def python_module(module: str, *arguments: str) -> list[str]:
    """The command that runs ``module`` with this Python. ``-P`` keeps the current folder off its import path."""
    return [sys.executable, "-P", "-m", module, *arguments]
