"""What comes from outside and goes there: ``codes``, ``fhir export`` and ``fhir import``."""

from __future__ import annotations

from enum import StrEnum
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


fhir = typer.Typer(no_args_is_help=True, help="FHIR: a run's claims as bundles, and bills as a scenario's stays.")
app.add_typer(fhir, name="fhir")


class FhirVersion(StrEnum):
    """A version of FHIR."""

    R4B = "R4B"
    R5 = "R5"


@fhir.command("export", epilog="\b\nExample:\n  consortium fhir export runs/one_claim/latest --version R5 -o bundles")
def export_(
    folder: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A run's folder.")],
    *,
    version: Annotated[FhirVersion, typer.Option("--version", help="Which version of FHIR.")] = FhirVersion.R4B,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where the bundles go.")] = Path("fhir"),
) -> None:
    """Write every claim that a hospital reported as a bundle: bill, answer, explanation, coverage and consents.

    Amounts are exact to the fen. Each resource is judged by the models of its version, from the extra `fhir`.
    """
    from scenarios.edges.fhir.command import export_run  # noqa: PLC0415 -- loads the models

    raise typer.Exit(export_run(folder, version.value, out))


@fhir.command("import", epilog="\b\nExample:\n  consortium fhir import bill.json -o stays.yaml")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A Claim, an ExplanationOfBenefit, or a Bundle.")],
    *,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write there.")] = None,
) -> None:
    """Turn bills into the stays of a scenario: `world: {include: stays.yaml}` takes them."""
    from scenarios.edges.fhir.command import import_bills  # noqa: PLC0415 -- loads the models

    raise typer.Exit(import_bills(file, out))


reinsurance = typer.Typer(
    no_args_is_help=True, help="Messages between cedents and reinsurers: JSON, RETACC and REBORD."
)
app.add_typer(reinsurance, name="reinsurance")


@reinsurance.command(
    "export", epilog="\b\nExample:\n  consortium reinsurance export runs/seventeen_breaks/latest -o messages"
)
def export_messages(
    folder: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A run's folder.")],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where they go.")] = Path("messages"),
) -> None:
    """Write what a run's parties agreed on as messages: accounts, bordereaux, movements of claims and answers.

    Each is a JSON file. Accounts and bordereaux are UN/EDIFACT segments besides (RETACC, REBORD).
    """
    from scenarios.edges.reinsurance.command import export_run  # noqa: PLC0415 -- loads the runner

    raise typer.Exit(export_run(folder, out))


@reinsurance.command("import", epilog="\b\nExample:\n  consortium reinsurance import messages/0001-Bordereau.edi")
def import_message(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A RETACC or a REBORD.")],
) -> None:
    """Read an account or a bordereau from UN/EDIFACT segments, judge its sums, and print it as JSON."""
    from scenarios.edges.reinsurance.command import import_message as read  # noqa: PLC0415 -- likewise

    raise typer.Exit(read(file))
