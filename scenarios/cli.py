"""The command line 命令行: ``consortium``.

Exit codes: 0 pass, 1 an expectation or property failed, 2 invalid input or usage, 3 inconclusive. Messages go to
stderr, results to stdout. Users never see a traceback; ``CONSORTIUM_DEBUG=1`` shows developers one.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from network.virtual import collect_seldom
from scenarios.commands import FAMILIES
from scenarios.failures import EXIT_PASS, tell

app = typer.Typer(
    name="consortium",
    help="Simulate an insurance consortium's blockchain: scenarios in YAML, one replica in two worlds.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _family in FAMILIES:
    app.add_typer(_family)


def _show_version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(f"consortium {version('consortium-sim')}")
        except PackageNotFoundError:
            typer.echo("consortium (not installed)")
        raise typer.Exit


@app.callback()
def _top(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Simulate an insurance consortium's blockchain: scenarios in YAML, one replica in two worlds."""


_EXIT_OF_TYPER_INTERRUPTED = 130
"""What typer, which keeps Ctrl-C to itself, makes of one that no command has caught."""


def main(argv: Sequence[str] | None = None) -> None:
    """The entry point of ``consortium``."""
    collect_seldom()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character still shows the rest
    sys.exit(invoke(sys.argv[1:] if argv is None else argv))


def invoke(argv: Sequence[str]) -> int:
    """Run one command; its exit code. Every exception ends here as one clear message."""
    try:
        code = app(list(argv), prog_name="consortium", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 -- the last line of defence against tracebacks
        return tell(error)
    if code == _EXIT_OF_TYPER_INTERRUPTED:
        return tell(KeyboardInterrupt())
    return code if isinstance(code, int) else EXIT_PASS


if __name__ == "__main__":
    main()
