"""What supervisors, customers and businesses see of a run: ``console``, ``trail``, ``checklist``, ``incidents``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scenarios.failures import EXIT_INVALID, say
from scenarios.language.problems import visible

app = typer.Typer()

RunDir = Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A run's folder.")]
HtmlOut = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write it as a page instead.")]


class End(StrEnum):
    """Of three ends."""

    GOVERNMENT = "G"
    CUSTOMER = "C"
    BUSINESS = "B"


@app.command(
    epilog="\b\nExamples:\n  consortium console runs/one_claim/latest --end G\n"
    "  consortium console runs/one_claim/latest --end C --as patient-2\n"
    "  consortium console runs/one_claim/latest --end B --as insurer-1 --html insurer.html"
)
def console(
    folder: RunDir,
    *,
    end: Annotated[End, typer.Option("--end", help="Government's, customer's or business's.")],
    who: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who looks.")] = None,
    html: HtmlOut = None,
) -> None:
    """Show one of three ends 三端 of a run: what the regulator, a customer or a business may see of its ledger."""
    from scenarios.results.consoles import ConsoleError, open_console, page, text  # noqa: PLC0415 -- loads contracts

    try:
        seen = open_console(folder, end.value, who)
    except ConsoleError as error:
        raise _invalid(str(error)) from None
    if html is None:
        typer.echo(text(seen).rstrip("\n"))
    else:
        _write(html, page(seen))


@app.command(epilog="\b\nExample:\n  consortium trail runs/live_rules/latest")
def trail(folder: RunDir) -> None:
    """List every view that the regulator had of others' business 监管留痕: reports, alerts and reads."""
    from scenarios.results.consoles import ConsoleError, trail_of  # noqa: PLC0415 -- loads contracts

    try:
        lines = trail_of(folder)
    except ConsoleError as error:
        raise _invalid(str(error)) from None
    for line in lines:
        typer.echo(line)


@app.command(
    epilog="\b\nExamples:\n  consortium checklist runs/one_claim/latest\n"
    "  consortium checklist runs/one_claim/latest --html checklist.html"
)
def checklist(folder: RunDir, *, html: HtmlOut = None) -> None:
    """Hold a run against the controls of MLPS level 3 等保三级: each met, met in part or out of scope."""
    from scenarios.results.checklist import ChecklistError, as_markdown, as_page, check  # noqa: PLC0415 -- verifies all

    try:
        judged = check(folder)
    except ChecklistError as error:
        raise _invalid(str(error)) from None
    if html is None:
        typer.echo(as_markdown(judged).rstrip("\n"))
    else:
        _write(html, as_page(judged))


@app.command(epilog="\b\nExample:\n  consortium incidents runs/stolen_key/latest")
def incidents(folder: RunDir) -> None:
    """Report what went wrong in a run by the four classes of risk 四类风控: when, and who found it how soon."""
    from scenarios.results.exports.source import ExtractError  # noqa: PLC0415 -- loads the ledger
    from scenarios.results.incidents import incidents_of  # noqa: PLC0415
    from scenarios.results.report.incident_list import as_markdown  # noqa: PLC0415 -- as above

    try:
        found = incidents_of(folder)
    except ExtractError as error:
        raise _invalid(str(error)) from None
    typer.echo(visible(as_markdown(found)).rstrip("\n"))


def _write(path: Path, content: str) -> None:
    from scenarios.results.run_folder import write_atomically  # noqa: PLC0415 -- as above

    try:
        write_atomically(path, content)
    except OSError as error:
        raise _invalid(f"{path}: cannot be written: {error.strerror}") from None
    typer.echo(f"written: {path}")


def _invalid(message: str) -> typer.Exit:
    say(f"consortium: {message}")
    return typer.Exit(EXIT_INVALID)
