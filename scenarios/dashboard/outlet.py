"""Standard output as the views write it: whole lines, at once, and quiet once nobody reads any more."""

from __future__ import annotations

import contextlib
import os
from typing import TextIO


class Outlet:
    """Writes lines to ``out``. A closed pipe (``| head``) silences it: the run and its verdict go on."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._open = True

    def line(self, text: str) -> None:
        if not self._open:
            return
        try:
            self._out.write(text + "\n")
            self._out.flush()
        except BrokenPipeError:
            self._open = False
            self._silence()

    def _silence(self) -> None:
        """Point the descriptor at nothing, so that the interpreter's last flush does not complain either."""
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())
