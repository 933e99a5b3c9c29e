"""A stopped node's ledger: ``export``, ``import`` and ``prune``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command(epilog="\b\nExample:\n  consortium export nodes/insurer-1 insurer-1.jsonl")
def export(
    node: Annotated[Path, typer.Argument(metavar="NODE_DIR", help="A stopped node's folder, or its configuration.")],
    ledger: Annotated[Path, typer.Argument(metavar="FILE", help="Where the ledger is written, one block a line.")],
) -> None:
    """Write a node's ledger to a file that proves itself."""
    from scenarios.archive import run_export  # noqa: PLC0415 -- loads the whole ledger

    raise typer.Exit(run_export(node, ledger))


@app.command(name="import", epilog="\b\nExample:\n  consortium import insurer-1.jsonl nodes/observer-9")
def import_(
    ledger: Annotated[Path, typer.Argument(metavar="FILE", help="An exported ledger.")],
    node: Annotated[Path, typer.Argument(metavar="NODE_DIR", help="The folder with a new node's configuration.")],
) -> None:
    """Verify an exported ledger in full, and begin a new node with it."""
    from scenarios.archive import run_import  # noqa: PLC0415 -- loads the whole ledger

    raise typer.Exit(run_import(ledger, node))


@app.command(epilog="\b\nExamples:\n  consortium prune nodes/insurer-1\n  consortium prune nodes/insurer-1 --undo")
def prune(
    node: Annotated[Path, typer.Argument(metavar="NODE_DIR", help="A stopped node's folder, or its configuration.")],
    keep: Annotated[int, typer.Option("--keep", metavar="N", help="Blocks at the end that stay whole.")] = 10_000,
    undo: Annotated[bool, typer.Option("--undo", help="Have the node fetch the bodies again.")] = False,
) -> None:
    """Let a node go of old blocks' bodies; headers, certificates and the state stay."""
    from scenarios.archive import run_prune  # noqa: PLC0415 -- loads the whole ledger

    raise typer.Exit(run_prune(node, keep, undo=undo))
