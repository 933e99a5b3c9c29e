"""A child process that speaks JSON lines: started, listened to, told things, killed and reaped.

Children run in a session of their own, so that Ctrl-C reaches the runner alone, which ends them in good order; and
they end by themselves when their standard input does, so that none outlives a runner that died.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

_LOG = logging.getLogger(__name__)
LINE_BYTES_MAX = 16 * 1024 * 1024


class Child:
    """One process; ``on_line`` gets each decoded line of its standard output."""

    def __init__(self, name: str, arguments: Sequence[str], stderr: Path, on_line: Callable[[Any], None]) -> None:
        self.name = name
        self._arguments = arguments
        self._stderr = stderr
        self._on_line = on_line
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode if self._process else None

    async def start(self) -> None:
        """Start it (again). ``-P`` keeps the current folder off its import path."""
        with self._stderr.open("ab") as stderr:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
                limit=LINE_BYTES_MAX,
            )
        self._reader = asyncio.create_task(self._read(self._process), name=f"read {self.name}")

    def tell(self, line: bytes) -> None:
        """Write one line to its standard input; a child that is gone hears nothing."""
        process = self._process
        if process is not None and process.stdin is not None and self.alive:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(line + b"\n")

    def send_signal(self, number: signal.Signals) -> None:
        process = self._process
        if process is not None and self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, number)

    async def kill(self) -> None:
        """Kill -9, and wait until it is gone."""
        self.send_signal(signal.SIGKILL)
        await self.wait()

    async def stop(self, patience_s: float) -> None:
        """End its standard input; kill it if it does not end by itself in time."""
        process = self._process
        if process is None:
            return
        self.send_signal(signal.SIGCONT)
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(patience_s):
                await self.wait()
        except TimeoutError:
            await self.kill()

    async def wait(self) -> None:
        """Until it has ended and its output is read."""
        if self._process is not None:
            await self._process.wait()
        if self._reader is not None:
            await self._reader

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        while line := await process.stdout.readline():
            try:
                self._on_line(msgspec.json.decode(line))
            except msgspec.DecodeError:
                _LOG.warning("%s said what is no JSON: %r", self.name, line[:200])

    def last_words(self) -> str:
        """The last line it wrote to standard error."""
        try:
            lines = self._stderr.read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1] if lines else ""
