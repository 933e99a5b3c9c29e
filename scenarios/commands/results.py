"""What runs leave behind: ``verify`` and ``report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.failures import EXIT_FAIL, EXIT_INVALID, say

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


@app.command(epilog="\b\nExample:\n  consortium report runs/one_claim/latest --out claim.html")
def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A run's folder.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write it; else report.html in the folder.")
    ] = None,
) -> None:
    """Draw a run's report anew, from its files: one page that needs nothing else."""
    from scenarios.results.manifest import ManifestError  # noqa: PLC0415 -- the page's templates are slow to load
    from scenarios.results.report import ReportError, write_report  # noqa: PLC0415

    try:
        path = write_report(folder, out)
    except (ManifestError, ReportError) as error:
        say(f"consortium: {error}")
        raise typer.Exit(EXIT_INVALID) from None
    typer.echo(f"{path}: {path.stat().st_size:,} bytes")
