"""What runs leave behind: ``verify``, ``report``, ``compare`` and ``certificate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.commands.options import Ui, UiOption
from scenarios.failures import EXIT_FAIL, EXIT_INVALID, say
from scenarios.language.problems import visible

app = typer.Typer()


@app.command()
def verify(folder: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A run's folder.")]) -> None:
    """Audit a run's exported ledgers from its files alone."""
    from scenarios.results.verify import verify_run  # noqa: PLC0415 -- loads the whole ledger

    report = verify_run(folder)
    for finding in report.findings:
        typer.echo(visible(finding.text if finding.sound else f"FAULT {finding.text}"), err=not finding.sound)
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


@app.command(
    epilog="\b\nExamples:\n  consortium compare runs/one_claim/20260101T120000Z-1 runs/one_claim/latest\n"
    "  consortium compare runs/one_claim runs/two_claims\n"
    "  consortium compare runs/mine/sweep before/runs.csv --all"
)
def compare(
    first: Annotated[Path, typer.Argument(metavar="FIRST", help="A run's folder, a folder of runs, or a sweep's.")],
    second: Annotated[Path, typer.Argument(metavar="SECOND", help="Another.")],
    *,
    every: Annotated[bool, typer.Option("--all", help="Show every measure, those of messages too.")] = False,
    ui: UiOption = None,
) -> None:
    """Hold two runs, or two sweeps, side by side: what they were given, and what came of it.

    Differences of several seeds have 95 % intervals; where both have the same seeds, they are compared in pairs.
    """
    from scenarios.results.comparison import compare as compared  # noqa: PLC0415 -- only here
    from scenarios.results.comparison import read_side  # noqa: PLC0415
    from scenarios.results.comparison.telling import as_json, told  # noqa: PLC0415

    comparison = compared(read_side(first), read_side(second))
    typer.echo(as_json(comparison) if ui is Ui.JSON else told(comparison, every=every).rstrip())


@app.command(
    epilog="\b\nExamples:\n  consortium certificate runs/one_claim/latest bind-zhu\n"
    "  consortium certificate runs/one_claim/latest insurer-1/7 --out zhu.html"
)
def certificate(
    folder: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A run's folder.")],
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="A notarised policy's id, or the step that made it.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to write it; else certificate.html here.")
    ] = None,
) -> None:
    """Draw the certificate of a notarised policy: a page that verifies itself against the chain.

    It holds the holder's document, so it is the holder's to show.
    """
    from scenarios.results.certificate import CertificateError, write_certificate  # noqa: PLC0415 -- slow to import
    from scenarios.results.manifest import ManifestError  # noqa: PLC0415

    try:
        path = write_certificate(folder, policy, out or Path("certificate.html"))
    except (CertificateError, ManifestError) as error:
        say(f"consortium: {error}")
        raise typer.Exit(EXIT_INVALID) from None
    typer.echo(f"{path}: {path.stat().st_size:,} bytes")
