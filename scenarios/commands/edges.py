"""What comes from outside and goes there: ``codes``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command(
    epilog="\b\nExamples:\n  consortium codes\n  consortium codes 611.0 070.3\n  consortium codes --file stays.txt"
)
def codes(
    given: Annotated[
        list[str] | None, typer.Argument(metavar="[CODE...]", help="ICD-9-CM codes; none: all of the map.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="More codes, one a line.")] = None,
) -> None:
    """Transcode ICD-9-CM to ICD-10-CM and back, and say how many codes the map lacks."""
    from scenarios.edges.coding import tell_codes  # noqa: PLC0415 -- loads the maps

    raise typer.Exit(tell_codes(given or [], file))
