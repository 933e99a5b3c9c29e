"""What runs leave behind: ``verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.failures import EXIT_FAIL, say

app = typer.Typer()


@app.command()
def verify(folder: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A run's folder.")]) -> None:
    """Audit a run's exported ledgers from its files alone."""
    from scenarios.results.verify import verify_run  # noqa: PLC0415 -- loads the whole ledger

    report = verify_run(folder)
    for finding in report.findings:
        typer.echo(finding.text if finding.sound else f"FAULT {finding.text}", err=not finding.sound)
    if not report.sound:
        say(f"{folder}: not sound")
        raise typer.Exit(EXIT_FAIL)
    typer.echo(f"{folder}: sound")
