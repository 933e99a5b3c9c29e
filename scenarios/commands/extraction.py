"""Results for other programs: ``extract``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


class Form(StrEnum):
    """What a run can be written as."""

    CSV = "csv"
    PARQUET = "parquet"
    PERFETTO = "perfetto"
    SHIVIZ = "shiviz"
    MERMAID = "mermaid"


@app.command(
    epilog="\b\nExamples:\n  consortium extract runs/one_claim/latest --to parquet\n"
    "  consortium extract runs/one_claim/latest --to csv --tables blocks,operations --out tables\n"
    "  consortium extract runs/one_claim/latest --to perfetto --window 1s..3s\n"
    "  consortium extract runs/one_claim/latest --to mermaid --nodes bureau,insurer-1 --window 90ms..150ms"
)
def extract(  # noqa: PLR0913 -- one parameter an option
    folder: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A run's folder.")],
    *,
    to: Annotated[Form, typer.Option("--to", help="Tables (csv, parquet), or a picture of a run with --trace.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", help="The file, of tables the folder; else RUN_DIR/extract/..."),
    ] = None,
    tables: Annotated[str | None, typer.Option("--tables", metavar="NAMES", help="Only these, by commas.")] = None,
    window: Annotated[
        str | None, typer.Option("--window", metavar="FROM..TO", help="Only this run time, as 10s..12s; pictures.")
    ] = None,
    nodes: Annotated[
        str | None, typer.Option("--nodes", metavar="NAMES", help="Only these, by commas ('clients' too); pictures.")
    ] = None,
    messages: Annotated[
        int | None, typer.Option("--messages", metavar="N", min=1, help="At most so many (200); mermaid.")
    ] = None,
) -> None:
    """Write a run as tables for pandas and others, or as a picture for Perfetto, ShiViz or Mermaid."""
    from scenarios.results.exports.command import Asked, run_extract  # noqa: PLC0415 -- loads the whole ledger

    asked = Asked(
        form=to.value,
        out=out,
        tables=_names(tables),
        window=window,
        nodes=_names(nodes),
        messages=messages,
    )
    raise typer.Exit(run_extract(folder, asked))


def _names(given: str | None) -> list[str] | None:
    return None if given is None else [name.strip() for name in given.split(",") if name.strip()]
