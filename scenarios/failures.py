"""How a command ends that did not go well: one clear message on stderr, and an exit code.

0 pass, 1 an expectation or property failed, 2 invalid input or usage, 3 inconclusive: interrupted, a full disk, a
bug of ours; whatever was written until then is kept.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback

import typer

from scenarios.language import ScenarioInvalid, render
from scenarios.language.problems import visible

EXIT_PASS, EXIT_FAIL, EXIT_INVALID, EXIT_INCONCLUSIVE = 0, 1, 2, 3


class FailureError(Exception):
    """A kept failure or search cannot be read, or is another one; the message says why."""


_UsageMistake: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""The base of typer's complaints about usage: its own class or click's, whichever this version has."""


def tell(error: BaseException) -> int:
    """Say what went wrong; the exit code. Developers get the traceback too, under ``CONSORTIUM_DEBUG=1``."""
    if os.environ.get("CONSORTIUM_DEBUG"):
        traceback.print_exception(error)
    if isinstance(error, ScenarioInvalid):
        say(render(error.problems))
        return EXIT_INVALID
    if isinstance(error, _UsageMistake):
        error.show()  # type: ignore[attr-defined] # every such class has it
        return EXIT_INVALID
    if isinstance(error, typer.Abort | KeyboardInterrupt):
        say("interrupted")
        return EXIT_INCONCLUSIVE
    if isinstance(error, OSError):
        return _tell_os_error(error)
    return _tell_other(error)


def say(text: str) -> None:
    """A message for people: on stderr, and what would steer a terminal made visible."""
    typer.echo(visible(text), err=True)


def _tell_os_error(error: OSError) -> int:
    if isinstance(error, BrokenPipeError):  # nobody listens any more, not to the interpreter's last flush either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_INCONCLUSIVE
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        say(f"consortium: the disk is full{where}; what was written before is kept")
        return EXIT_INCONCLUSIVE
    say(f"consortium: {error.strerror or error}{where}")
    return EXIT_INVALID


def _tell_other(error: BaseException) -> int:
    from consensus.protocols import ProtocolPluginError  # noqa: PLC0415 -- slow to import, needed on failure only
    from scenarios.runner.ground import RunError  # noqa: PLC0415 -- likewise

    if isinstance(error, FailureError | ProtocolPluginError):
        say(f"consortium: {error}")
        return EXIT_INVALID
    if isinstance(error, RunError):
        say(f"consortium: {error}")
        if error.hint:
            say(f"  hint: {error.hint}")
        return EXIT_INCONCLUSIVE if error.inconclusive else EXIT_INVALID
    say(f"consortium: internal error: {type(error).__name__}: {error}")
    say("  hint: set CONSORTIUM_DEBUG=1 to see where, and report it")
    return EXIT_INCONCLUSIVE
